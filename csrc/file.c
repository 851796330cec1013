/*
 * file.c - read one key of a directory
 *
 * A missing chunk means fill value, so "missing" must be certain: only when the
 * path ends at a name that is not there, and no part of it is a link to
 * nothing.  Everything else that open() may say is an error.  Keys that name a
 * pipe, a device or a directory are refused before a byte is read, and opening
 * never waits.
 */
#include "file.h"

#include <errno.h>
#include <string.h>

#define LINK_TO_NOTHING "a link on the way points to nothing"

int
zp_fail_io(zp_error *error, const char *what)
{
    error->status = ZP_ERR_IO;
    error->os_error = errno;
    error->detail = what;
    return ZP_ERR_IO;
}

int
zp_fail_file(zp_error *error, int status, const char *what)
{
    error->status = status;
    error->detail = what;
    return status;
}

/* Whether what was looked at without following it is a link; Windows does not tell. */
static int
may_be_link(const zp_stat *itself)
{
#ifdef _WIN32
    (void)itself;
    return 1;
#else
    return !itself->is_regular && !itself->is_directory;
#endif
}

/* Whether a name that open() did not find is really not there: 1 yes, 0 a link to nothing. */
static int
is_absent(const zp_directory *directory, const char *key)
{
    char path[ZP_MAX_KEY];
    size_t length = strlen(key);
    memcpy(path, key, length + 1);
    for (;;) {
        zp_stat link, target;
        if (zp_stat_key(directory, path, 0, &link) == 0) {
            int followed = zp_stat_key(directory, path, 1, &target) == 0;
            /* it appeared since, or went again: a writer was faster, and absent was true before */
            return followed || !may_be_link(&link);
        }
        while (length > 0 && path[length - 1] != '/')
            length--;
        if (length == 0)
            return 1;
        path[--length] = '\0';
    }
}

int
zp_file_is_absent(const zp_directory *directory, const char *key)
{
    zp_stat info;
    if (zp_stat_key(directory, key, 0, &info) == 0 || errno != ENOENT)
        return 0;
    size_t length = strlen(key);
    return length < ZP_MAX_KEY && (!memchr(key, '/', length) || is_absent(directory, key));
}

int
zp_fail_make(const zp_directory *directory, const char *key, zp_error *error)
{
    if (errno == ENOENT) {
        if (!is_absent(directory, key))
            return zp_fail_file(error, ZP_ERR_DANGLING, LINK_TO_NOTHING);
        errno = ENOENT;
    }
    return zp_fail_io(error, "open");
}

static int
open_failed(const zp_directory *directory, const char *key, int *found, zp_error *error)
{
    if (errno == ENOENT) {
        if (!is_absent(directory, key))
            return zp_fail_file(error, ZP_ERR_DANGLING, LINK_TO_NOTHING);
        *found = 0;
        return ZP_OK;
    }
    if (errno == ENXIO || errno == ENODEV)
        return zp_fail_file(error, ZP_ERR_NOT_FILE, NULL);
    return zp_fail_io(error, "open");
}

int64_t
zp_file_fill(int fd, int64_t offset, int64_t nbytes, void *into, zp_error *error)
{
    int64_t done = 0;
    while (done < nbytes) {
        int64_t n = zp_pread(fd, (char *)into + done, nbytes - done, offset + done);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            return zp_fail_io(error, "read");
        }
        if (n == 0)
            return zp_fail_file(error, ZP_ERR_CORRUPT, "the file became shorter while being read");
        done += n;
    }
    return done;
}

/* The part of a file of `size` bytes that offset and length ask for: past the end is empty. */
static int64_t
clamp_range(int64_t size, int64_t *offset, int64_t length)
{
    if (*offset < 0) /* a suffix */
        *offset = size + *offset < 0 ? 0 : size + *offset;
    if (*offset > size)
        *offset = size;
    int64_t rest = size - *offset;
    return length < 0 || length > rest ? rest : length;
}

int
zp_file_open(const zp_directory *directory, const char *key, zp_stat *info, int *found,
             zp_error *error)
{
    *found = 1;
    if (strlen(key) >= ZP_MAX_KEY) {
        errno = ENAMETOOLONG;
        zp_fail_io(error, "open");
        return -1;
    }
    int fd = zp_open_read(directory, key);
    if (fd < 0) {
        open_failed(directory, key, found, error);
        return -1;
    }
    if (zp_fstat(fd, info) != 0)
        zp_fail_io(error, "stat");
    else if (info->is_regular)
        return fd;
    else
        zp_fail_file(error, ZP_ERR_NOT_FILE, NULL);
    zp_close(fd);
    return -1;
}

int64_t
zp_file_load(int fd, int64_t offset, int64_t nbytes, zp_worker *worker, const void **data,
             zp_error *error)
{
    void *target = NULL;
    if ((uint64_t)nbytes > SIZE_MAX / 2)
        return zp_fail_file(error, ZP_ERR_TOO_LARGE, NULL);
    target = zp_worker_scratch(worker, ZP_SLOT_FILE, (size_t)nbytes);
    if (!target)
        return zp_fail_file(error, ZP_ERR_MEMORY, NULL);
    *data = target;
    return zp_file_fill(fd, offset, nbytes, target, error);
}

int64_t
zp_file_read(const zp_directory *directory, const char *key, int64_t offset, int64_t length,
             zp_worker *worker, const void **data, int *found, zp_error *error)
{
    zp_stat info;
    *data = NULL;
    int fd = zp_file_open(directory, key, &info, found, error);
    if (fd < 0)
        return *found ? error->status : ZP_OK;
    int64_t nbytes = clamp_range(info.size, &offset, length);
    int64_t n = zp_file_load(fd, offset, nbytes, worker, data, error);
    zp_close(fd);
    return n;
}
