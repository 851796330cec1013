/*
 * task_cache.c - read chunks by way of the cache
 *
 * A chunk's file is opened in any case: that tells its state, and whether it is
 * there at all.  What is read and decoded only when that state is new is its
 * content.
 */
#include "atomic.h"
#include "batch.h"
#include "tally.h"

#include <string.h>

/* Copy the selected part of a decoded chunk. */
static void
place_entry(zp_batch *batch, const zp_task *t, zp_entry *entry)
{
    zp_task_scatter(batch, t, zp_entry_data(entry) + t->offset);
    zp_cache_release(batch->cache, entry);
}

zp_cache_key
zp_task_cache_key(const zp_batch *batch, const zp_task *t, const zp_stat *file, int64_t position)
{
    return (zp_cache_key){
        .file = *file, .chain = batch->chain_number, .position = position, .nbytes = t->nbytes};
}

int
zp_task_recall(zp_batch *batch, const zp_task *t, const zp_cache_key *key)
{
    zp_entry *entry = zp_cache_find(batch->cache, key);
    if (entry) {
        zp_tally_add(t->tally, ZP_CHUNKS_CACHED, 1);
        place_entry(batch, t, entry);
    }
    return entry != NULL;
}

int
zp_task_keep(zp_batch *batch, zp_worker *worker, const zp_task *t, const zp_cache_key *key,
             const void *data, int64_t n, zp_error *error)
{
    zp_entry *entry = zp_cache_reserve(batch->cache, key);
    if (!entry)
        return zp_task_place(batch, worker, t, data, n, error);
    const char *decoded = zp_task_decode(batch, worker, t, data, n, zp_entry_data(entry), error);
    if (!decoded) {
        zp_cache_release(batch->cache, entry);
        return error->status;
    }
    if (decoded != zp_entry_data(entry))
        memcpy(zp_entry_data(entry), decoded, (size_t)t->nbytes);
    zp_cache_keep(batch->cache, entry);
    place_entry(batch, t, entry);
    return ZP_OK;
}

static int
is_same_state(const zp_stat *a, const zp_stat *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->modified_ns == b->modified_ns && a->changed_ns == b->changed_ns;
}

int
zp_task_read_cached(zp_batch *batch, zp_worker *worker, const zp_task *t, int *found,
                    zp_error *error)
{
    zp_stat file, seen;
    zp_cache_key key;
    zp_tally_turn(t->tally, ZP_NS_STORE);
    int looked = zp_stat_local(batch->directory, t->key, &seen);
    if (looked) {
        key = zp_task_cache_key(batch, t, &seen, ZP_POSITION_FILE);
        *found = zp_task_recall(batch, t, &key);
        if (*found)
            return ZP_OK;
    }
    int fd = zp_file_open(batch->directory, t->key, &file, found, error);
    if (fd < 0) {
        zp_tally_get(t->tally, 0);
        return *found ? error->status : ZP_OK;
    }
    int missed = looked && is_same_state(&seen, &file);
    int status = ZP_OK;
    key = zp_task_cache_key(batch, t, &file, ZP_POSITION_FILE);
    if (missed || !zp_task_recall(batch, t, &key)) {
        const void *data;
        int64_t n = zp_task_admits(batch, t, file.size, error);
        if (n == ZP_OK)
            n = zp_file_load(fd, 0, file.size, worker, &data, error);
        zp_tally_get(t->tally, n);
        if (n > 0)
            zp_atomic_add(&batch->nbytes_stored, n);
        status = n < 0 ? (int)n : zp_task_keep(batch, worker, t, &key, data, n, error);
    }
    zp_close(fd);
    return status;
}
