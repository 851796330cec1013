/* points.h - the share of a task that is selected point by point (internal) */
#ifndef ZP_POINTS_H
#define ZP_POINTS_H

#include "zarrpy.h"

/*
 * Points, named one by one, have a position on each axis of a group (zp_points).
 * There is a piece for each chunk that has points; the group's first axis, the
 * leader, counts them, and the others have one piece as far as the product of
 * the rows goes.  `start` of a piece is the number of its first point, `count`
 * how many there are.
 */

/* Points of one group of axes: where each lies, in bytes. */
typedef struct zp_run {
    const int64_t *inside;  /* the chunk */
    const int64_t *outside; /* the block */
    int64_t n;
} zp_run;

/*
 * A selected part of a chunk is the product of `nruns` runs of points and of the
 * remaining axes, whose counts are in `count` (1 for axes of points).
 */
typedef struct zp_picked {
    int nruns;
    int ndim;
    int innermost;  /* in the block, the points of the last run lie closer than all else */
    int64_t lowest; /* byte of the chunk that the runs' tables count from */
    int64_t span;   /* from there to the highest that they name */
    int64_t count[ZP_MAX_NDIM];
    zp_run runs[ZP_MAX_NDIM];
} zp_picked;

/*
 * Say where the points of a task lie, given its pieces and the strides of the
 * chunk and of the block.  The tables are in the worker's POINTS slot.
 */
int zp_picked_locate(zp_picked *picked, int ndim, const zp_axis *axes, const zp_piece *pieces,
                     const int64_t *chunk_strides, const int64_t *block_strides, zp_worker *worker);

/*
 * Copy a part of a chunk to its places in the block.  `chunk` is its lowest
 * element, the strides are those of selected elements.
 */
void zp_picked_read(const zp_picked *picked, const char *chunk, const int64_t *chunk_strides,
                    char *block, const int64_t *block_strides, uint32_t itemsize, uint32_t swap);

/* Copy from the block into the chunk; of points that name one element the last one stays. */
void zp_picked_write(const zp_picked *picked, char *chunk, const int64_t *chunk_strides,
                     const char *block, const int64_t *block_strides, uint32_t itemsize,
                     uint32_t swap);

/* Write one element to all places in the block. */
void zp_picked_fill(const zp_picked *picked, char *block, const int64_t *block_strides,
                    const void *element, uint32_t itemsize);

/* Call for each combination of points, with the first of its elements in the chunk and its place. */
typedef int (*zp_point_fn)(void *context, const char *element, char *place);
/* Until one of the calls fails: its status, else ZP_OK. */
int zp_picked_each(const zp_picked *picked, const char *chunk, char *block, zp_point_fn call,
                   void *context);

/*
 * Cut the points of a shard, given its pieces, by the grid of `chunk` inside it:
 * axes of points get pieces and positions of their own, in the worker's INSIDE
 * slot.  Points that share a chunk inside have to lie next to each other.
 */
int zp_points_cut(int ndim, const zp_axis *axes, const zp_piece *pieces, const int64_t *chunk,
                  zp_axis *inside, zp_points *points, zp_worker *worker);

#endif
