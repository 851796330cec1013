/* batch.h - one chunk of a batch, as the files that work on it see it (internal) */
#ifndef ZP_BATCH_H
#define ZP_BATCH_H

#include "cache.h"
#include "points.h"

/* One chunk and its share of the selection. */
typedef struct zp_task {
    int64_t number;                /* in the plan */
    int64_t nbytes;                /* of the decoded chunk */
    int64_t count[ZP_MAX_NDIM];    /* selected elements an axis */
    int64_t strides[ZP_MAX_NDIM];  /* of the decoded chunk, in the axes of the array */
    int64_t selected[ZP_MAX_NDIM]; /* of the selected elements within the chunk */
    int64_t extent[ZP_MAX_NDIM];
    int64_t inside[ZP_MAX_NDIM]; /* elements an axis that lie inside the array */
    int64_t start[ZP_MAX_NDIM];  /* first selected element an axis */
    int64_t offset;              /* of the first selected element within the chunk */
    int64_t loaded;              /* how far its stored bytes are in memory; 0: all of them */
    zp_need_fn need;             /* brings them there when they are asked for; or NULL */
    void *source;                /* what it is called with */
    char *place;                 /* the same element in the block */
    int full;                    /* every element of the chunk is selected, in order */
    int covered;                 /* every element inside the array is selected */
    int direct;                  /* full, and laid out in the block as it is stored */
    int scattered;               /* selected point by point on some axes, as `picked` says */
    zp_picked picked;            /* in the worker's memory, up to the next task */
    struct zp_tally *tally;      /* what the worker counts in, or NULL */
    char key[ZP_MAX_KEY];
} zp_task;

/* Record an error; returns the status. */
int zp_task_fail(zp_error *error, int status, const char *detail);

int zp_task_describe(const zp_batch *batch, zp_worker *worker, int64_t number, zp_task *task,
                     zp_error *error);

/* The task of the window whose turn it is: of one lane after the other. */
int64_t zp_task_in_turn(const zp_batch *batch, int64_t turn);

/* Fail: a chunk has another size than the metadata says, where no codec noticed. */
int zp_task_fail_size(zp_error *error, const zp_task *task, int64_t actual);

/* The most bytes that the codecs of a chain make of so many, or a zp_status. */
int64_t zp_most_encoded(const zp_chain *chain, int64_t nbytes);

/* Fail where a chunk of nbytes cannot have so many stored ones: filters may widen it, and codecs. */
int zp_admit_stored(const zp_chain *chain, int64_t nbytes, int64_t stored, const char *detail,
                    zp_error *error);

/* Whether so many stored bytes may be those of the task's chunk: more are not brought to memory. */
int zp_task_admits(const zp_batch *batch, const zp_task *task, int64_t nbytes, zp_error *error);

/* Stored bytes of a task; *found 0 when there are none.  `into` may be NULL. */
int64_t zp_task_fetch(zp_batch *batch, zp_worker *worker, const zp_task *task, void *into,
                      const void **data, int *found, zp_error *error);

/* Read: nothing is stored, so the block gets the fill value.  A zp_status. */
int zp_task_fill(const zp_batch *batch, const zp_task *task, zp_error *error);

/* Read: decode stored bytes, and copy what is selected into the block. */
int zp_task_place(const zp_batch *batch, zp_worker *worker, const zp_task *task, const void *data,
                  int64_t nbytes, zp_error *error);

/* The same for chains with steps, whose chunk does not lie in the block as it is stored. */
int zp_task_place_part(const zp_batch *batch, zp_worker *worker, const zp_task *task,
                       const void *data, int64_t nbytes, zp_error *error);

/* The bytes of the decoded chunk from the first selected element to the last. */
void zp_task_span(const zp_batch *batch, const zp_task *task, zp_part *part);

/* Whether the rows of the chunk are runs of memory in the block, in the same order. */
int zp_task_has_rows(const zp_batch *batch, const zp_task *task);
/* Of such a chunk, what is selected and where it goes. */
void zp_task_window(const zp_batch *batch, const zp_task *task, zp_window *window);

/*
 * Read: what is selected, out of a part of the chunk's file, when that is much less; or in pieces,
 * where a large chunk is stored as it is.
 */
int zp_task_wants_range(const zp_batch *batch, const zp_task *task);
int zp_task_read_range(zp_batch *batch, zp_worker *worker, const zp_task *task, int *found,
                       zp_error *error);

/* Read: decode stored bytes into `chunk`, or return where they lie decoded; NULL on failure. */
const char *zp_task_decode(const zp_batch *batch, zp_worker *worker, const zp_task *task,
                           const void *data, int64_t nbytes, char *chunk, zp_error *error);

/* Read: copy selected elements, the first of which is given, to their places in the block. */
void zp_task_scatter(const zp_batch *batch, const zp_task *task, const char *selected);

/* The same of chunks of texts: what is selected, or the fill value (texts.c). */
int zp_task_put_texts(const zp_batch *batch, const zp_task *task, const char *selected,
                      zp_error *error);
int zp_task_fill_texts(const zp_batch *batch, const zp_task *task, zp_error *error);

/* What a task's chunk is called in the cache; `position` as of zp_cache_key. */
zp_cache_key zp_task_cache_key(const zp_batch *batch, const zp_task *task, const zp_stat *file,
                               int64_t position);

/* Read: copy what is selected from the cache; 0 when it is not there. */
int zp_task_recall(zp_batch *batch, const zp_task *task, const zp_cache_key *key);

/* Read: as zp_task_place, and keep the decoded chunk for the next time. */
int zp_task_keep(zp_batch *batch, zp_worker *worker, const zp_task *task, const zp_cache_key *key,
                 const void *data, int64_t nbytes, zp_error *error);

/* Read a chunk that is a file: from the cache, or from the file into block and cache. */
int zp_task_read_cached(zp_batch *batch, zp_worker *worker, const zp_task *task, int *found,
                        zp_error *error);

/* Write: encode the new content; *encoded NULL when it is nothing but the fill value. */
int64_t zp_task_encode(zp_batch *batch, zp_worker *worker, const zp_task *task,
                       const void **encoded, zp_error *error);

/* Whether there is a value of the task's key, or bytes in hand, or somebody has the lock. */
int zp_task_is_stored(const zp_batch *batch, const zp_task *task);

/* Write one element wherever the chunk reaches beyond the array. */
void zp_task_pad(const zp_batch *batch, const zp_task *task, char *chunk, const void *element);

/* Read and encode tasks that are shards; reading also counts what is absent. */
int zp_shard_read(zp_batch *batch, zp_worker *worker, const zp_task *task, zp_error *error);
int64_t zp_shard_encode(zp_batch *batch, zp_worker *worker, const zp_task *task,
                        const void **encoded, zp_error *error);

#endif
