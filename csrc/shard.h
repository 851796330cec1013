/* shard.h - what is inside a shard (internal) */
#ifndef ZP_SHARD_H
#define ZP_SHARD_H

#include "batch.h"

/* Bytes between two chunks that are read along, and bytes read at once: both stay in the cache. */
#define ZP_SHARD_GAP (16 << 10)
#define ZP_SHARD_RUN (1 << 20)

/* The chunks of one shard that the selection takes, as a batch of their own. */
typedef struct zp_inside {
    zp_batch batch;
    zp_axis axes[ZP_MAX_NDIM];
    zp_stretch stretches[ZP_MAX_NDIM];
    zp_points points[ZP_MAX_NDIM];
    int64_t ntasks;
} zp_inside;

/*
 * Cut the shard's part of the selection by the grid inside; `in` may not be
 * moved after that.  Points are in the worker's INSIDE slot.
 */
int zp_inside_plan(const zp_batch *batch, zp_worker *worker, const zp_task *task, zp_inside *in,
                   zp_error *error);

/* The bytes of a decoded chunk inside a shard. */
int64_t zp_inside_nbytes(const zp_batch *batch);

/* Position in the index of one of these chunks. */
int64_t zp_inside_position(const zp_shard *shard, const zp_inside *in, int64_t task);

/* Where chunks may lie in a shard: behind an index at its start, in front of one at its end. */
typedef struct zp_bounds {
    int64_t first;
    int64_t end; /* INT64_MAX when the size of the shard is not known */
} zp_bounds;

zp_bounds zp_shard_bounds(const zp_shard *shard, int64_t shard_nbytes);

/* Room for two indexes in the worker's INDEX slot; NULL when out of memory. */
uint64_t *zp_index_room(const zp_shard *shard, zp_worker *worker);

/* Decode a stored index into nchunks pairs of numbers; an error has the step ZP_STEP_SHARD. */
int zp_index_decode(const zp_shard *shard, zp_worker *worker, const void *stored,
                    int64_t stored_nbytes, uint64_t *entries, zp_error *error);

/* Encode nchunks pairs, which it may change, to exactly index_nbytes at `target`. */
int zp_index_encode(const zp_shard *shard, zp_worker *worker, uint64_t *entries, void *target,
                    zp_error *error);

/* Find one chunk: 1 and where it lies, 0 when it is absent, or a negative zp_status. */
int zp_index_find(const uint64_t *entries, int64_t position, zp_bounds bounds, zp_place *place,
                  zp_error *error);

/* Note in an index that nothing is stored. */
void zp_index_clear(const zp_shard *shard, uint64_t *entries);

#endif
