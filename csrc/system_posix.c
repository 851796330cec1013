/* system_posix.c - file.h on Linux, macOS and their relatives */
#if !defined(_WIN32)
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "atomic.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/sysmacros.h>
#endif
#include <time.h>
#include <unistd.h>

int
zp_open_read(const zp_directory *directory, const char *key)
{
    /* without O_NONBLOCK, opening a pipe would wait for a writer */
    return openat(directory->fd, key, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

int
zp_open_lock(const zp_directory *directory, const char *key)
{
    return openat(directory->fd, key,
                  O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0666);
}

#if defined(__APPLE__)
#define MODIFIED st_mtimespec
#define CHANGED st_ctimespec
#else
#define MODIFIED st_mtim
#define CHANGED st_ctim
#endif

static int64_t
nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static void
describe(const struct stat *from, zp_stat *info)
{
    info->size = from->st_size;
    info->device = (uint64_t)from->st_dev;
    info->inode = (uint64_t)from->st_ino;
    info->modified_ns = nanoseconds(&from->MODIFIED);
    info->changed_ns = nanoseconds(&from->CHANGED);
    info->is_regular = S_ISREG(from->st_mode);
    info->is_directory = S_ISDIR(from->st_mode);
}

int
zp_fstat(int fd, zp_stat *info)
{
    struct stat result;
    if (fstat(fd, &result) != 0)
        return -1;
    describe(&result, info);
    return 0;
}

int
zp_stat_key(const zp_directory *directory, const char *key, int follow, zp_stat *info)
{
    struct stat result;
    if (fstatat(directory->fd, key, &result, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    describe(&result, info);
    return 0;
}

/* After a file that is not local most others are not, either: so many are not looked at. */
#define UNLOOKED 31

int
zp_stat_local(const zp_directory *directory, const char *key, zp_stat *info)
{
#if defined(__linux__)
    static volatile int32_t unlooked;
    struct stat result;
    int32_t left = zp_atomic_load(&unlooked);
    if (left > 0) {
        zp_atomic_exchange(&unlooked, left - 1);
        return 0;
    }
    if (fstatat(directory->fd, key, &result, 0) != 0 || !S_ISREG(result.st_mode))
        return 0;
    describe(&result, info);
    if (major(result.st_dev) != 0)
        return 1;
    zp_atomic_exchange(&unlooked, UNLOOKED); /* without a device it may be in a network */
    return 0;
#else
    (void)directory, (void)key, (void)info;
    return 0;
#endif
}

int64_t
zp_pread(int fd, void *into, int64_t nbytes, int64_t offset)
{
    /* Linux moves at most 2 GiB a call; macOS refuses more */
    size_t most = 1u << 30;
    return pread(fd, into, (uint64_t)nbytes < most ? (size_t)nbytes : most, offset);
}

int64_t
zp_write(int fd, const void *data, int64_t nbytes)
{
    size_t most = 1u << 30;
    return write(fd, data, (uint64_t)nbytes < most ? (size_t)nbytes : most);
}

/* Older libraries of C have no name for it. */
#if defined(__linux__) && defined(__GLIBC__)
#if __GLIBC_PREREQ(2, 27)
#define COPIES_RANGES
#endif
#elif defined(__linux__)
#define COPIES_RANGES
#endif

int64_t
zp_copy_range(int from, int into, int64_t nbytes)
{
#if defined(COPIES_RANGES)
    return copy_file_range(from, NULL, into, NULL, (size_t)nbytes, 0);
#else
    (void)from, (void)into, (void)nbytes;
    errno = ENOSYS;
    return -1;
#endif
}

int
zp_truncate(int fd)
{
    return ftruncate(fd, 0);
}

int
zp_sync(int fd)
{
#if defined(__linux__)
    return fdatasync(fd);
#elif defined(F_FULLFSYNC)
    return fcntl(fd, F_FULLFSYNC);
#else
    return fsync(fd);
#endif
}

int
zp_sync_folder(const zp_directory *directory, const char *name)
{
    int fd = openat(directory->fd, name, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd < 0)
        return -1;
    int status = fsync(fd);
    int saved = errno;
    close(fd);
    errno = saved;
    return status;
}

/* Sync the directories from the key's up to the root: any of them may be new. */
int
zp_sync_parent(const zp_directory *directory, const char *key)
{
    char path[ZP_MAX_KEY + 2];
    size_t length = strlen(key);
    if (length + 1 > ZP_MAX_KEY) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, key, length + 1);
    while (length > 0) {
        while (length > 0 && path[length - 1] != '/')
            length--;
        if (length > 0)
            path[--length] = '\0';
        if (zp_sync_folder(directory, length > 0 ? path : ".") != 0)
            return -1;
    }
    return 0;
}

int
zp_rename(const zp_directory *directory, const char *from, const char *to)
{
    return renameat(directory->fd, from, directory->fd, to);
}

int
zp_remove(const zp_directory *directory, const char *key)
{
    return unlinkat(directory->fd, key, 0);
}

int
zp_make_directory(const zp_directory *directory, const char *key)
{
    return mkdirat(directory->fd, key, 0777);
}

int
zp_try_lock(int fd)
{
#if defined(F_OFD_SETLK)
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        return 1;
    return errno == EAGAIN || errno == EACCES ? 0 : -1;
#else
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 1;
    return errno == EWOULDBLOCK ? 0 : -1;
#endif
}

void
zp_pause_ms(int milliseconds)
{
    struct timespec pause = {milliseconds / 1000, (milliseconds % 1000) * 1000000L};
    nanosleep(&pause, NULL);
}

int64_t
zp_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return nanoseconds(&now);
}

int64_t
zp_now_ms(void)
{
    return zp_now_ns() / 1000000;
}

int64_t
zp_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(&now);
}

int
zp_close(int fd)
{
    return close(fd);
}
#else
typedef int zp_nothing_here; /* ISO C wants a declaration in every file */
#endif
