/*
 * shard.c - read shards, which hold many chunks each
 *
 * A task of the batch is one shard.  What the selection takes of it is a batch
 * of its own: the chunks inside, cut as the chunks of an array are, with the
 * place of the shard in the block as theirs.
 *
 * A shard is opened once, so that index and chunks are of one version, and
 * chunks that lie close together are read at once.
 */
#include "shard.h"
#include "atomic.h"
#include "file.h"
#include "tally.h"

#include <stdlib.h>
#include <string.h>

/* Where the bytes of a shard come from. */
typedef struct source {
    int fd;         /* an open file, or -1: in hand */
    zp_stat file;   /* its state */
    int64_t nbytes; /* of the shard, or INT64_MAX where that is not known */
    const zp_bytes *stored;
    const zp_parts *parts; /* or NULL: all of it is in hand */
} source;

int
zp_inside_plan(const zp_batch *batch, zp_worker *worker, const zp_task *t, zp_inside *in,
               zp_error *error)
{
    zp_piece pieces[ZP_MAX_NDIM];
    zp_task_pieces(batch->ndim, batch->axes, t->number, pieces);
    if (t->scattered && zp_points_cut(batch->ndim, batch->axes, pieces, batch->shard->chunk,
                                      in->axes, in->points, worker) < 0)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    for (int i = 0; i < batch->ndim; i++)
        if (!batch->axes[i].points)
            in->axes[i] = zp_axis_regular(&in->stretches[i], batch->shard->chunk[i],
                                          pieces[i].inside, pieces[i].start, pieces[i].count,
                                          batch->axes[i].step);
    in->ntasks = zp_ntasks(batch->ndim, in->axes);
    in->batch = (zp_batch){
        .kind = batch->kind,
        .ndim = batch->ndim,
        .axes = in->axes,
        .last = in->ntasks,
        .chain = batch->chain,
        .block = t->place,
        .strides = batch->strides,
        .fill = batch->fill,
        .stored_fill = batch->stored_fill,
        .pad = batch->pad,
        .keep_empty = batch->keep_empty,
        .whole_chunks = batch->whole_chunks,
        .stream = batch->stream,
        .texts = batch->texts,
        .cache = batch->texts ? NULL : batch->cache, /* they refer to what is in work */
        .chain_number = batch->chain_number,
    };
    return ZP_OK;
}

int64_t
zp_inside_position(const zp_shard *shard, const zp_inside *in, int64_t k)
{
    zp_piece pieces[ZP_MAX_NDIM];
    int64_t position = 0;
    zp_task_pieces(in->batch.ndim, in->axes, k, pieces);
    for (int i = 0; i < in->batch.ndim; i++)
        position += pieces[i].chunk * shard->weight[i];
    return position;
}

/* ------------------------------------------------------------- reading ---- */

static int
open_source(const zp_batch *batch, const zp_task *t, source *from, int *found, zp_error *error)
{
    *from = (source){.fd = -1, .nbytes = INT64_MAX};
    zp_tally_turn(t->tally, ZP_NS_STORE);
    if (batch->directory) {
        from->fd = zp_file_open(batch->directory, t->key, &from->file, found, error);
        if (from->fd < 0) {
            zp_tally_get(t->tally, 0);
            return *found ? error->status : ZP_OK;
        }
        from->nbytes = from->file.size;
        return ZP_OK;
    }
    from->stored = &batch->stored[t->number - batch->first];
    *found = from->stored->data != NULL;
    if (batch->parts && batch->parts[t->number - batch->first].nsegments >= 0)
        from->parts = &batch->parts[t->number - batch->first];
    else
        from->nbytes = from->stored->nbytes;
    return ZP_OK;
}

/* Find bytes among those in hand. */
static const char *
look_up(const source *from, int64_t offset, int64_t nbytes)
{
    if (!from->parts)
        return (const char *)from->stored->data + offset;
    for (int64_t i = 0; i < from->parts->nsegments; i++) {
        const zp_segment *s = &from->parts->segments[i];
        if (offset >= s->offset && nbytes <= s->nbytes && offset - s->offset <= s->nbytes - nbytes)
            return (const char *)s->data + (offset - s->offset);
    }
    return NULL;
}

/* Bytes of the shard, in place or in the worker's FILE slot. */
static int
load(const source *from, zp_worker *worker, int64_t offset, int64_t nbytes, const void **data,
     zp_error *error)
{
    if (from->fd >= 0) {
        zp_tally *tally = zp_worker_tally(worker);
        zp_tally_turn(tally, ZP_NS_STORE);
        int64_t n = zp_file_load(from->fd, offset, nbytes, worker, data, error);
        zp_tally_get(tally, n);
        return n < 0 ? error->status : ZP_OK;
    }
    *data = look_up(from, offset, nbytes);
    if (*data)
        return ZP_OK;
    error->step = ZP_STEP_SHARD;
    return zp_task_fail(error, ZP_ERR_CORRUPT, "the shard is shorter than its index says");
}

/* The decoded index, in the worker's INDEX slot. */
static uint64_t *
load_index(const zp_shard *shard, const source *from, zp_worker *worker, zp_error *error)
{
    const void *stored = NULL;
    int64_t n = shard->index_nbytes;
    if (from->parts) {
        stored = from->stored->data;
        n = from->stored->nbytes;
    } else if (from->nbytes < n) {
        n = from->nbytes;
    } else if (load(from, worker, shard->index_at_start ? 0 : from->nbytes - n, n, &stored, error) <
               0) {
        return NULL;
    }
    uint64_t *entries = zp_index_room(shard, worker);
    if (!entries)
        zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    else if (zp_index_decode(shard, worker, stored, n, entries, error) < 0)
        return NULL;
    return entries;
}

/* The same by way of the cache, where there is one. */
static uint64_t *
find_index(const zp_batch *batch, const source *from, zp_worker *worker, zp_error *error)
{
    size_t nbytes = (size_t)batch->shard->nchunks * 2 * sizeof(uint64_t);
    if (!batch->cache || from->fd < 0)
        return load_index(batch->shard, from, worker, error);
    zp_cache_key key = {.file = from->file,
                        .chain = batch->chain_number,
                        .position = ZP_POSITION_INDEX,
                        .nbytes = (int64_t)nbytes};
    zp_entry *entry = zp_cache_find(batch->cache, &key);
    uint64_t *entries = entry ? zp_index_room(batch->shard, worker)
                              : load_index(batch->shard, from, worker, error);
    if (entry && entries)
        memcpy(entries, zp_entry_data(entry), nbytes);
    else if (entry)
        zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    else if (entries && (entry = zp_cache_reserve(batch->cache, &key))) {
        memcpy(zp_entry_data(entry), entries, nbytes);
        zp_cache_keep(batch->cache, entry);
    }
    if (entry)
        zp_cache_release(batch->cache, entry);
    return entries;
}

static int
by_offset(const void *a, const void *b)
{
    const zp_place *one = a, *other = b;
    return (one->offset > other->offset) - (one->offset < other->offset);
}

int64_t
zp_inside_nbytes(const zp_batch *batch)
{
    int64_t nbytes = batch->chain.itemsize;
    for (int i = 0; i < batch->ndim; i++)
        nbytes *= batch->shard->chunk[i]; /* in memory they fit, as their shard does */
    return nbytes;
}

/* The chunks that are stored, by offset; the others get the fill value when there is a block. */
static int64_t
find_places(const zp_batch *batch, zp_worker *worker, const zp_inside *in, const uint64_t *entries,
            zp_bounds bounds, zp_place **places, zp_error *error)
{
    int64_t n = 0, nbytes = zp_inside_nbytes(batch);
    int sorted = 1;
    if ((uint64_t)in->ntasks > SIZE_MAX / sizeof **places)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    zp_place *found = zp_worker_scratch(worker, ZP_SLOT_PLACES, (size_t)in->ntasks * sizeof *found);
    if (!found)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    for (int64_t k = 0; k < in->ntasks; k++) {
        int64_t position = zp_inside_position(batch->shard, in, k);
        int status = zp_index_find(entries, position, bounds, &found[n], error);
        if (status < 0)
            return status;
        if (status == 0)
            continue;
        status = zp_admit_stored(&batch->chain, nbytes, found[n].nbytes,
                                 "a chunk of the shard has too many bytes", error);
        if (status < 0) {
            error->position = position;
            return status;
        }
        sorted &= n == 0 || found[n].offset >= found[n - 1].offset;
        found[n++].task = k;
    }
    if (!sorted)
        qsort(found, (size_t)n, sizeof *found, by_offset);
    *places = found;
    return n;
}

static int
fill_absent(zp_batch *batch, zp_worker *worker, const zp_inside *in, const uint64_t *entries,
            zp_error *error)
{
    for (int64_t k = 0; k < in->ntasks; k++) {
        zp_task t;
        if (entries[2 * zp_inside_position(batch->shard, in, k)] != UINT64_MAX)
            continue;
        int status = zp_task_describe(&in->batch, worker, k, &t, error);
        if (status < 0)
            return status;
        zp_tally_add(t.tally, ZP_CHUNKS_ABSENT, 1);
        status = zp_task_fill(&in->batch, &t, error);
        if (status < 0)
            return status;
    }
    return ZP_OK;
}

/* How many places, from the first on, one read takes, and up to where. */
static int64_t
run_length(const source *from, const zp_place *places, int64_t n, int64_t *end)
{
    int64_t count = 1;
    *end = places[0].offset + places[0].nbytes;
    while (from->fd >= 0 && count < n && places[count].offset - *end <= ZP_SHARD_GAP) {
        int64_t next = places[count].offset + places[count].nbytes;
        if (next < *end)
            next = *end;
        if (next - places[0].offset > ZP_SHARD_RUN)
            break;
        *end = next;
        count++;
    }
    return count;
}

/* Serve what the cache has; the places of the others stay, and their number is returned. */
static int64_t
recall_chunks(const zp_batch *batch, zp_worker *worker, zp_inside *in, const source *from,
              zp_place *places, int64_t n, zp_error *error)
{
    int64_t left = 0;
    for (int64_t i = 0; i < n; i++) {
        zp_task t;
        int status = zp_task_describe(&in->batch, worker, places[i].task, &t, error);
        if (status < 0)
            return status;
        int64_t position = zp_inside_position(batch->shard, in, places[i].task);
        zp_cache_key key = zp_task_cache_key(&in->batch, &t, &from->file, position);
        if (!zp_task_recall(&in->batch, &t, &key))
            places[left++] = places[i];
    }
    return left;
}

static int
place_chunk(zp_batch *batch, zp_worker *worker, zp_inside *in, const source *from,
            const zp_place *place, const void *data, zp_error *error)
{
    zp_task t;
    int64_t position = zp_inside_position(batch->shard, in, place->task);
    int status = zp_task_describe(&in->batch, worker, place->task, &t, error);
    if (status == ZP_OK && in->batch.cache && from->fd >= 0) {
        zp_cache_key key = zp_task_cache_key(&in->batch, &t, &from->file, position);
        status = zp_task_keep(&in->batch, worker, &t, &key, data, place->nbytes, error);
    } else if (status == ZP_OK) {
        status = zp_task_place(&in->batch, worker, &t, data, place->nbytes, error);
    }
    if (status < 0) {
        error->position = position;
        error->offset = place->offset;
    }
    return status;
}

static int
place_chunks(zp_batch *batch, zp_worker *worker, zp_inside *in, const source *from,
             const zp_place *places, int64_t n, zp_error *error)
{
    for (int64_t i = 0; i < n;) {
        const void *data;
        int64_t end, count = run_length(from, &places[i], n - i, &end);
        int64_t begin = places[i].offset;
        if (zp_atomic_load(&batch->cancel))
            return zp_task_fail(error, ZP_ERR_CANCELLED, NULL);
        int status = load(from, worker, begin, end - begin, &data, error);
        for (int64_t k = i; status == ZP_OK && k < i + count; k++)
            status = place_chunk(batch, worker, in, from, &places[k],
                                 (const char *)data + (places[k].offset - begin), error);
        if (status < 0)
            return status;
        zp_atomic_add(&batch->nbytes_stored, end - begin);
        i += count;
    }
    return ZP_OK;
}

static int
read_found(zp_batch *batch, zp_worker *worker, zp_inside *in, const source *from, zp_error *error)
{
    zp_place *places;
    zp_bounds bounds = zp_shard_bounds(batch->shard, from->nbytes);
    const uint64_t *entries = find_index(batch, from, worker, error);
    if (!entries)
        return error->status;
    zp_tally_turn(zp_worker_tally(worker), ZP_NS_PLAN);
    int64_t n = find_places(batch, worker, in, entries, bounds, &places, error);
    if (n < 0)
        return (int)n;
    if (n < in->ntasks) {
        int status = fill_absent(batch, worker, in, entries, error);
        if (status < 0)
            return status;
    }
    if (in->batch.cache && from->fd >= 0)
        n = recall_chunks(batch, worker, in, from, places, n, error);
    return n < 0 ? (int)n : place_chunks(batch, worker, in, from, places, n, error);
}

int
zp_shard_read(zp_batch *batch, zp_worker *worker, const zp_task *t, zp_error *error)
{
    zp_inside in;
    source from;
    int found;
    int status = open_source(batch, t, &from, &found, error);
    if (status < 0)
        return status;
    status = zp_inside_plan(batch, worker, t, &in, error);
    if (status < 0) {
        found = 0;
    } else if (found) {
        status = read_found(batch, worker, &in, &from, error);
    } else {
        if (!batch->leave_absent)
            status = zp_task_fill(batch, t, error);
        zp_tally_add(t->tally, ZP_CHUNKS_ABSENT, in.ntasks);
        zp_atomic_add(&batch->nabsent, 1);
    }
    if (from.fd >= 0)
        zp_close(from.fd);
    if (status == ZP_OK && batch->outcome)
        batch->outcome[t->number - batch->first] = found ? ZP_DONE : ZP_ABSENT;
    return status;
}

int64_t
zp_shard_places(const zp_batch *batch, zp_worker *worker, int64_t task, const void *index,
                size_t index_nbytes, const zp_place **places, zp_error *error)
{
    zp_task t;
    zp_inside in;
    zp_place *found = NULL;
    zp_bytes stored = {index, (int64_t)index_nbytes};
    zp_parts none = {NULL, 0};
    source from = {.fd = -1, .nbytes = INT64_MAX, .stored = &stored, .parts = &none};
    int64_t n = zp_task_describe(batch, worker, task, &t, error);
    if (n < 0)
        return n;
    n = zp_inside_plan(batch, worker, &t, &in, error);
    if (n < 0)
        return n;
    const uint64_t *entries = load_index(batch->shard, &from, worker, error);
    if (!entries)
        return error->status;
    n = find_places(batch, worker, &in, entries, zp_shard_bounds(batch->shard, INT64_MAX), &found,
                    error);
    *places = found;
    return n;
}
