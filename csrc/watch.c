/*
 * watch.c - look at the document of an array before something is written to it
 *
 * Who has opened an array knows its shape, its chunks and its codecs.  Others
 * may meanwhile delete it, put another one in its place, or change its shape.
 * All of them write the document, so its file is another one then, or has other
 * times.  That is one system call a chunk; only when the file has changed, the
 * document is read.
 */
#include "watch.h"
#include "atomic.h"

void
zp_watch_add(zp_watch *watch, const zp_stat *state)
{
    if (zp_atomic_exchange(&watch->adding, 1) != 0)
        return;
    int32_t n = zp_atomic_load(&watch->nstates);
    if (n < ZP_WATCH_STATES) {
        watch->states[n] = *state;
        zp_atomic_exchange(&watch->nstates, n + 1);
    }
    zp_atomic_exchange(&watch->adding, 0);
}

static int
is_unchanged(zp_watch *watch, const zp_directory *directory)
{
    zp_stat now;
    int32_t n = zp_atomic_load(&watch->nstates);
    if (n == 0 || zp_stat_key(directory, watch->document, 1, &now) != 0)
        return 0;
    const zp_stat *known = &watch->states[n - 1];
    return now.inode == known->inode && now.device == known->device && now.size == known->size &&
           now.modified_ns == known->modified_ns && now.changed_ns == known->changed_ns;
}

/* Whether what is written would go where it is meant to. */
static int
may_write(zp_watch *watch, const zp_directory *directory)
{
    if (is_unchanged(watch, directory) &&
        (!watch->marker || zp_file_is_absent(directory, watch->marker)))
        return 1;
    return watch->confirm(watch->context) == 0;
}

int
zp_watch_lock(zp_watch *watch, const zp_directory *directory, const char *key, int64_t timeout_ms,
              volatile int32_t *cancel, zp_lock *lock, zp_error *error)
{
    int status = zp_lock_take(directory, key, timeout_ms, cancel, lock, error);
    if (status != ZP_OK || !watch)
        return status;
    zp_atomic_exchange(&watch->asked, 1);
    if (may_write(watch, directory))
        return ZP_OK;
    zp_lock_drop(directory, lock);
    return zp_fail_file(error, ZP_ERR_STALE, NULL);
}
