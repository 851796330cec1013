/*
 * scatter.c - put a chunk where it belongs while it is being decoded
 *
 * A codec that decodes in blocks hands over each while it is still in the
 * cache; its bytes are a run of the chunk's rows, of which the window keeps the
 * selected ones.  Blocks need not end where rows or elements do.
 */
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

static void
next_row(const zp_window *w, int64_t *index)
{
    for (int i = w->ndim - 2; i >= 0; i--) {
        if (++index[i] < w->extent[i])
            return;
        index[i] = 0;
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

void
zp_scatter(const zp_window *w, size_t start, const void *bytes, size_t nbytes)
{
    int last = w->ndim - 1;
    int64_t index[ZP_MAX_NDIM];
    int64_t row_nbytes = w->itemsize * (last < 0 ? 1 : w->extent[last]);
    int64_t from = w->itemsize * (last < 0 ? 0 : w->start[last]);
    int64_t to = from + w->itemsize * (last < 0 ? 1 : w->count[last]);
    int64_t begin = (int64_t)start % row_nbytes; /* within the row */
    const char *src = bytes;

    locate_row(w, (int64_t)start / row_nbytes, index);
    while (nbytes > 0) {
        int64_t end = smaller(row_nbytes, begin + (int64_t)nbytes);
        int64_t a = begin > from ? begin : from, b = smaller(end, to);
        char *place = a < b ? place_of_row(w, index) : NULL;
        if (place)
            memcpy(place + (a - from), src + (a - begin), (size_t)(b - a));
        src += end - begin;
        nbytes -= (size_t)(end - begin);
        begin = 0;
        next_row(w, index);
    }
}
