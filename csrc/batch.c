/*
 * batch.c - read or write many chunks in one call
 *
 * A task is one chunk.  Reading: get its bytes, run the chain backwards, copy
 * the selected part into the block.  Where the stored chunk looks exactly like
 * its place in the block, the last step writes there and nothing is copied.
 * Writing is the mirror: copy the selected part into a chunk, run the chain
 * forwards, hand the bytes to a file or to the caller.  A chunk that is written
 * only in part is read first; to files that happens under the chunk's lock.
 */
#include "batch.h"
#include "atomic.h"
#include "kept.h"
#include "tally.h"
#include "watch.h"

#include <errno.h>
#include <string.h>

/* Scratch memory that a worker keeps between batches: enough for chunks of usual size. */
#define KEPT_NBYTES ((size_t)128 << 20)

int
zp_task_fail(zp_error *error, int status, const char *detail)
{
    error->status = status;
    error->detail = detail;
    return status;
}

/* Strides of a contiguous chunk whose stored axes are in the chain's order. */
static int
lay_out_chunk(const zp_chain *chain, zp_task *t)
{
    int64_t nbytes = chain->itemsize;
    for (int i = chain->ndim - 1; i >= 0; i--) {
        int axis = chain->order[i];
        t->strides[axis] = nbytes;
        if (t->extent[axis] > 0 && nbytes > INT64_MAX / t->extent[axis])
            return ZP_ERR_TOO_LARGE;
        nbytes *= t->extent[axis];
    }
    t->nbytes = nbytes;
    return ZP_OK;
}

/* Where the points lie that a task takes on some axes. */
static int
locate_points(const zp_batch *batch, zp_worker *worker, const zp_piece *pieces, zp_task *t)
{
    int status = zp_picked_locate(&t->picked, batch->ndim, batch->axes, pieces, t->strides,
                                  batch->strides, worker);
    t->offset += t->picked.lowest;
    return status;
}

int
zp_task_describe(const zp_batch *batch, zp_worker *worker, int64_t number, zp_task *t,
                 zp_error *error)
{
    zp_piece pieces[ZP_MAX_NDIM];
    int64_t grid_index[ZP_MAX_NDIM];
    t->number = number;
    t->offset = t->loaded = 0;
    t->need = NULL;
    t->place = batch->block;
    t->full = t->covered = 1;
    t->scattered = 0;
    t->tally = zp_worker_tally(worker);
    zp_tally_turn(t->tally, ZP_NS_PLAN);
    zp_task_pieces(batch->ndim, batch->axes, number, pieces);
    for (int i = 0; i < batch->ndim; i++) {
        t->extent[i] = pieces[i].extent;
        t->inside[i] = pieces[i].inside;
        grid_index[i] = pieces[i].chunk;
    }
    if (lay_out_chunk(&batch->chain, t) < 0)
        return zp_task_fail(error, ZP_ERR_TOO_LARGE, "the chunk does not fit into memory");
    if (!zp_is_any_length(&batch->chain) != !batch->texts ||
        (batch->texts && batch->kind != ZP_READ))
        return zp_task_fail(error, ZP_ERR_ARGUMENT, "texts are read for their owner");
    t->direct = batch->chain.swap == 0 && !batch->texts;
    for (int i = 0; i < batch->ndim; i++) {
        const zp_piece *piece = &pieces[i];
        t->selected[i] = t->strides[i] * batch->axes[i].step;
        t->covered &= piece->covers != 0;
        if (batch->axes[i].points) {
            t->count[i] = t->scattered = 1;
            continue;
        }
        t->start[i] = piece->start;
        t->count[i] = piece->count;
        t->offset += piece->start * t->strides[i];
        t->place += piece->out * batch->strides[i];
        t->full &= piece->covers && piece->inside == piece->extent;
        t->direct &= piece->count <= 1 || batch->strides[i] == t->strides[i];
    }
    t->full &= !t->scattered;
    t->direct &= t->full;
    if (t->scattered && locate_points(batch, worker, pieces, t) < 0)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    if (batch->directory && zp_key_format(&batch->keys, batch->ndim, grid_index, t->key) < 0)
        return zp_task_fail(error, ZP_ERR_TOO_LARGE, "the key is too long");
    return ZP_OK;
}

static void
set_outcome(const zp_batch *batch, const zp_task *t, enum zp_outcome outcome)
{
    if (batch->outcome)
        batch->outcome[t->number - batch->first] = (uint8_t)outcome;
}

/* ------------------------------------------------------------- reading ---- */

/* Decode a chunk; `kept`, unless it is NULL, is told what it was decoded from. */
static const char *
decode(const zp_batch *batch, zp_worker *worker, const zp_task *t, const void *data, int64_t nbytes,
       char *chunk, zp_kept *kept, zp_error *error)
{
    zp_tally_decode(t->tally, t->nbytes);
    if (batch->chain.nsteps == 0) {
        if (nbytes == t->nbytes)
            return data;
        zp_task_fail_size(error, t, nbytes);
        return NULL;
    }
    int status = zp_chain_decode_kept(&batch->chain, worker, data, (size_t)nbytes, chunk,
                                      (size_t)t->nbytes, kept, error);
    return status < 0 ? NULL : chunk;
}

const char *
zp_task_decode(const zp_batch *batch, zp_worker *worker, const zp_task *t, const void *data,
               int64_t nbytes, char *chunk, zp_error *error)
{
    return decode(batch, worker, t, data, nbytes, chunk, NULL, error);
}

void
zp_task_scatter(const zp_batch *batch, const zp_task *t, const char *selected)
{
    uint32_t itemsize = batch->chain.itemsize, swap = (uint32_t)batch->chain.swap;
    zp_tally_turn(t->tally, ZP_NS_COPY);
    if (t->scattered)
        zp_picked_read(&t->picked, selected, t->selected, t->place, batch->strides, itemsize, swap);
    else
        (batch->stream ? zp_copy_streamed : zp_copy)(batch->ndim, t->count, selected, t->selected,
                                                     t->place, batch->strides, itemsize, swap);
}

int
zp_task_fill(const zp_batch *batch, const zp_task *t, zp_error *error)
{
    if (batch->texts)
        return zp_task_fill_texts(batch, t, error);
    zp_tally_turn(t->tally, ZP_NS_COPY);
    if (t->scattered)
        zp_picked_fill(&t->picked, t->place, batch->strides, batch->fill, batch->chain.itemsize);
    else
        zp_fill(batch->ndim, t->count, t->place, batch->strides, batch->fill,
                batch->chain.itemsize);
    return ZP_OK;
}

int
zp_task_place(const zp_batch *batch, zp_worker *worker, const zp_task *t, const void *data,
              int64_t n, zp_error *error)
{
    if (batch->chain.nsteps == 0 || t->direct) {
        zp_worker_stream(worker, batch->stream && batch->chain.nsteps == 1);
        const char *decoded = zp_task_decode(batch, worker, t, data, n, t->place, error);
        zp_worker_stream(worker, 0);
        if (!decoded)
            return error->status;
        if (decoded != t->place)
            zp_task_scatter(batch, t, decoded + t->offset);
        return ZP_OK;
    }
    return zp_task_place_part(batch, worker, t, data, n, error);
}

static int
read_stored(zp_batch *batch, zp_worker *worker, const zp_task *t, int *found, zp_error *error)
{
    const void *data;
    int straight = t->direct && batch->chain.nsteps == 0;
    if (zp_task_wants_range(batch, t))
        return zp_task_read_range(batch, worker, t, found, error);
    int64_t n = zp_task_fetch(batch, worker, t, straight ? t->place : NULL, &data, found, error);
    return n < 0 || !*found ? (int)n : zp_task_place(batch, worker, t, data, n, error);
}

static int
read_task(zp_batch *batch, zp_worker *worker, const zp_task *t, zp_error *error)
{
    int found;
    int status = batch->cache && batch->directory && !batch->texts
                     ? zp_task_read_cached(batch, worker, t, &found, error)
                     : read_stored(batch, worker, t, &found, error);
    if (status < 0)
        return status;
    if (!found) {
        if (!batch->leave_absent && zp_task_fill(batch, t, error) < 0)
            return error->status;
        zp_tally_add(t->tally, ZP_CHUNKS_ABSENT, 1);
        zp_atomic_add(&batch->nabsent, 1);
    }
    set_outcome(batch, t, found ? ZP_DONE : ZP_ABSENT);
    return ZP_OK;
}

/* ------------------------------------------------------------- writing ---- */

static void
fill_chunk(const zp_batch *batch, const zp_task *t, char *chunk)
{
    zp_fill(batch->ndim, t->extent, chunk, t->strides, batch->stored_fill, batch->chain.itemsize);
}

/* The chunk as it is stored now, or full of the fill value, in `chunk`. */
static int
load_chunk(zp_batch *batch, zp_worker *worker, const zp_task *t, char *chunk, zp_kept *kept,
           zp_error *error)
{
    const void *data;
    int found;
    int64_t n = zp_task_fetch(batch, worker, t, batch->chain.nsteps == 0 ? chunk : NULL, &data,
                              &found, error);
    if (n < 0)
        return (int)n;
    if (!found) {
        fill_chunk(batch, t, chunk);
        return ZP_OK;
    }
    const char *decoded = decode(batch, worker, t, data, n, chunk, kept, error);
    if (!decoded)
        return error->status;
    if (decoded != chunk)
        memcpy(chunk, decoded, (size_t)t->nbytes);
    zp_part changed;
    zp_task_span(batch, t, &changed);
    kept->first = changed.start;
    kept->last = changed.start + changed.nbytes;
    return ZP_OK;
}

/* Copy the selected elements from their places in the block. */
static void
gather(const zp_batch *batch, const zp_task *t, char *selected)
{
    uint32_t itemsize = batch->chain.itemsize, swap = (uint32_t)batch->chain.swap;
    zp_tally_turn(t->tally, ZP_NS_COPY);
    if (t->scattered)
        zp_picked_write(&t->picked, selected, t->selected, t->place, batch->strides, itemsize,
                        swap);
    else
        zp_copy(batch->ndim, t->count, t->place, batch->strides, selected, t->selected, itemsize,
                swap);
}

/* The new content of the chunk, and what is kept of its old form; NULL on failure. */
static const char *
new_content(zp_batch *batch, zp_worker *worker, const zp_task *t, zp_kept *kept, zp_error *error)
{
    if (t->direct)
        return t->place;
    char *chunk = zp_worker_scratch(worker, ZP_SLOT_CHUNK, (size_t)t->nbytes);
    if (!chunk) {
        zp_task_fail(error, ZP_ERR_MEMORY, NULL);
        return NULL;
    }
    if (!t->covered) {
        if (load_chunk(batch, worker, t, chunk, kept, error) < 0)
            return NULL;
    } else if (!t->full) {
        fill_chunk(batch, t, chunk);
    }
    gather(batch, t, chunk + t->offset);
    return chunk;
}

int64_t
zp_task_encode(zp_batch *batch, zp_worker *worker, const zp_task *t, const void **encoded,
               zp_error *error)
{
    zp_kept kept = {NULL, 0, 0, 0};
    const char *chunk = new_content(batch, worker, t, &kept, error);
    int padded = batch->pad && !t->full;
    if (!chunk)
        return error->status;
    *encoded = NULL;
    if (padded)
        zp_task_pad(batch, t, (char *)chunk, batch->stored_fill); /* as before it was stored */
    if (!batch->keep_empty &&
        zp_is_filled(chunk, (size_t)t->nbytes, batch->stored_fill, batch->chain.itemsize)) {
        zp_tally_add(t->tally, ZP_CHUNKS_EMPTY, 1);
        return 0;
    }
    if (padded)
        zp_task_pad(batch, t, (char *)chunk, batch->pad);
    zp_tally_encode(t->tally, t->nbytes);
    int keeps = kept.data && !padded && !batch->whole_chunks;
    int64_t n = zp_chain_encode_kept(&batch->chain, worker, chunk, (size_t)t->nbytes,
                                     keeps ? &kept : NULL, encoded, error);
    if (n > 0)
        zp_atomic_add(&batch->nbytes_stored, n);
    return n;
}

static int64_t
encode_task(zp_batch *batch, zp_worker *worker, const zp_task *t, const void **encoded,
            zp_error *error)
{
    return batch->shard ? zp_shard_encode(batch, worker, t, encoded, error)
                        : zp_task_encode(batch, worker, t, encoded, error);
}

static int
write_in_hand(zp_batch *batch, zp_worker *worker, const zp_task *t, zp_error *error)
{
    const void *encoded;
    zp_bytes *result = &batch->encoded[t->number - batch->first];
    int64_t n = encode_task(batch, worker, t, &encoded, error);
    if (n < 0)
        return (int)n;
    if (!encoded) {
        set_outcome(batch, t, ZP_DELETED);
        return ZP_OK;
    }
    void *copy = zp_malloc((size_t)n);
    if (!copy)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    zp_tally_turn(t->tally, ZP_NS_COPY);
    memcpy(copy, encoded, (size_t)n);
    result->data = copy;
    result->nbytes = n;
    set_outcome(batch, t, ZP_DONE);
    return ZP_OK;
}

/* Publish new content, or the lack of it, under a lock that is held. */
static int
publish(zp_batch *batch, const zp_task *t, zp_lock *lock, const void *encoded, int64_t nbytes,
        zp_error *error)
{
    int status;
    zp_tally_turn(t->tally, ZP_NS_STORE);
    if (encoded)
        status = zp_lock_commit(batch->directory, t->key, lock, encoded, (size_t)nbytes,
                                batch->durability, error);
    else
        status = zp_lock_delete(batch->directory, t->key, lock, batch->durability, error);
    if (status < 0)
        return status;
    if (encoded)
        zp_tally_set(t->tally, nbytes);
    else
        zp_tally_add(t->tally, ZP_DELETES, 1);
    set_outcome(batch, t, encoded ? ZP_DONE : ZP_DELETED);
    return status;
}

/* The lock of the chunk, of an array that is still the same. */
static int
take_lock(zp_batch *batch, const zp_task *t, zp_lock *lock, zp_error *error)
{
    zp_tally_turn(t->tally, ZP_NS_STORE);
    int status = zp_watch_lock(batch->watch, batch->directory, t->key, batch->lock_timeout_ms,
                               &batch->cancel, lock, error);
    zp_tally_add(t->tally, ZP_NS_STORE, -lock->waited_ns);
    zp_tally_add(t->tally, ZP_NS_WAIT, lock->waited_ns);
    return status;
}

/* A whole chunk: encode first, so that the lock is held only while writing. */
static int
write_whole_file(zp_batch *batch, zp_worker *worker, const zp_task *t, zp_error *error)
{
    zp_lock lock;
    const void *encoded;
    int64_t n = encode_task(batch, worker, t, &encoded, error);
    if (n < 0)
        return (int)n;
    zp_tally_turn(t->tally, ZP_NS_STORE);
    if (!encoded && zp_file_is_absent(batch->directory, t->key)) {
        set_outcome(batch, t, ZP_DELETED); /* no lock file and no directories for nothing */
        return ZP_OK;
    }
    int status = take_lock(batch, t, &lock, error);
    return status < 0 ? status : publish(batch, t, &lock, encoded, n, error);
}

/* A part of a chunk: read, merge and write under the lock. */
static int
update_file(zp_batch *batch, zp_worker *worker, const zp_task *t, zp_error *error)
{
    zp_lock lock;
    const void *encoded;
    int status = take_lock(batch, t, &lock, error);
    if (status < 0)
        return status;
    int64_t n = encode_task(batch, worker, t, &encoded, error);
    if (n < 0) {
        zp_lock_drop(batch->directory, &lock);
        return (int)n;
    }
    return publish(batch, t, &lock, encoded, n, error);
}

static int
write_task(zp_batch *batch, zp_worker *worker, const zp_task *t, zp_error *error)
{
    if (batch->only_stored && !t->covered && !zp_task_is_stored(batch, t)) {
        set_outcome(batch, t, ZP_DELETED);
        return ZP_OK;
    }
    if (!batch->directory)
        return write_in_hand(batch, worker, t, error);
    if (t->covered)
        return write_whole_file(batch, worker, t, error);
    return update_file(batch, worker, t, error);
}

/* ---------------------------------------------------------------- loop ---- */

static int
run_task(zp_batch *batch, zp_worker *worker, int64_t number, zp_error *error)
{
    zp_task t;
    int status = zp_task_describe(batch, worker, number, &t, error);
    if (status < 0)
        return status;
    if (batch->kind == ZP_WRITE)
        return write_task(batch, worker, &t, error);
    return batch->shard ? zp_shard_read(batch, worker, &t, error)
                        : read_task(batch, worker, &t, error);
}

/* Keep the first error of all workers; the others stop at their next task. */
static void
record_error(zp_batch *batch, const zp_error *error, int64_t number)
{
    if (zp_atomic_exchange(&batch->failed, 1) == 0) {
        batch->error = *error;
        batch->error.task = number;
    }
}

static int
run_tasks(zp_batch *batch, zp_worker *worker, int64_t deadline_ms)
{
    while (!zp_atomic_load(&batch->cancel) && !zp_atomic_load(&batch->failed)) {
        int64_t turn = zp_atomic_add(&batch->cursor, 1) - batch->first;
        if (turn >= batch->last - batch->first)
            break;
        int64_t number = zp_task_in_turn(batch, turn);
        zp_error error = {0, -1, -1, -1, -1, 0, 0, NULL, -1, -1};
        int status = run_task(batch, worker, number, &error);
        if (status < 0) {
            record_error(batch, &error, number);
            return status;
        }
        if (deadline_ms >= 0 && zp_now_ms() >= deadline_ms)
            return ZP_TIME_IS_UP;
    }
    return ZP_OK;
}

int
zp_batch_run_for(zp_batch *batch, zp_worker *worker, int64_t ms)
{
    int64_t deadline = ms < 0 ? -1 : zp_now_ms() + ms;
    int status = batch->tally ? zp_tally_run(batch, worker, deadline, run_tasks)
                              : run_tasks(batch, worker, deadline);
    zp_worker_trim(worker, KEPT_NBYTES);
    return status;
}

int
zp_batch_run(zp_batch *batch, zp_worker *worker)
{
    return zp_batch_run_for(batch, worker, -1);
}
