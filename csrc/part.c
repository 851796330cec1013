/*
 * part.c - decode the selected part of a chunk
 *
 * Codecs that decode block by block hand over the blocks that a part touches.
 * Where its rows are runs of memory in the result they go there at once, while
 * they are in the cache; otherwise through scratch memory.
 */
#include "batch.h"
#include "tally.h"

#include <string.h>

/* The next axis by distance of what is selected on it, from `least` on; -1 where there is none. */
static int
next_axis(const zp_batch *batch, const zp_task *t, int64_t least)
{
    int found = -1;
    for (int i = 0; i < batch->ndim; i++)
        if (t->count[i] > 1 && t->selected[i] >= least &&
            (found < 0 || t->selected[i] < t->selected[found]))
            found = i;
    return found;
}

/* Whether what is selected comes at equal distances, as elements of one column do. */
static void
find_rhythm(const zp_batch *batch, const zp_task *t, zp_part *part)
{
    int64_t run = batch->chain.itemsize;
    int axis = next_axis(batch, t, run);
    part->every = part->wanted = 0;
    while (axis >= 0 && t->selected[axis] == run) { /* without gaps */
        run *= t->count[axis];
        axis = next_axis(batch, t, run);
    }
    if (axis < 0 || t->scattered)
        return;
    int64_t every = t->selected[axis];
    for (int i = 0; i < batch->ndim; i++)
        if (t->count[i] > 1 && t->selected[i] >= run && t->selected[i] % every != 0)
            return;
    part->every = (size_t)every;
    part->wanted = (size_t)run;
}

void
zp_task_span(const zp_batch *batch, const zp_task *t, zp_part *part)
{
    int64_t last = t->offset;
    for (int i = 0; i < batch->ndim; i++)
        last += (t->count[i] - 1) * t->selected[i];
    if (t->scattered)
        last += t->picked.span;
    part->start = (size_t)t->offset;
    part->nbytes = (size_t)(last + batch->chain.itemsize - t->offset);
    find_rhythm(batch, t, part);
}

int
zp_task_has_rows(const zp_batch *batch, const zp_task *t)
{
    if (batch->chain.swap || t->scattered)
        return 0;
    for (int i = 0; i < batch->ndim; i++)
        if (batch->chain.order[i] != i || batch->axes[i].step != 1)
            return 0;
    int last = batch->ndim - 1;
    return last < 0 || t->count[last] == 1 || batch->strides[last] == batch->chain.itemsize;
}

void
zp_task_window(const zp_batch *batch, const zp_task *t, zp_window *window)
{
    window->ndim = batch->ndim;
    window->itemsize = batch->chain.itemsize;
    window->dst = t->place;
    window->stream = batch->stream;
    for (int i = 0; i < batch->ndim; i++) {
        window->extent[i] = t->extent[i];
        window->start[i] = t->start[i];
        window->count[i] = t->count[i];
        window->strides[i] = batch->strides[i];
    }
    zp_window_merge(window);
}

/* Where rows go, and who wants to know how long that takes. */
typedef struct rows {
    zp_window window;
    zp_tally *tally;
} rows;

static void
take_rows(void *context, size_t start, const void *bytes, size_t nbytes)
{
    rows *into = context;
    zp_tally_turn(into->tally, ZP_NS_COPY);
    zp_scatter(&into->window, start, bytes, nbytes);
    zp_tally_turn(into->tally, ZP_NS_CODEC);
}

typedef struct buffer {
    char *bytes;
    size_t start; /* of the first byte, in the chunk */
} buffer;

static void
take_bytes(void *context, size_t start, const void *bytes, size_t nbytes)
{
    buffer *into = context;
    memcpy(into->bytes + (start - into->start), bytes, nbytes);
}

/* What of the stored bytes is there, and who brings the rest. */
static void
describe_source(const zp_task *t, zp_part *part)
{
    part->loaded = (size_t)t->loaded;
    part->need = t->need;
    part->source = t->source;
}

/* Decode block by block straight into rows of the result. */
static int
read_rows(const zp_batch *batch, zp_worker *worker, const zp_task *t, const void *data, int64_t n,
          zp_error *error)
{
    rows into = {.tally = t->tally};
    zp_task_window(batch, t, &into.window);
    zp_part part = {.sink = take_rows, .context = &into};
    describe_source(t, &part);
    zp_task_span(batch, t, &part);
    zp_tally_decode(t->tally, 0); /* the codec adds the bytes, as it alone knows them */
    return zp_chain_decode_part(&batch->chain, worker, data, (size_t)n, (size_t)t->nbytes, &part,
                                error);
}

/* Decode through scratch memory, only from the first selected element to the last where it pays. */
static int
read_scattered(const zp_batch *batch, zp_worker *worker, const zp_task *t, const void *data,
               int64_t n, zp_error *error)
{
    buffer into = {NULL, 0};
    zp_part part = {.sink = take_bytes, .context = &into};
    describe_source(t, &part);
    zp_task_span(batch, t, &part);
    int whole = batch->whole_chunks || part.nbytes > (size_t)t->nbytes / 2 ||
                !zp_chain_has_parts(&batch->chain);
    into.bytes = zp_worker_scratch(worker, ZP_SLOT_CHUNK, whole ? (size_t)t->nbytes : part.nbytes);
    if (!into.bytes)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    into.start = whole ? 0 : part.start;
    if (whole) {
        if (!zp_task_decode(batch, worker, t, data, n, into.bytes, error))
            return error->status;
    } else {
        zp_tally_decode(t->tally, 0);
        if (zp_chain_decode_part(&batch->chain, worker, data, (size_t)n, (size_t)t->nbytes, &part,
                                 error) < 0)
            return error->status;
    }
    const char *selected = into.bytes + ((size_t)t->offset - into.start);
    if (batch->texts)
        return zp_task_put_texts(batch, t, selected, error);
    zp_task_scatter(batch, t, selected);
    return ZP_OK;
}

int
zp_task_place_part(const zp_batch *batch, zp_worker *worker, const zp_task *t, const void *data,
                   int64_t n, zp_error *error)
{
    if (!batch->whole_chunks && zp_chain_has_parts(&batch->chain) && zp_task_has_rows(batch, t))
        return read_rows(batch, worker, t, data, n, error);
    return read_scattered(batch, worker, t, data, n, error);
}
