/*
 * shard_write.c - write shards, whole and in part
 *
 * Of a shard that is written in part, only the chunks are decoded that the
 * selection takes in part.  The bytes of those that it does not touch move into
 * the new shard as they are.
 */
#include "atomic.h"
#include "shard.h"
#include "tally.h"

#include <string.h>

/* A shard being put together. */
typedef struct writer {
    zp_batch *batch;
    zp_worker *worker;
    zp_inside in;
    const char *old;        /* the shard as it is stored, or NULL */
    const uint64_t *before; /* its index */
    zp_bounds bounds;
    uint64_t *entries; /* of the new shard */
    int64_t *tasks;    /* by position in the index: who writes there, or -1 */
    zp_bytes *chunks;  /* by task: the chunk as it is stored */
    char *shard;
    int64_t used;
    int64_t nwritten;
} writer;

/* The old shard and its index, where something of it may have to stay. */
static int
load_old(writer *w, const zp_task *t, zp_error *error)
{
    const void *data = NULL;
    int found = 0;
    int64_t n = 0;
    const zp_shard *shard = w->batch->shard;
    if (!t->covered)
        n = zp_task_fetch(w->batch, w->worker, t, NULL, &data, &found, error);
    if (n < 0)
        return (int)n;
    uint64_t *entries = zp_index_room(shard, w->worker);
    if (!entries)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    w->entries = entries + 2 * shard->nchunks; /* behind those of the old shard */
    if (!found)
        return ZP_OK;
    w->old = data;
    w->before = entries;
    w->bounds = zp_shard_bounds(shard, n);
    int64_t nbytes = n < shard->index_nbytes ? n : shard->index_nbytes;
    const char *index = shard->index_at_start ? w->old : w->old + n - nbytes;
    return zp_index_decode(shard, w->worker, index, nbytes, entries, error);
}

/* The most bytes that one chunk can be stored in. */
static int64_t
chunk_bound(const zp_batch *batch, zp_error *error)
{
    int64_t nbytes = zp_most_encoded(&batch->chain, zp_inside_nbytes(batch));
    return nbytes < 0 ? zp_task_fail(error, (int)nbytes, NULL) : nbytes;
}

/* Say who writes where, and what is there now. */
static int
assign_tasks(writer *w, zp_error *error)
{
    zp_place place;
    size_t nbytes = (size_t)w->batch->shard->nchunks * sizeof *w->tasks;
    char *tables = zp_worker_scratch(w->worker, ZP_SLOT_PLACES,
                                     nbytes + (size_t)w->in.ntasks * sizeof *w->chunks);
    if (!tables)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    w->tasks = (int64_t *)tables;
    w->chunks = (zp_bytes *)(tables + nbytes);
    memset(w->tasks, 0xff, nbytes);
    for (int64_t k = 0; k < w->in.ntasks; k++) {
        int64_t position = zp_inside_position(w->batch->shard, &w->in, k);
        w->tasks[position] = k;
        w->chunks[k] = (zp_bytes){NULL, 0};
        int status = w->old ? zp_index_find(w->before, position, w->bounds, &place, error) : 0;
        if (status < 0)
            return status;
        if (status)
            w->chunks[k] = (zp_bytes){w->old + place.offset, place.nbytes};
    }
    w->in.batch.stored = w->chunks;
    return ZP_OK;
}

/* Bytes of the chunks that stay as they are; ranges of an index may overlap, so each counts. */
static int64_t
kept_nbytes(const writer *w, zp_error *error)
{
    zp_place place;
    int64_t sum = 0;
    for (int64_t i = 0; w->old && i < w->batch->shard->nchunks; i++) {
        int status = w->tasks[i] < 0 ? zp_index_find(w->before, i, w->bounds, &place, error) : 0;
        if (status < 0)
            return status;
        if (status == 0)
            continue;
        if (place.nbytes > INT64_MAX / 4 - sum)
            return zp_task_fail(error, ZP_ERR_TOO_LARGE, "the shard does not fit into memory");
        sum += place.nbytes;
    }
    return sum;
}

/* Room for the chunks that are written, and for those that stay. */
static int
make_room(writer *w, zp_error *error)
{
    const zp_shard *shard = w->batch->shard;
    int64_t bound = chunk_bound(w->batch, error);
    int64_t kept = bound < 0 ? bound : kept_nbytes(w, error);
    if (kept < 0)
        return (int)kept;
    int64_t fixed = kept + shard->index_nbytes;
    if (bound > (INT64_MAX / 2 - fixed) / w->in.ntasks)
        return zp_task_fail(error, ZP_ERR_TOO_LARGE, "the shard does not fit into memory");
    w->shard = zp_worker_scratch(w->worker, ZP_SLOT_SHARD, (size_t)(fixed + bound * w->in.ntasks));
    w->used = shard->index_at_start ? shard->index_nbytes : 0;
    return w->shard ? ZP_OK : zp_task_fail(error, ZP_ERR_MEMORY, NULL);
}

static void
append(writer *w, int64_t position, const void *data, int64_t nbytes)
{
    w->entries[2 * position] = (uint64_t)w->used;
    w->entries[2 * position + 1] = (uint64_t)nbytes;
    zp_tally_turn(zp_worker_tally(w->worker), ZP_NS_COPY);
    memcpy(w->shard + w->used, data, (size_t)nbytes);
    w->used += nbytes;
    w->nwritten++;
}

/* A chunk that the selection does not touch. */
static int
keep_chunk(writer *w, int64_t position, zp_error *error)
{
    zp_place place;
    int status = w->old ? zp_index_find(w->before, position, w->bounds, &place, error) : 0;
    if (status > 0)
        append(w, position, w->old + place.offset, place.nbytes);
    return status < 0 ? status : ZP_OK;
}

static int
write_chunk(writer *w, int64_t position, zp_error *error)
{
    zp_task t;
    const void *encoded;
    int64_t n = zp_task_describe(&w->in.batch, w->worker, w->tasks[position], &t, error);
    if (n == ZP_OK)
        n = zp_task_encode(&w->in.batch, w->worker, &t, &encoded, error);
    if (n < 0)
        error->position = position;
    else if (encoded)
        append(w, position, encoded, n);
    return n < 0 ? (int)n : ZP_OK;
}

static int
write_chunks(writer *w, zp_error *error)
{
    const zp_shard *shard = w->batch->shard;
    zp_index_clear(shard, w->entries);
    for (int64_t i = 0; i < shard->nchunks; i++) {
        int64_t position = shard->sequence ? shard->sequence[i] : i;
        int status = w->tasks[position] < 0 ? keep_chunk(w, position, error)
                                            : write_chunk(w, position, error);
        if (status < 0)
            return status;
    }
    return ZP_OK;
}

int64_t
zp_shard_encode(zp_batch *batch, zp_worker *worker, const zp_task *t, const void **encoded,
                zp_error *error)
{
    const zp_shard *shard = batch->shard;
    writer w = {.batch = batch, .worker = worker};
    *encoded = NULL;
    int status = zp_inside_plan(batch, worker, t, &w.in, error);
    if (status == ZP_OK)
        status = load_old(&w, t, error);
    if (status == ZP_OK)
        status = assign_tasks(&w, error);
    if (status == ZP_OK)
        status = make_room(&w, error);
    if (status == ZP_OK)
        status = write_chunks(&w, error);
    if (status < 0 || w.nwritten == 0)
        return status;
    void *index = shard->index_at_start ? w.shard : w.shard + w.used;
    status = zp_index_encode(shard, worker, w.entries, index, error);
    if (status < 0)
        return status;
    *encoded = w.shard;
    int64_t nbytes = w.used + (shard->index_at_start ? 0 : shard->index_nbytes);
    zp_atomic_add(&batch->nbytes_stored, nbytes);
    return nbytes;
}
