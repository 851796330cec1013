/*
 * blocks.h - copies of blocks of elements that several threads share (internal)
 *
 * A block is copied in parts, each of some of its rows along one axis.
 */
#ifndef ZP_BLOCKS_H
#define ZP_BLOCKS_H

#include "zarrpy.h"

/* A block, as zp_copy() takes it, and the axis along which it is cut. */
typedef struct zp_block {
    int ndim;
    const int64_t *shape;
    const int64_t *src_strides;
    const int64_t *dst_strides;
    const char *src;
    char *dst;
    uint32_t itemsize;
    int axis;
} zp_block;

/* Rows of a block; one without axes is a row. */
typedef struct zp_slab {
    const zp_block *block;
    int64_t first;
    int64_t end;
} zp_slab;

typedef struct zp_slabs {
    const zp_slab *slabs;
    int64_t n;
    volatile int64_t next; /* that nobody has taken */
} zp_slabs;

/* Copy parts that nobody has taken, for a time; ZP_TIME_IS_UP where it begins no other. */
int zp_slabs_run_for(zp_slabs *slabs, int64_t ms);

/* The same until none is left, as zp_work of crew.h. */
void zp_slabs_run(void *slabs, zp_worker *worker);

/* Have nobody take another part. */
void zp_slabs_stop(zp_slabs *slabs);

#endif
