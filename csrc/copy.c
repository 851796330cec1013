/*
 * copy.c - the bytes of a file become the value of a key
 *
 * Where the system copies from file to file, nothing passes through memory: a
 * file system that can share blocks shares them.  Where it does not, because
 * it is old, or the files lie on different kinds of disks, they are read and
 * written in pieces.  What fails there fails for a reason that can be told.
 */
#include "copy.h"

#include "atomic.h"
#include "file.h"

#include <errno.h>

/* So much is copied before somebody may stop it, and so much is in memory at once. */
#define STRETCH (64 << 20)
#define PIECE (1 << 20)

/* By the system alone: how many bytes, from the front on, it has copied. */
static int64_t
copy_inside(int from, int into, int64_t nbytes, const zp_source *source)
{
    int64_t done = 0;
    while (done < nbytes && !zp_atomic_load(&source->cancel)) {
        int64_t left = nbytes - done;
        int64_t n = zp_copy_range(from, into, left < STRETCH ? left : STRETCH);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += n;
    }
    return done;
}

static int
copy_piece(int from, int into, int64_t at, int64_t nbytes, void *piece, zp_source *source,
           zp_error *error)
{
    source->to_blame = 1;
    if (zp_file_fill(from, at, nbytes, piece, error) < 0)
        return error->status;
    source->to_blame = 0;
    return zp_file_put(into, piece, nbytes) == 0 ? ZP_OK : zp_fail_io(error, "write");
}

/* What the system does not copy goes through memory. */
static int
copy_all(int from, int into, int64_t nbytes, zp_source *source, zp_worker *worker, zp_error *error)
{
    int64_t done = copy_inside(from, into, nbytes, source);
    if (done == nbytes)
        return ZP_OK;
    void *piece = zp_worker_scratch(worker, ZP_SLOT_FILE, PIECE);
    if (!piece)
        return zp_fail_file(error, ZP_ERR_MEMORY, NULL);
    while (done < nbytes) {
        if (zp_atomic_load(&source->cancel))
            return zp_fail_file(error, ZP_ERR_CANCELLED, NULL);
        int64_t n = nbytes - done < PIECE ? nbytes - done : PIECE;
        int status = copy_piece(from, into, done, n, piece, source, error);
        if (status < 0)
            return status;
        done += n;
    }
    return ZP_OK;
}

int64_t
zp_lock_copy(const zp_directory *directory, const char *key, zp_lock *lock, zp_source *source,
             zp_worker *worker, int durability, zp_error *error)
{
    zp_stat info;
    int status = zp_lock_check(directory, key, lock, error);
    source->found = 1;
    source->to_blame = 0;
    if (status < 0)
        return status;
    int from = zp_file_open(source->directory, source->key, &info, &source->found, error);
    if (from < 0) {
        zp_lock_drop(directory, lock);
        source->to_blame = source->found;
        return source->found ? error->status : 0;
    }
    status = copy_all(from, lock->fd, info.size, source, worker, error);
    zp_close(from);
    if (status < 0)
        zp_lock_drop(directory, lock);
    else
        status = zp_lock_publish(directory, key, lock, durability, error);
    return status < 0 ? status : info.size;
}

/* What was not written whole is removed. */
static int
end_unmet(const zp_directory *directory, const char *key, int into, int status, int durability,
          zp_error *error)
{
    if (status >= 0 && durability != ZP_ATOMIC && zp_sync(into) != 0)
        status = zp_fail_io(error, "sync");
    if (zp_close(into) != 0 && status >= 0)
        status = zp_fail_io(error, "close");
    if (status < 0)
        zp_remove(directory, key);
    return status;
}

int64_t
zp_copy_unmet(const zp_directory *directory, const char *key, zp_source *source, zp_worker *worker,
              int durability, zp_error *error)
{
    zp_stat info;
    source->to_blame = 1;
    int from = zp_file_open(source->directory, source->key, &info, &source->found, error);
    if (from < 0)
        return source->found ? error->status : 0;
    source->to_blame = 0;
    int into = zp_file_make(directory, key);
    int status = into < 0 ? zp_fail_io(error, "open") : ZP_OK;
    if (status >= 0) {
        status = copy_all(from, into, info.size, source, worker, error);
        status = end_unmet(directory, key, into, status, durability, error);
    }
    zp_close(from);
    return status < 0 ? status : info.size;
}
