/*
 * index.c - which chunks a plan touches, and under which keys
 *
 * Task i of a plan is the i-th element of the product of the axes' pieces, last
 * axis fastest: its digits in the mixed radix of the numbers of pieces.
 *
 * The pieces of a stretch are computed: where the step is no longer than a chunk,
 * every chunk from the first selected element to the last has a piece; where it
 * is longer, every selected element is a piece of its own.
 */
#include "batch.h"

#include <string.h>

int64_t
zp_ntasks(int ndim, const zp_axis *axes)
{
    int64_t n = 1;
    for (int i = 0; i < ndim; i++) {
        if (axes[i].npieces == 0)
            return 0;
        if (n > INT64_MAX / axes[i].npieces)
            return ZP_ERR_TOO_LARGE;
        n *= axes[i].npieces;
    }
    return n;
}

int64_t
zp_stretch_npieces(const zp_stretch *stretch, int64_t step)
{
    if (stretch->count == 0 || step > stretch->extent)
        return stretch->count;
    int64_t last = stretch->start + (stretch->count - 1) * step;
    return last / stretch->extent - stretch->start / stretch->extent + 1;
}

zp_axis
zp_axis_regular(zp_stretch *stretch, int64_t extent, int64_t length, int64_t start, int64_t count,
                int64_t step)
{
    *stretch = (zp_stretch){.extent = extent, .start = start, .count = count};
    return (zp_axis){stretch, count > 0, zp_stretch_npieces(stretch, step), length, step, NULL};
}

/* The stretch that piece i lies in. */
static const zp_stretch *
find_stretch(const zp_axis *axis, int64_t i)
{
    int64_t low = 0, high = axis->nstretches - 1;
    while (low < high) {
        int64_t middle = high - (high - low) / 2;
        if (axis->stretches[middle].piece <= i)
            low = middle;
        else
            high = middle - 1;
    }
    return &axis->stretches[low];
}

/* How many selected elements of a stretch lie before `position`. */
static int64_t
selected_before(const zp_stretch *stretch, int64_t step, int64_t position)
{
    int64_t distance = position - stretch->start;
    if (distance <= 0)
        return 0;
    int64_t n = step == 1 ? distance : (distance - 1) / step + 1;
    return n < stretch->count ? n : stretch->count;
}

zp_piece
zp_axis_piece(const zp_axis *axis, int64_t i)
{
    const zp_stretch *s = find_stretch(axis, i);
    int64_t step = axis->step, extent = s->extent, first, n;
    int alone = step > extent; /* each element is in a chunk of its own */
    i -= s->piece;
    int64_t chunk = alone ? (s->start + i * step) / extent : s->start / extent + i;
    int64_t begin = chunk * extent, left = axis->length - s->origin - begin;
    int64_t inside = left < extent ? left : extent;
    if (alone) {
        first = i;
        n = 1;
    } else {
        first = selected_before(s, step, begin);
        n = selected_before(s, step, begin + inside) - first;
    }
    return (zp_piece){
        .chunk = s->chunk + chunk,
        .extent = extent,
        .inside = inside,
        .start = s->start + first * step - begin,
        .count = n,
        .out = s->out + first,
        .covers = n == inside,
    };
}

void
zp_task_pieces(int ndim, const zp_axis *axes, int64_t task, zp_piece *pieces)
{
    int64_t number[ZP_MAX_NDIM];
    for (int i = ndim - 1; i >= 0; i--) {
        number[i] = task % axes[i].npieces;
        task /= axes[i].npieces;
    }
    for (int i = 0; i < ndim; i++) {
        const zp_points *points = axes[i].points;
        pieces[i] = points ? points->pieces[number[points->leader]]
                           : zp_axis_piece(&axes[i], number[i]);
    }
}

/*
 * Chunks that follow each other often share pages of the result.  Two workers
 * that touch a new page at the same time both have it zeroed, and one of the
 * two pages, of 2 MB where they are huge, is thrown away.  So workers are kept
 * apart: the window is cut into as many lanes as there are workers.
 */
int64_t
zp_task_in_turn(const zp_batch *batch, int64_t turn)
{
    if (batch->nlanes <= 1)
        return batch->first + turn;
    int64_t ntasks = batch->last - batch->first;
    int64_t lane = turn % batch->nlanes, longer = ntasks % batch->nlanes;
    int64_t begin = lane * (ntasks / batch->nlanes) + (lane < longer ? lane : longer);
    return batch->first + begin + turn / batch->nlanes;
}

/* Decimal digits of a number that is not negative; returns how many. */
static int
format_number(int64_t number, char *text)
{
    char reversed[20];
    int n = 0;
    do {
        reversed[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    for (int i = 0; i < n; i++)
        text[i] = reversed[n - 1 - i];
    return n;
}

int
zp_key_format(const zp_keys *keys, int ndim, const int64_t *grid_index, char *key)
{
    const char *head = ndim == 0 ? keys->zero : keys->prefix;
    const char *tail = keys->suffix ? keys->suffix : "";
    size_t length = strlen(head), tail_length = strlen(tail);
    if (length + (size_t)ndim * 20 + tail_length + 1 > ZP_MAX_KEY)
        return ZP_ERR_TOO_LARGE;
    memcpy(key, head, length);
    for (int i = 0; i < ndim; i++) {
        if (i > 0)
            key[length++] = keys->separator;
        length += (size_t)format_number(grid_index[i], key + length);
    }
    memcpy(key + length, tail, tail_length + 1);
    return (int)(length + tail_length);
}
