/* system_windows.c - file.h on Windows; keys are joined to the directory's path */
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include "file.h"

#include <windows.h>

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <string.h>

#define MAX_WIDE (2 * ZP_MAX_KEY)

/* errno for GetLastError(), as far as callers tell them apart. */
static int
fail_windows(void)
{
    switch (GetLastError()) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
        errno = ENOENT;
        break;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
    case ERROR_LOCK_VIOLATION:
        errno = EACCES;
        break;
    case ERROR_ALREADY_EXISTS:
    case ERROR_FILE_EXISTS:
        errno = EEXIST;
        break;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL:
        errno = ENOSPC;
        break;
    default:
        errno = EIO;
    }
    return -1;
}

static int
full_path(const zp_directory *directory, const char *key, wchar_t *path)
{
    int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, directory->path, -1, path, MAX_WIDE);
    if (n <= 0 || n >= MAX_WIDE - 1) {
        errno = ENAMETOOLONG;
        return -1;
    }
    path[n - 1] = L'\\';
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, key, -1, path + n, MAX_WIDE - n) <= 0) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (wchar_t *c = path + n; *c; c++)
        if (*c == L'/')
            *c = L'\\';
    return 0;
}

static int
open_handle(const zp_directory *directory, const char *key, DWORD access, DWORD disposition)
{
    wchar_t path[MAX_WIDE];
    if (full_path(directory, key, path) != 0)
        return -1;
    HANDLE handle = CreateFileW(path, access,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                disposition, FILE_ATTRIBUTE_NORMAL, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return fail_windows();
    return _open_osfhandle((intptr_t)handle, _O_BINARY);
}

int
zp_open_read(const zp_directory *directory, const char *key)
{
    return open_handle(directory, key, GENERIC_READ, OPEN_EXISTING);
}

int
zp_open_lock(const zp_directory *directory, const char *key)
{
    return open_handle(directory, key, GENERIC_READ | GENERIC_WRITE | DELETE, OPEN_ALWAYS);
}

/* From ticks of 100 ns since 1601. */
static int64_t
since_1970(uint32_t high, uint32_t low)
{
    int64_t ticks = (int64_t)((uint64_t)high << 32 | low);
    return (ticks - 116444736000000000) * 100;
}

int
zp_fstat(int fd, zp_stat *info)
{
    BY_HANDLE_FILE_INFORMATION found;
    HANDLE handle = (HANDLE)_get_osfhandle(fd);
    if (!GetFileInformationByHandle(handle, &found))
        return fail_windows();
    info->size = (int64_t)found.nFileSizeHigh << 32 | found.nFileSizeLow;
    info->device = found.dwVolumeSerialNumber;
    info->inode = (uint64_t)found.nFileIndexHigh << 32 | found.nFileIndexLow;
    info->modified_ns = since_1970(found.ftLastWriteTime.dwHighDateTime,
                                   found.ftLastWriteTime.dwLowDateTime);
    FILE_BASIC_INFO basic;
    if (!GetFileInformationByHandleEx(handle, FileBasicInfo, &basic, sizeof basic))
        return fail_windows();
    info->changed_ns = since_1970((uint32_t)basic.ChangeTime.HighPart, basic.ChangeTime.LowPart);
    info->is_directory = (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    info->is_regular = !info->is_directory && GetFileType(handle) == FILE_TYPE_DISK;
    return 0;
}

int
zp_stat_key(const zp_directory *directory, const char *key, int follow, zp_stat *info)
{
    wchar_t path[MAX_WIDE];
    if (full_path(directory, key, path) != 0)
        return -1;
    DWORD flags = FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT);
    HANDLE handle = CreateFileW(path, FILE_READ_ATTRIBUTES,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                                OPEN_EXISTING, flags, NULL);
    if (handle == INVALID_HANDLE_VALUE)
        return fail_windows();
    int fd = _open_osfhandle((intptr_t)handle, _O_BINARY);
    int status = zp_fstat(fd, info);
    _close(fd);
    return status;
}

int
zp_stat_local(const zp_directory *directory, const char *key, zp_stat *info)
{
    (void)directory, (void)key, (void)info;
    return 0; /* the state of a file is told by opening it in any case */
}

int64_t
zp_pread(int fd, void *into, int64_t nbytes, int64_t offset)
{
    OVERLAPPED at = {0};
    DWORD n = 0;
    at.Offset = (DWORD)(offset & 0xffffffff);
    at.OffsetHigh = (DWORD)(offset >> 32);
    DWORD most = nbytes < (1 << 30) ? (DWORD)nbytes : 1u << 30;
    if (!ReadFile((HANDLE)_get_osfhandle(fd), into, most, &n, &at)) {
        if (GetLastError() == ERROR_HANDLE_EOF)
            return 0;
        return fail_windows();
    }
    return n;
}

int64_t
zp_write(int fd, const void *data, int64_t nbytes)
{
    DWORD n = 0;
    DWORD most = nbytes < (1 << 30) ? (DWORD)nbytes : 1u << 30;
    if (!WriteFile((HANDLE)_get_osfhandle(fd), data, most, &n, NULL))
        return fail_windows();
    return n;
}

int64_t
zp_copy_range(int from, int into, int64_t nbytes)
{
    (void)from;
    (void)into;
    (void)nbytes;
    errno = ENOSYS;
    return -1;
}

int
zp_truncate(int fd)
{
    return _chsize_s(fd, 0) == 0 ? 0 : -1;
}

int
zp_sync(int fd)
{
    return FlushFileBuffers((HANDLE)_get_osfhandle(fd)) ? 0 : fail_windows();
}

int
zp_sync_parent(const zp_directory *directory, const char *key)
{
    (void)directory;
    (void)key;
    return 0; /* Windows has no way to sync a directory */
}

int
zp_sync_folder(const zp_directory *directory, const char *name)
{
    (void)directory;
    (void)name;
    return 0;
}

int
zp_rename(const zp_directory *directory, const char *from, const char *to)
{
    wchar_t source[MAX_WIDE], target[MAX_WIDE];
    if (full_path(directory, from, source) != 0 || full_path(directory, to, target) != 0)
        return -1;
    /* a reader or a virus scanner may hold the target for a moment */
    for (int attempt = 0; attempt < 10; attempt++) {
        if (MoveFileExW(source, target, MOVEFILE_REPLACE_EXISTING))
            return 0;
        DWORD reason = GetLastError();
        if (reason != ERROR_ACCESS_DENIED && reason != ERROR_SHARING_VIOLATION)
            break;
        Sleep(1u << attempt);
    }
    return fail_windows();
}

int
zp_remove(const zp_directory *directory, const char *key)
{
    wchar_t path[MAX_WIDE];
    if (full_path(directory, key, path) != 0)
        return -1;
    return DeleteFileW(path) ? 0 : fail_windows();
}

int
zp_make_directory(const zp_directory *directory, const char *key)
{
    wchar_t path[MAX_WIDE];
    if (full_path(directory, key, path) != 0)
        return -1;
    return CreateDirectoryW(path, NULL) ? 0 : fail_windows();
}

int
zp_try_lock(int fd)
{
    OVERLAPPED at = {0};
    at.OffsetHigh = 0x7fffffff; /* far beyond the data: Windows locks forbid reading */
    if (LockFileEx((HANDLE)_get_osfhandle(fd), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY,
                   0, 1, 0, &at))
        return 1;
    return GetLastError() == ERROR_LOCK_VIOLATION ? 0 : fail_windows();
}

void
zp_pause_ms(int milliseconds)
{
    Sleep((DWORD)milliseconds);
}

int64_t
zp_now_ns(void)
{
    LARGE_INTEGER ticks, rate;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&rate);
    int64_t whole = ticks.QuadPart / rate.QuadPart, rest = ticks.QuadPart % rate.QuadPart;
    return whole * 1000000000 + rest * 1000000000 / rate.QuadPart;
}

int64_t
zp_now_ms(void)
{
    return (int64_t)GetTickCount64();
}

int64_t
zp_clock_ns(void)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    return since_1970(now.dwHighDateTime, now.dwLowDateTime);
}

int
zp_close(int fd)
{
    return _close(fd);
}
#else
typedef int zp_nothing_here; /* ISO C wants a declaration in every file */
#endif
