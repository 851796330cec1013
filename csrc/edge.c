/*
 * edge.c - chunks that reach beyond the array, and chunks that are not there
 *
 * At the end of an axis a chunk may reach beyond the array.  What it holds there
 * nobody sees, until the array grows: whoever changes the shape of an array takes
 * care that it is the fill value then, in the chunks that are stored.
 */
#include "batch.h"
#include "lock.h"

void
zp_task_pad(const zp_batch *batch, const zp_task *t, char *chunk, const void *element)
{
    int64_t shape[ZP_MAX_NDIM];
    for (int i = 0; i < batch->ndim; i++)
        shape[i] = t->extent[i];
    for (int i = 0; i < batch->ndim; i++) {
        shape[i] = t->extent[i] - t->inside[i];
        if (shape[i] > 0)
            zp_fill(batch->ndim, shape, chunk + t->inside[i] * t->strides[i], t->strides, element,
                    batch->chain.itemsize);
        shape[i] = t->inside[i]; /* the rest of this axis is done */
    }
}

int
zp_task_is_stored(const zp_batch *batch, const zp_task *t)
{
    if (batch->directory)
        return !zp_file_is_absent(batch->directory, t->key) ||
               zp_lock_exists(batch->directory, t->key);
    return batch->stored[t->number - batch->first].data != NULL;
}
