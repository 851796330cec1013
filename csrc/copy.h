/* copy.h - a file becomes the value of a key (internal) */
#ifndef ZP_COPY_H
#define ZP_COPY_H

#include "lock.h"

/* The file of a key of another directory, whose bytes become those of a key. */
typedef struct zp_source {
    const zp_directory *directory;
    const char *key;
    int found;               /* 0: there is no such file; the lock is let go of */
    int to_blame;            /* of an error: whether reading failed, not writing */
    volatile int32_t cancel; /* set by others, to stop between two pieces */
} zp_source;

/*
 * Replace the value of a key by the bytes of a file, which do not pass through
 * memory where the system can copy them itself.  Their number, or a negative
 * zp_status.
 */
int64_t zp_lock_copy(const zp_directory *directory, const char *key, zp_lock *lock,
                     zp_source *source, zp_worker *worker, int durability, zp_error *error);

/*
 * The same for a key that nobody else can meet yet: without a lock, the file is
 * made under its name.  One that cannot be written whole is removed.
 */
int64_t zp_copy_unmet(const zp_directory *directory, const char *key, zp_source *source,
                      zp_worker *worker, int durability, zp_error *error);

#endif
