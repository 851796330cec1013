/*
 * scatter.c - put a chunk where it belongs while it is being decoded
 *
 * A codec that decodes in blocks hands over each while it is still in the
 * cache; its bytes are a run of the chunk's rows, of which the window keeps the
 * selected ones.  Blocks need not end where rows or elements do.
 */
#include "stream.h"
#include "zarrpy.h"

#include <string.h>

void
zp_window_merge(zp_window *w)
{
    while (w->ndim > 1) {
        int inner = w->ndim - 1, outer = inner - 1;
        int64_t n = w->extent[inner];
        /* a row is a run of memory; the stride of a single element may be any */
        if (w->count[inner] != n || (w->count[outer] > 1 && w->strides[outer] != n * w->itemsize))
            return;
        w->extent[outer] *= n;
        w->start[outer] *= n;
        w->count[outer] *= n;
        w->strides[outer] = w->itemsize;
        w->ndim = outer + 1;
    }
}

/* Indexes of a row, the last axis left out. */
static void
locate_row(const zp_window *w, int64_t row, int64_t *index)
{
    for (int i = w->ndim - 2; i >= 0; i--) {
        index[i] = row % w->extent[i];
        row /= w->extent[i];
    }
}

/* Where the selected part of a row goes; NULL when the row is not selected. */
static char *
place_of_row(const zp_window *w, const int64_t *index)
{
    char *place = w->dst;

    for (int i = 0; i < w->ndim - 1; i++) {
        int64_t k = index[i] - w->start[i];
        if (k < 0 || k >= w->count[i])
            return NULL;
        place += k * w->strides[i];
    }
    return place;
}

static int64_t
smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* On by so many rows, which do not go beyond the end of the axis before the last. */
static void
advance(const zp_window *w, int64_t *index, int64_t rows)
{
    int i = w->ndim - 2;

    if (i >= 0)
        index[i] += rows;
    for (; i >= 0 && index[i] >= w->extent[i]; i--) {
        index[i] = 0;
        if (i > 0)
            index[i - 1]++;
    }
}

/* The same bytes of `count` rows.  A copy of a constant size is a load and a store or two. */
static void
copy_rows(char *dst, int64_t dst_stride, const char *src, int64_t src_stride, int64_t count,
          size_t nbytes)
{
#define COPY_ROWS(SIZE)                                                                            \
    for (int64_t i = 0; i < count; i++)                                                            \
        memcpy(dst + i * dst_stride, src + i * src_stride, SIZE);                                  \
    break
    switch (nbytes) {
    case 4:
        COPY_ROWS(4);
    case 8:
        COPY_ROWS(8);
    case 16:
        COPY_ROWS(16);
    case 32:
        COPY_ROWS(32);
    case 64:
        COPY_ROWS(64);
    default:
        COPY_ROWS(nbytes);
    }
#undef COPY_ROWS
}

/* A row, or bytes of one from `begin` on to before `end`. */
static void
scatter_row(const zp_window *w, const int64_t *index, const char *src, int64_t begin, int64_t end,
            int64_t from, int64_t to)
{
    int64_t a = larger(begin, from), b = smaller(end, to);
    char *place = a < b ? place_of_row(w, index) : NULL;

    if (place && w->stream)
        zp_stream_copy(place + (a - from), src + (a - begin), (size_t)(b - a));
    else if (place)
        memcpy(place + (a - from), src + (a - begin), (size_t)(b - a));
}

/* Whole rows up to the end of the axis before the last; of each, bytes from `from` on. */
static void
scatter_run(const zp_window *w, int64_t *index, const char *src, int64_t rows, int64_t row_nbytes,
            int64_t from, size_t nbytes)
{
    int axis = w->ndim - 2;
    int64_t here = index[axis];
    int64_t first = larger(here, w->start[axis]);
    int64_t end = smaller(here + rows, w->start[axis] + w->count[axis]);

    if (first >= end)
        return;
    index[axis] = first;
    char *place = place_of_row(w, index);
    index[axis] = here;
    if (place && w->stream && nbytes >= 2 * ZP_LINE)
        for (int64_t i = first; i < end; i++)
            zp_stream_copy(place + (i - first) * w->strides[axis],
                           src + (i - here) * row_nbytes + from, nbytes);
    else if (place)
        copy_rows(place, w->strides[axis], src + (first - here) * row_nbytes + from, row_nbytes,
                  end - first, nbytes);
}

void
zp_scatter(const zp_window *w, size_t start, const void *bytes, size_t nbytes)
{
    int last = w->ndim - 1, before = last - 1;
    int64_t index[ZP_MAX_NDIM];
    int64_t row_nbytes = w->itemsize * (last < 0 ? 1 : w->extent[last]);
    int64_t from = w->itemsize * (last < 0 ? 0 : w->start[last]);
    int64_t to = from + w->itemsize * (last < 0 ? 1 : w->count[last]);
    int64_t begin = (int64_t)start % row_nbytes; /* within the row */
    int64_t left = (int64_t)nbytes;
    const char *src = bytes;

    locate_row(w, (int64_t)start / row_nbytes, index);
    while (left > 0) {
        int64_t rows = 1, taken = smaller(row_nbytes - begin, left);
        if (before >= 0 && begin == 0 && left >= row_nbytes) {
            rows = smaller(left / row_nbytes, w->extent[before] - index[before]);
            taken = rows * row_nbytes;
            scatter_run(w, index, src, rows, row_nbytes, from, (size_t)(to - from));
        } else {
            scatter_row(w, index, src, begin, begin + taken, from, to);
        }
        src += taken;
        left -= taken;
        begin = 0;
        advance(w, index, rows);
    }
    if (w->stream)
        zp_stream_end();
}
