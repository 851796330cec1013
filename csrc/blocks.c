/* blocks.c - copies of blocks of elements that several threads share */
#include "blocks.h"

#include <string.h>

#include "atomic.h"
#include "file.h"

static void
copy_slab(const zp_slab *slab)
{
    const zp_block *block = slab->block;
    int64_t shape[ZP_MAX_NDIM];
    const char *src = block->src;
    char *dst = block->dst;

    if (block->ndim > 0) {
        memcpy(shape, block->shape, (size_t)block->ndim * sizeof *shape);
        shape[block->axis] = slab->end - slab->first;
        src += slab->first * block->src_strides[block->axis];
        dst += slab->first * block->dst_strides[block->axis];
    }
    zp_copy(block->ndim, shape, src, block->src_strides, dst, block->dst_strides, block->itemsize,
            0);
}

int
zp_slabs_run_for(zp_slabs *slabs, int64_t ms)
{
    int64_t deadline = ms < 0 ? -1 : zp_now_ms() + ms;

    for (;;) {
        int64_t i = zp_atomic_add(&slabs->next, 1);
        if (i >= slabs->n)
            return ZP_OK;
        copy_slab(&slabs->slabs[i]);
        if (deadline >= 0 && zp_now_ms() >= deadline)
            return ZP_TIME_IS_UP;
    }
}

void
zp_slabs_run(void *slabs, zp_worker *worker)
{
    (void)worker;
    zp_slabs_run_for(slabs, -1);
}

void
zp_slabs_stop(zp_slabs *slabs)
{
    zp_atomic_add(&slabs->next, slabs->n);
}
