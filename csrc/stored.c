/*
 * stored.c - the stored bytes of a task, and how many they may be
 *
 * A file may have any size, also one that takes no space on the disk: nobody
 * reads more of it than what the metadata tell can be decoded from.
 */
#include "atomic.h"
#include "batch.h"
#include "file.h"
#include "tally.h"

/* What is stored may be wider than elements, as numbers of 16 bytes for such of one are. */
#define WIDENING 16

int
zp_task_fail_size(zp_error *error, const zp_task *t, int64_t actual)
{
    error->expected = t->nbytes;
    error->actual = actual;
    return zp_task_fail(error, ZP_ERR_SIZE, NULL);
}

int64_t
zp_most_encoded(const zp_chain *chain, int64_t nbytes)
{
    for (int i = 0; i < chain->nsteps && nbytes >= 0; i++)
        nbytes = chain->steps[i].codec->bound(&chain->steps[i], (size_t)nbytes);
    return nbytes;
}

static int
may_be_stored(const zp_chain *chain, int64_t nbytes, int64_t stored)
{
    int64_t more = (int64_t)1 << 20;
    if (zp_is_any_length(chain))
        return stored <= chain->limit / 8 * 9 + more;
    return nbytes > (INT64_MAX - more) / WIDENING || stored <= WIDENING * nbytes + more ||
           stored <= zp_most_encoded(chain, nbytes);
}

int
zp_admit_stored(const zp_chain *chain, int64_t nbytes, int64_t stored, const char *detail,
                zp_error *error)
{
    if (may_be_stored(chain, nbytes, stored))
        return ZP_OK;
    if (!zp_is_any_length(chain))
        return zp_task_fail(error, ZP_ERR_CORRUPT, detail);
    error->step = 0; /* without others the bytes are its own */
    error->expected = chain->limit;
    return zp_task_fail(error, ZP_ERR_LIMIT, NULL);
}

int
zp_task_admits(const zp_batch *batch, const zp_task *t, int64_t nbytes, zp_error *error)
{
    if (batch->shard) /* who writes a part of one keeps what others have left between chunks */
        return ZP_OK;
    if (batch->chain.nsteps == 0)
        return nbytes <= t->nbytes ? ZP_OK : zp_task_fail_size(error, t, nbytes);
    return zp_admit_stored(&batch->chain, t->nbytes, nbytes,
                           "many times as many bytes are stored as decoded", error);
}

/* Stored bytes out of a file, of which no more is read than a chunk can have. */
static int64_t
fetch_file(zp_batch *batch, zp_worker *worker, const zp_task *t, void *into, const void **data,
           int *found, zp_error *error)
{
    zp_stat file;
    int64_t n;
    int fd = zp_file_open(batch->directory, t->key, &file, found, error);
    *data = NULL;
    if (fd < 0)
        return *found ? error->status : ZP_OK;
    if (zp_task_admits(batch, t, file.size, error) < 0) {
        n = error->status;
    } else if (into && file.size == t->nbytes) {
        *data = into;
        n = zp_file_fill(fd, 0, file.size, into, error);
    } else {
        n = zp_file_load(fd, 0, file.size, worker, data, error);
    }
    zp_close(fd);
    return n;
}

int64_t
zp_task_fetch(zp_batch *batch, zp_worker *worker, const zp_task *t, void *into, const void **data,
              int *found, zp_error *error)
{
    int64_t n;
    zp_tally_turn(t->tally, ZP_NS_STORE);
    if (batch->directory) {
        n = fetch_file(batch, worker, t, into, data, found, error);
        zp_tally_get(t->tally, n);
    } else {
        const zp_bytes *stored = &batch->stored[t->number - batch->first];
        *data = stored->data;
        *found = stored->data != NULL;
        n = stored->nbytes;
        if (*found && zp_is_any_length(&batch->chain) && zp_task_admits(batch, t, n, error) < 0)
            n = error->status; /* codecs tell it of chunks whose size is known */
    }
    if (n > 0 && *found)
        zp_atomic_add(&batch->nbytes_stored, n);
    return n;
}
