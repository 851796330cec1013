/*
 * status.c - errors as one table
 */
#include "zarrpy.h"

const char *
zp_strerror(int status)
{
    switch (status) {
    case ZP_OK:
        return "no error";
    case ZP_ERR_CORRUPT:
        return "input is not valid";
    case ZP_ERR_SIZE:
        return "input decodes to another number of bytes";
    case ZP_ERR_CHECKSUM:
        return "checksum does not match";
    case ZP_ERR_MEMORY:
        return "out of memory";
    case ZP_ERR_ARGUMENT:
        return "a parameter is out of its range";
    case ZP_ERR_UNSUPPORTED:
        return "not supported";
    case ZP_ERR_TOO_LARGE:
        return "larger than the format allows";
    case ZP_ERR_IO:
        return "a system call failed";
    case ZP_ERR_NOT_FILE:
        return "not a regular file";
    case ZP_ERR_DANGLING:
        return "a link that points to nothing";
    case ZP_ERR_CANCELLED:
        return "cancelled";
    case ZP_ERR_LOCK_TIMEOUT:
        return "the lock was not released in time";
    case ZP_ERR_ENCODE:
        return "the value cannot be encoded";
    case ZP_ERR_STALE:
        return "the array is another one now";
    case ZP_ERR_VLEN_COUNT:
        return "the stream has another number of elements";
    case ZP_ERR_VLEN_SHORT:
        return "the stream ends within an element";
    case ZP_ERR_VLEN_LONG:
        return "bytes are left behind the last element";
    case ZP_ERR_VLEN_UTF8:
        return "an element is not UTF-8";
    case ZP_ERR_LIMIT:
        return "more bytes than the limit of a chunk";
    default:
        return status > 0 ? "no error" : "unknown error";
    }
}
