/*
 * points.c - copy elements that are named one by one
 *
 * A task takes of its chunk the product of some runs of points and of the axes
 * that are selected by slices.  The runs are walked one inside the other, the
 * last one fastest.  What remains at each combination is a strided block; where
 * points lie closer to each other in the block than its elements, its axes are
 * walked outside.  Points are walked in the order in which they were given, so
 * that of two writes to one element the later one stays.
 */
#include "points.h"

#include <string.h>

static int64_t
magnitude(int64_t stride)
{
    return stride < 0 ? -stride : stride;
}

/* Add up where each point lies in the chunk, over the axes of its group; the leader is the first. */
static void
add_positions(int ndim, const zp_axis *axes, int leader, const zp_piece *piece,
              const int64_t *strides, int64_t *inside)
{
    const int64_t *positions = axes[leader].points->positions + piece->start;
    for (int64_t k = 0; k < piece->count; k++)
        inside[k] = positions[k] * strides[leader];
    for (int i = leader + 1; i < ndim; i++) {
        if (!axes[i].points || axes[i].points->leader != leader)
            continue;
        positions = axes[i].points->positions + piece->start;
        for (int64_t k = 0; k < piece->count; k++)
            inside[k] += positions[k] * strides[i];
    }
}

/* Make positions count from the lowest of them. */
static void
count_from_lowest(zp_picked *picked, int64_t *inside, int64_t n)
{
    int64_t low = inside[0], high = inside[0];
    for (int64_t k = 1; k < n; k++) {
        low = inside[k] < low ? inside[k] : low;
        high = inside[k] > high ? inside[k] : high;
    }
    for (int64_t k = 0; k < n; k++)
        inside[k] -= low;
    picked->lowest += low;
    picked->span += high - low;
}

int
zp_picked_locate(zp_picked *picked, int ndim, const zp_axis *axes, const zp_piece *pieces,
                 const int64_t *chunk_strides, const int64_t *block_strides, zp_worker *worker)
{
    int64_t npoints = 0, closest = 0;
    picked->nruns = 0;
    picked->innermost = 1;
    picked->ndim = ndim;
    picked->lowest = picked->span = 0;
    for (int i = 0; i < ndim; i++) {
        picked->count[i] = axes[i].points ? 1 : pieces[i].count;
        if (axes[i].points && axes[i].points->places)
            npoints += pieces[i].count;
    }
    if (npoints == 0)
        return ZP_OK;
    int64_t *table = zp_worker_scratch(worker, ZP_SLOT_POINTS, (size_t)npoints * 2 * sizeof *table);
    if (!table)
        return ZP_ERR_MEMORY;
    for (int i = 0; i < ndim; i++) {
        if (!axes[i].points || !axes[i].points->places)
            continue;
        const int64_t *places = axes[i].points->places + pieces[i].start;
        int64_t n = pieces[i].count;
        add_positions(ndim, axes, i, &pieces[i], chunk_strides, table);
        count_from_lowest(picked, table, n);
        for (int64_t k = 0; k < n; k++)
            table[n + k] = places[k] * block_strides[i];
        picked->runs[picked->nruns++] = (zp_run){table, table + n, n};
        table += 2 * n;
        closest = magnitude(block_strides[i]);
    }
    for (int i = 0; i < ndim; i++)
        picked->innermost &= picked->count[i] == 1 || magnitude(block_strides[i]) > closest;
    return ZP_OK;
}

/* One side of a copy: where it begins, and which of the two tables of a run is its own. */
typedef struct side {
    char *begin;
    const int64_t *strides;
    int outside;
} side;

static const int64_t *
table_of(const side *s, const zp_run *run)
{
    return s->outside ? run->outside : run->inside;
}

/* The points of one run, nothing else: memcpy of a constant size is one load and one store. */
static void
copy_elements(const zp_run *run, const char *src, const int64_t *from, char *dst, const int64_t *to,
              uint32_t itemsize)
{
    int64_t n = run->n;
    switch (itemsize) {
    case 1:
        for (int64_t k = 0; k < n; k++)
            dst[to[k]] = src[from[k]];
        break;
    case 2:
        for (int64_t k = 0; k < n; k++)
            memcpy(dst + to[k], src + from[k], 2);
        break;
    case 4:
        for (int64_t k = 0; k < n; k++)
            memcpy(dst + to[k], src + from[k], 4);
        break;
    case 8:
        for (int64_t k = 0; k < n; k++)
            memcpy(dst + to[k], src + from[k], 8);
        break;
    default:
        for (int64_t k = 0; k < n; k++)
            memcpy(dst + to[k], src + from[k], itemsize);
    }
}

/* Go to the next place along the axes that are no runs; 0 after the last. */
static int
next_row(const zp_picked *picked, int64_t *at, const side *src, const char **from, const side *dst,
         char **to)
{
    for (int i = picked->ndim - 1; i >= 0; i--) {
        if (picked->count[i] == 1)
            continue;
        *from += src->strides[i];
        *to += dst->strides[i];
        if (++at[i] < picked->count[i])
            return 1;
        *from -= src->strides[i] * picked->count[i];
        *to -= dst->strides[i] * picked->count[i];
        at[i] = 0;
    }
    return 0;
}

static void
copy_run(const zp_picked *picked, const zp_run *run, const side *src, const char *from,
         const side *dst, char *to, uint32_t itemsize, uint32_t swap)
{
    const int64_t *source = table_of(src, run), *target = table_of(dst, run);
    int64_t at[ZP_MAX_NDIM];
    if (picked->innermost && !swap) {
        memset(at, 0, (size_t)picked->ndim * sizeof *at);
        do {
            copy_elements(run, from, source, to, target, itemsize);
        } while (next_row(picked, at, src, &from, dst, &to));
        return;
    }
    for (int64_t k = 0; k < run->n; k++)
        zp_copy(picked->ndim, picked->count, from + source[k], src->strides, to + target[k],
                dst->strides, itemsize, swap);
}

/* Add one to the odometer of the runs but the last; 0 after the last combination. */
static int
advance(const zp_picked *picked, int64_t *at)
{
    for (int i = picked->nruns - 2; i >= 0; i--) {
        if (++at[i] < picked->runs[i].n)
            return 1;
        at[i] = 0;
    }
    return 0;
}

/* Bytes that the runs but the last add to one side, at a place of the odometer. */
static int64_t
offset_of(const zp_picked *picked, const int64_t *at, const side *s)
{
    int64_t offset = 0;
    for (int i = 0; i < picked->nruns - 1; i++)
        offset += table_of(s, &picked->runs[i])[at[i]];
    return offset;
}

static void
copy_picked(const zp_picked *picked, const side *src, const side *dst, uint32_t itemsize,
            uint32_t swap)
{
    int64_t at[ZP_MAX_NDIM] = {0};
    const zp_run *last = &picked->runs[picked->nruns - 1];
    do {
        copy_run(picked, last, src, src->begin + offset_of(picked, at, src), dst,
                 dst->begin + offset_of(picked, at, dst), itemsize, swap);
    } while (advance(picked, at));
}

void
zp_picked_read(const zp_picked *picked, const char *chunk, const int64_t *chunk_strides,
               char *block, const int64_t *block_strides, uint32_t itemsize, uint32_t swap)
{
    side src = {(char *)chunk, chunk_strides, 0}, dst = {block, block_strides, 1};
    copy_picked(picked, &src, &dst, itemsize, swap);
}

void
zp_picked_write(const zp_picked *picked, char *chunk, const int64_t *chunk_strides,
                const char *block, const int64_t *block_strides, uint32_t itemsize, uint32_t swap)
{
    side src = {(char *)block, block_strides, 1}, dst = {chunk, chunk_strides, 0};
    copy_picked(picked, &src, &dst, itemsize, swap);
}

void
zp_picked_fill(const zp_picked *picked, char *block, const int64_t *block_strides,
               const void *element, uint32_t itemsize)
{
    int64_t at[ZP_MAX_NDIM] = {0};
    side dst = {block, block_strides, 1};
    const zp_run *last = &picked->runs[picked->nruns - 1];
    do {
        char *to = block + offset_of(picked, at, &dst);
        for (int64_t k = 0; k < last->n; k++)
            zp_fill(picked->ndim, picked->count, to + last->outside[k], block_strides, element,
                    itemsize);
    } while (advance(picked, at));
}

int
zp_picked_each(const zp_picked *picked, const char *chunk, char *block, zp_point_fn call,
               void *context)
{
    int64_t at[ZP_MAX_NDIM] = {0};
    side src = {(char *)chunk, NULL, 0}, dst = {block, NULL, 1};
    const zp_run *last = &picked->runs[picked->nruns - 1];
    do {
        const char *from = chunk + offset_of(picked, at, &src);
        char *to = block + offset_of(picked, at, &dst);
        for (int64_t k = 0; k < last->n; k++) {
            int status = call(context, from + last->inside[k], to + last->outside[k]);
            if (status < 0)
                return status;
        }
    } while (advance(picked, at));
    return ZP_OK;
}

/* ------------------------------------------------------ inside of shards -- */

/* The points of one shard, and the grid inside it. */
typedef struct inner {
    int ndim;
    const zp_axis *axes;
    const zp_piece *pieces;
    const int64_t *chunk;
} inner;

static int
in_group(const inner *in, int axis, int leader)
{
    return in->axes[axis].points && in->axes[axis].points->leader == leader;
}

/* Whether two points of a group lie in one chunk. */
static int
share_chunk(const inner *in, int leader, int64_t a, int64_t b)
{
    for (int i = leader; i < in->ndim; i++) {
        if (!in_group(in, i, leader))
            continue;
        const int64_t *positions = in->axes[i].points->positions;
        if (positions[a] / in->chunk[i] != positions[b] / in->chunk[i])
            return 0;
    }
    return 1;
}

static int64_t
count_parts(const inner *in, int leader)
{
    int64_t first = in->pieces[leader].start, n = 1;
    for (int64_t k = first + 1; k < first + in->pieces[leader].count; k++)
        n += !share_chunk(in, leader, k - 1, k);
    return n;
}

/* Pieces and positions of one axis of a group. */
static void
cut_axis(const inner *in, int leader, int axis, zp_piece *pieces, int64_t *positions)
{
    int64_t first = in->pieces[leader].start, size = in->chunk[axis];
    const int64_t *given = in->axes[axis].points->positions + first;
    zp_piece *piece = pieces - 1;
    for (int64_t k = 0; k < in->pieces[leader].count; k++) {
        if (k == 0 || !share_chunk(in, leader, first + k - 1, first + k)) {
            int64_t chunk = given[k] / size, left = in->pieces[axis].inside - chunk * size;
            *++piece = (zp_piece){.chunk = chunk,
                                  .extent = size,
                                  .inside = left < size ? left : size,
                                  .start = k,
                                  .covers = axis != leader};
        }
        piece->count++;
        positions[k] = given[k] - piece->chunk * size;
    }
}

/* Bytes of the tables of one axis. */
static size_t
cut_nbytes(const inner *in, int leader, int64_t nparts)
{
    return (size_t)nparts * sizeof(zp_piece) + (size_t)in->pieces[leader].count * sizeof(int64_t);
}

int
zp_points_cut(int ndim, const zp_axis *axes, const zp_piece *pieces, const int64_t *chunk,
              zp_axis *inside, zp_points *points, zp_worker *worker)
{
    inner in = {ndim, axes, pieces, chunk};
    int64_t nparts[ZP_MAX_NDIM] = {0};
    size_t nbytes = 0;
    for (int i = 0; i < ndim; i++) {
        if (!axes[i].points)
            continue;
        int leader = axes[i].points->leader;
        if (leader == i)
            nparts[i] = count_parts(&in, i);
        nbytes += cut_nbytes(&in, leader, nparts[leader]);
    }
    char *room = zp_worker_scratch(worker, ZP_SLOT_INSIDE, nbytes);
    if (!room)
        return ZP_ERR_MEMORY;
    for (int i = 0; i < ndim; i++) {
        if (!axes[i].points)
            continue;
        int leader = axes[i].points->leader;
        zp_piece *table = (zp_piece *)room;
        int64_t *positions = (int64_t *)(table + nparts[leader]);
        cut_axis(&in, leader, i, table, positions);
        const int64_t *places = axes[i].points->places;
        points[i] = (zp_points){table, positions, places ? places + pieces[i].start : NULL, leader};
        inside[i] = (zp_axis){
            .npieces = i == leader ? nparts[i] : 1, .step = 1, .points = &points[i]};
        room += cut_nbytes(&in, leader, nparts[leader]);
    }
    return ZP_OK;
}
