/*
 * lock.c - replace, change or delete the value of a key, alone and at once
 *
 * The lock of KEY is an advisory lock on the file KEY.__lock, which is also the
 * temporary file that becomes KEY: renaming it publishes the new value and
 * releases the lock in one step.  Whoever gets the lock therefore checks that
 * the file it locked is still the one named KEY.__lock; if not, it was renamed
 * or removed by the holder before, and the race begins anew.  TensorStore's
 * file driver keeps the same protocol, so its writers and ours exclude each
 * other.  A file left by a killed process holds no lock and is simply taken.
 */
#include "lock.h"
#include "atomic.h"
#include "file.h"
#include "replaced.h"

#include <errno.h>
#include <string.h>

#define SUFFIX ".__lock"

/*
 * Bytes of one call that writes.  For more, Linux takes pages of 2 MiB, which in a
 * virtual machine often are not there yet: its host made 4 MB in 33 ms, not in 1.3.
 */
#define AT_ONCE ((int64_t)512 << 10)

/* Make the directories on the way to `key`. */
static int
make_parents(const zp_directory *directory, const char *key)
{
    char path[ZP_MAX_KEY];
    for (size_t i = 0; key[i]; i++) {
        path[i] = key[i];
        if (key[i] != '/' || i == 0)
            continue;
        path[i] = '\0';
        if (zp_make_directory(directory, path) != 0 && errno != EEXIST)
            return -1;
        path[i] = '/';
    }
    return 0;
}

/* Another process may remove an empty directory that we have just made: try again. */
int
zp_file_make(const zp_directory *directory, const char *name)
{
    int fd = zp_open_lock(directory, name);
    for (int attempt = 0; attempt < 16 && fd < 0 && errno == ENOENT; attempt++)
        if (make_parents(directory, name) == 0)
            fd = zp_open_lock(directory, name);
    return fd;
}

/* Whether the open file is (still) the one of that name. */
static int
is_current(const zp_directory *directory, int fd, const char *name, zp_stat *ours)
{
    zp_stat named;
    return zp_fstat(fd, ours) == 0 && zp_stat_key(directory, name, 0, &named) == 0 &&
           ours->inode == named.inode && ours->device == named.device;
}

/* Whether to go on trying. */
static int
check_patience(int64_t deadline_ms, volatile int32_t *cancel, zp_error *error)
{
    if (cancel && zp_atomic_load(cancel))
        return zp_fail_file(error, ZP_ERR_CANCELLED, NULL);
    if (deadline_ms >= 0 && zp_now_ms() >= deadline_ms)
        return zp_fail_file(error, ZP_ERR_LOCK_TIMEOUT, NULL);
    return ZP_OK;
}

/* Wait for the lock of the open file; pauses grow from 1 to 16 ms. */
static int
wait_for_lock(zp_lock *lock, int64_t deadline_ms, volatile int32_t *cancel, zp_error *error)
{
    for (int pause = 1;; pause = pause < 16 ? 2 * pause : 16) {
        int taken = zp_try_lock(lock->fd);
        if (taken == 1)
            return ZP_OK;
        if (taken < 0)
            return zp_fail_io(error, "lock");
        int status = check_patience(deadline_ms, cancel, error);
        if (status < 0)
            return status;
        int64_t before = zp_now_ns();
        zp_pause_ms(pause);
        lock->waited_ns += zp_now_ns() - before;
    }
}

/* The name of the lock file of a key into ZP_MAX_KEY bytes; 0 when it is too long. */
static int
name_lock(const char *key, char *name)
{
    size_t length = strlen(key);
    if (length + sizeof SUFFIX > ZP_MAX_KEY)
        return 0;
    memcpy(name, key, length);
    memcpy(name + length, SUFFIX, sizeof SUFFIX);
    return 1;
}

int
zp_lock_exists(const zp_directory *directory, const char *key)
{
    char name[ZP_MAX_KEY];
    return name_lock(key, name) && !zp_file_is_absent(directory, name);
}

int
zp_lock_take(const zp_directory *directory, const char *key, int64_t timeout_ms,
             volatile int32_t *cancel, zp_lock *lock, zp_error *error)
{
    int64_t deadline = timeout_ms < 0 ? -1 : zp_now_ms() + timeout_ms;
    lock->waited_ns = 0;
    if (!name_lock(key, lock->name))
        return zp_fail_file(error, ZP_ERR_TOO_LARGE, "the key is too long");
    for (;;) {
        zp_stat ours;
        lock->fd = zp_file_make(directory, lock->name);
        if (lock->fd < 0)
            return zp_fail_make(directory, lock->name, error);
        int status = wait_for_lock(lock, deadline, cancel, error);
        if (status == ZP_OK && is_current(directory, lock->fd, lock->name, &ours)) {
            if (!ours.is_regular) {
                zp_close(lock->fd);
                return zp_fail_file(error, ZP_ERR_NOT_FILE, NULL);
            }
            if (ours.size == 0 || zp_truncate(lock->fd) == 0) /* a dead writer's bytes */
                return ZP_OK;
            status = zp_fail_io(error, "truncate");
        }
        zp_close(lock->fd);
        if (status == ZP_OK)
            status = check_patience(deadline, cancel, error);
        if (status < 0)
            return status;
    }
}

/* Whether there was no room, and there may be some now that was that of replaced files. */
static int
makes_room(void)
{
    int full = errno == ENOSPC;
#ifdef EDQUOT
    full |= errno == EDQUOT;
#endif
    return full && zp_replaced_settle();
}

int
zp_file_put(int fd, const void *data, int64_t nbytes)
{
    int64_t done = 0;
    while (done < nbytes) {
        int64_t left = nbytes - done;
        int64_t n = zp_write(fd, (const char *)data + done, left < AT_ONCE ? left : AT_ONCE);
        if (n < 0 && (errno == EINTR || makes_room()))
            continue;
        if (n < 0)
            return -1;
        done += n;
    }
    return 0;
}

/* Remove the lock file, then its lock: the order keeps others from taking a dead name. */
void
zp_lock_drop(const zp_directory *directory, zp_lock *lock)
{
    if (lock->fd < 0)
        return;
    zp_remove(directory, lock->name);
    zp_close(lock->fd);
    lock->fd = -1;
}

/* The reason is noted before cleaning up, which may change errno. */
int
zp_lock_fail(const zp_directory *directory, zp_lock *lock, zp_error *error, const char *what)
{
    int status = zp_fail_io(error, what);
    zp_lock_drop(directory, lock);
    return status;
}

/* Nothing but a file may stand at a key: a directory or a device there is not ours to replace. */
static int
check_target(const zp_directory *directory, const char *key, zp_error *error)
{
    zp_stat info;
    if (zp_stat_key(directory, key, 1, &info) == 0 && !info.is_regular)
        return zp_fail_file(error, ZP_ERR_NOT_FILE, NULL);
    return ZP_OK;
}

int
zp_lock_check(const zp_directory *directory, const char *key, zp_lock *lock, zp_error *error)
{
    int status = check_target(directory, key, error);
    if (status < 0)
        zp_lock_drop(directory, lock);
    return status;
}

int
zp_lock_publish(const zp_directory *directory, const char *key, zp_lock *lock, int durability,
                zp_error *error)
{
    if (durability != ZP_ATOMIC && zp_sync(lock->fd) != 0)
        return zp_lock_fail(directory, lock, error, "sync");
    int old = zp_replaced_hold(directory, key);
    int renamed = zp_rename(directory, lock->name, key);
    zp_replaced_leave(old);
    if (renamed != 0)
        return zp_lock_fail(directory, lock, error, "rename");
    int closed = zp_close(lock->fd);
    lock->fd = -1;
    if (closed != 0)
        return zp_fail_io(error, "close");
    if (durability == ZP_DURABLE && zp_sync_parent(directory, key) != 0)
        return zp_fail_io(error, "sync of the directory");
    return ZP_OK;
}

int
zp_lock_commit(const zp_directory *directory, const char *key, zp_lock *lock, const void *data,
               size_t nbytes, int durability, zp_error *error)
{
    int status = zp_lock_check(directory, key, lock, error);
    if (status < 0)
        return status;
    if (zp_file_put(lock->fd, data, (int64_t)nbytes) != 0)
        return zp_lock_fail(directory, lock, error, "write");
    return zp_lock_publish(directory, key, lock, durability, error);
}

int
zp_lock_delete(const zp_directory *directory, const char *key, zp_lock *lock, int durability,
               zp_error *error)
{
    int status = zp_lock_check(directory, key, lock, error);
    if (status < 0)
        return status;
    int old = zp_replaced_hold(directory, key);
    int removed = zp_remove(directory, key);
    zp_replaced_leave(old);
    if (removed != 0 && errno != ENOENT)
        return zp_lock_fail(directory, lock, error, "delete");
    zp_lock_drop(directory, lock);
    if (durability == ZP_DURABLE && zp_sync_parent(directory, key) != 0)
        return zp_fail_io(error, "sync of the directory");
    return ZP_OK;
}
