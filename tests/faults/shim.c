/*
 * shim.c - stands between a process and the system, when it is preloaded
 *
 * Calls that touch files below one directory are counted, and one of them can
 * be made to fail, to do half of its work, or to be the last thing that the
 * process does; the calls that change something can be written down.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define KILL (-1) /* instead of an error: the process ends */
#define HALF (-2) /* the call does half of what it was asked for */

static struct {
    char root[PATH_MAX]; /* empty: nothing is watched */
    long nth;            /* that fails; 0: none */
    long seen;
    int error;
    int fired;
    char what[16]; /* kind of call that failed; of those to count, or "" for all */
    char only[16];
    int log; /* -1: nothing is written down */
    int without_locks;
} shim = {.log = -1};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

/* ---------------------------------------------------------- what is asked ---- */

void
shim_watch(const char *root, const char *only, long nth, int error)
{
    pthread_mutex_lock(&order);
    snprintf(shim.root, sizeof shim.root, "%s", root);
    snprintf(shim.only, sizeof shim.only, "%s", only);
    shim.nth = nth;
    shim.error = error;
    shim.seen = shim.fired = 0;
    shim.what[0] = '\0';
    pthread_mutex_unlock(&order);
}

long
shim_seen(void)
{
    return shim.seen;
}

int
shim_fired(void)
{
    return shim.fired;
}

const char *
shim_what(void)
{
    return shim.what;
}

void
shim_log(int fd)
{
    shim.log = fd;
}

void
shim_without_locks(int without)
{
    shim.without_locks = without;
}

/* ------------------------------------------------------------ what it sees ---- */

/* The path of a name below an open directory; empty when it is not watched. */
static void
place_of(int directory, const char *name, char *path)
{
    char link[64];
    ssize_t n = 0;
    path[0] = '\0';
    if (!shim.root[0])
        return;
    if (!name || name[0] != '/') {
        if (directory == AT_FDCWD)
            return; /* nothing that is watched is reached from there */
        snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        n = readlink(link, path, PATH_MAX - 1);
        n = n < 0 ? 0 : n;
        path[n] = '\0';
    }
    if (name)
        snprintf(path + n, (size_t)(PATH_MAX - n), "%s%s", n ? "/" : "", name);
    if (strncmp(path, shim.root, strlen(shim.root)) != 0)
        path[0] = '\0';
}

/* Whether this call is the one that fails; `order` is held. */
static int
is_chosen(const char *what, const char *path)
{
    if (!path[0] || (shim.only[0] && strcmp(shim.only, what) != 0))
        return 0;
    shim.seen++;
    if (shim.nth != shim.seen)
        return 0;
    shim.fired = 1;
    snprintf(shim.what, sizeof shim.what, "%s", what);
    if (shim.error == KILL)
        kill(getpid(), SIGKILL);
    errno = shim.error;
    return 1;
}

static int
fails(const char *what, int directory, const char *name, char *path)
{
    if (!shim.root[0]) {
        path[0] = '\0';
        return 0;
    }
    place_of(directory, name, path);
    return is_chosen(what, path) && shim.error != HALF;
}

static void
put(const void *data, size_t nbytes)
{
    const char *p = data;
    while (nbytes > 0) {
        ssize_t n = syscall(SYS_write, shim.log, p, nbytes);
        if (n <= 0)
            abort();
        p += n;
        nbytes -= (size_t)n;
    }
}

/* Write a call down that has changed something: kind, path, two numbers, and what follows. */
static void
note(const char *what, const char *path, long a, long b, const void *data, size_t nbytes)
{
    char line[PATH_MAX + 100];
    int saved = errno;
    if (shim.log >= 0 && path[0]) {
        int n = snprintf(line, sizeof line, "%s\t%s\t%ld\t%ld\t%zu\n", what, path, a, b, nbytes);
        put(line, (size_t)n);
        put(data, nbytes);
        put("\n", 1);
    }
    errno = saved;
}

void
shim_mark(long number)
{
    pthread_mutex_lock(&order);
    note("mark", "/", number, 0, "", 0);
    pthread_mutex_unlock(&order);
}

static long
inode_of(int fd)
{
    struct stat info;
    return syscall(SYS_newfstatat, fd, "", &info, AT_EMPTY_PATH) == 0 ? (long)info.st_ino : 0;
}

/* --------------------------------------------------------------- the calls ---- */

#define ENTER                                                                                      \
    char path[PATH_MAX];                                                                           \
    pthread_mutex_lock(&order)

#define LEAVE(result)                                                                              \
    do {                                                                                           \
        int saved_ = errno;                                                                        \
        pthread_mutex_unlock(&order);                                                              \
        errno = saved_;                                                                            \
        return result;                                                                             \
    } while (0)

static int
open_at(int directory, const char *name, int flags, mode_t mode)
{
    int fd = -1, is_new = 0;
    struct stat info;
    ENTER;
    if (!fails("open", directory, name, path)) {
        if (path[0] && (flags & O_CREAT))
            is_new = syscall(SYS_newfstatat, directory, name, &info, AT_SYMLINK_NOFOLLOW) != 0;
        fd = (int)syscall(SYS_openat, directory, name, flags, mode);
        if (fd >= 0 && is_new)
            note("create", path, inode_of(fd), 0, "", 0);
        if (fd >= 0 && !is_new && (flags & O_TRUNC))
            note("truncate", path, inode_of(fd), 0, "", 0);
    }
    LEAVE(fd);
}

#define MODE                                                                                       \
    mode_t mode = 0;                                                                               \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                         \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }

int
open(const char *name, int flags, ...)
{
    MODE;
    return open_at(AT_FDCWD, name, flags, mode);
}

int
openat(int directory, const char *name, int flags, ...)
{
    MODE;
    return open_at(directory, name, flags, mode);
}

int open64(const char *, int, ...) __attribute__((alias("open")));
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));

static ssize_t
write_at(int fd, const void *data, size_t nbytes, off_t offset)
{
    ssize_t n = -1;
    ENTER;
    if (!fails("write", fd, NULL, path)) {
        long at = offset < 0 && path[0] ? lseek(fd, 0, SEEK_CUR) : offset;
        if (shim.fired && shim.error == HALF && nbytes > 1 && path[0])
            nbytes /= 2;
        n = offset < 0 ? syscall(SYS_write, fd, data, nbytes)
                       : syscall(SYS_pwrite64, fd, data, nbytes, offset);
        if (n > 0)
            note("write", path, inode_of(fd), at, data, (size_t)n);
    }
    LEAVE(n);
}

ssize_t
write(int fd, const void *data, size_t nbytes)
{
    return shim.root[0] ? write_at(fd, data, nbytes, -1) : syscall(SYS_write, fd, data, nbytes);
}

ssize_t
pwrite(int fd, const void *data, size_t nbytes, off_t offset)
{
    return write_at(fd, data, nbytes, offset);
}

ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));

/* Fewer bytes than asked for may be written: only the first part that has any are. */
ssize_t
pwritev(int fd, const struct iovec *parts, int n, off_t offset)
{
    while (n > 1 && parts->iov_len == 0)
        parts++, n--;
    return n > 0 ? write_at(fd, parts->iov_base, parts->iov_len, offset) : 0;
}

ssize_t pwritev64(int, const struct iovec *, int, off_t) __attribute__((alias("pwritev")));
ssize_t
pwritev2(int fd, const struct iovec *parts, int n, off_t offset, int flags)
{
    (void)flags;
    return pwritev(fd, parts, n, offset);
}

ssize_t pwritev64v2(int, const struct iovec *, int, off_t, int) __attribute__((alias("pwritev2")));

/* Write down what was copied: the bytes are asked for again, a few at a time. */
static void
note_copy(const char *path, int into, long at, int from, off_t from_at, ssize_t nbytes)
{
    static char piece[1 << 16]; /* `order` is held */
    char line[PATH_MAX + 100];
    if (shim.log < 0 || !path[0])
        return;
    int n = snprintf(line, sizeof line, "write\t%s\t%ld\t%ld\t%zd\n", path, inode_of(into), at,
                     nbytes);
    put(line, (size_t)n);
    while (nbytes > 0) {
        size_t most = nbytes < (ssize_t)sizeof piece ? (size_t)nbytes : sizeof piece;
        ssize_t some = syscall(SYS_pread64, from, piece, most, from_at);
        if (some <= 0)
            abort();
        put(piece, (size_t)some);
        from_at += some;
        nbytes -= some;
    }
    put("\n", 1);
}

/* It is a call of the file that is written. */
ssize_t
copy_file_range(int from, off64_t *from_at, int into, off64_t *into_at, size_t nbytes,
                unsigned flags)
{
    ssize_t n = -1;
    ENTER;
    if (!fails("copy", into, NULL, path)) {
        off_t begin = from_at || !path[0] ? 0 : lseek(from, 0, SEEK_CUR);
        off_t at = into_at || !path[0] ? 0 : lseek(into, 0, SEEK_CUR);
        begin = from_at ? *from_at : begin;
        at = into_at ? *into_at : at;
        if (shim.fired && shim.error == HALF && nbytes > 1 && path[0])
            nbytes /= 2;
        n = syscall(SYS_copy_file_range, from, from_at, into, into_at, nbytes, flags);
        if (n > 0)
            note_copy(path, into, at, from, begin, n);
    }
    LEAVE(n);
}

/* Reading may wait, on a pipe for what another thread writes: only the decision is in order. */
static ssize_t
read_at(int fd, void *into, size_t nbytes, off_t offset)
{
    if (shim.root[0]) {
        ENTER;
        int failed = fails("read", fd, NULL, path);
        int saved = errno;
        if (shim.fired && shim.error == HALF && nbytes > 1 && path[0])
            nbytes /= 2;
        pthread_mutex_unlock(&order);
        errno = saved;
        if (failed)
            return -1;
    }
    return offset < 0 ? syscall(SYS_read, fd, into, nbytes)
                      : syscall(SYS_pread64, fd, into, nbytes, offset);
}

ssize_t
read(int fd, void *into, size_t nbytes)
{
    return read_at(fd, into, nbytes, -1);
}

ssize_t
pread(int fd, void *into, size_t nbytes, off_t offset)
{
    return read_at(fd, into, nbytes, offset);
}

ssize_t pread64(int, void *, size_t, off_t) __attribute__((alias("pread")));

#define SYNC(NAME)                                                                                 \
    int NAME(int fd)                                                                               \
    {                                                                                              \
        int status = -1;                                                                           \
        ENTER;                                                                                     \
        if (!fails("sync", fd, NULL, path)) {                                                      \
            status = (int)syscall(SYS_##NAME, fd);                                                 \
            if (status == 0)                                                                       \
                note("sync", path, inode_of(fd), 0, "", 0);                                        \
        }                                                                                          \
        LEAVE(status);                                                                             \
    }

SYNC(fsync)
SYNC(fdatasync)

int
ftruncate(int fd, off_t size)
{
    int status = -1;
    ENTER;
    if (!fails("truncate", fd, NULL, path)) {
        status = (int)syscall(SYS_ftruncate, fd, size);
        if (status == 0)
            note("truncate", path, inode_of(fd), size, "", 0);
    }
    LEAVE(status);
}

int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));

int
renameat(int directory, const char *name, int into, const char *new_name)
{
    int status = -1;
    char target[PATH_MAX];
    ENTER;
    place_of(into, new_name, target);
    if (!fails("rename", directory, name, path)) {
        status = (int)syscall(SYS_renameat, directory, name, into, new_name);
        if (status == 0)
            note("rename", path, 0, 0, target, strlen(target));
    }
    LEAVE(status);
}

int
rename(const char *name, const char *new_name)
{
    return renameat(AT_FDCWD, name, AT_FDCWD, new_name);
}

int
unlinkat(int directory, const char *name, int flags)
{
    int status = -1;
    ENTER;
    if (!fails("unlink", directory, name, path)) {
        status = (int)syscall(SYS_unlinkat, directory, name, flags);
        if (status == 0)
            note(flags & AT_REMOVEDIR ? "rmdir" : "unlink", path, 0, 0, "", 0);
    }
    LEAVE(status);
}

int
unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int
rmdir(const char *name)
{
    return unlinkat(AT_FDCWD, name, AT_REMOVEDIR);
}

int
mkdirat(int directory, const char *name, mode_t mode)
{
    int status = -1;
    struct stat info;
    ENTER;
    if (!fails("mkdir", directory, name, path)) {
        status = (int)syscall(SYS_mkdirat, directory, name, mode);
        if (status == 0 && syscall(SYS_newfstatat, directory, name, &info, 0) == 0)
            note("mkdir", path, (long)info.st_ino, 0, "", 0);
    }
    LEAVE(status);
}

int
mkdir(const char *name, mode_t mode)
{
    return mkdirat(AT_FDCWD, name, mode);
}

int
close(int fd)
{
    int failed;
    ENTER;
    failed = fails("close", fd, NULL, path);
    int status = (int)syscall(SYS_close, fd);
    if (failed) {
        errno = shim.error;
        status = -1;
    }
    LEAVE(status);
}

int
fcntl(int fd, int command, ...)
{
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (command == F_OFD_SETLK || command == F_SETLK) {
        if (shim.without_locks)
            return 0;
        ENTER;
        int failed = fails("lock", fd, NULL, path);
        int status = failed ? -1 : (int)syscall(SYS_fcntl, fd, command, argument);
        LEAVE(status);
    }
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

int fcntl64(int, int, ...) __attribute__((alias("fcntl")));

static int
stat_at(int directory, const char *name, struct stat *info, int flags)
{
    int status = -1;
    ENTER;
    if (!fails("stat", directory, flags & AT_EMPTY_PATH ? NULL : name, path))
        status = (int)syscall(SYS_newfstatat, directory, name, info, flags);
    LEAVE(status);
}

int
fstatat(int directory, const char *name, struct stat *info, int flags)
{
    return stat_at(directory, name, info, flags);
}

int
fstat(int fd, struct stat *info)
{
    return stat_at(fd, "", info, AT_EMPTY_PATH);
}

int
stat(const char *name, struct stat *info)
{
    return stat_at(AT_FDCWD, name, info, 0);
}

int
lstat(const char *name, struct stat *info)
{
    return stat_at(AT_FDCWD, name, info, AT_SYMLINK_NOFOLLOW);
}

struct stat64;
int fstatat64(int, const char *, struct stat64 *, int) __attribute__((alias("fstatat")));
int fstat64(int, struct stat64 *) __attribute__((alias("fstat")));
int stat64(const char *, struct stat64 *) __attribute__((alias("stat")));
int lstat64(const char *, struct stat64 *) __attribute__((alias("lstat")));
