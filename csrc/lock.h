/*
 * lock.h - replace, change or delete the value of a key; not part of the public interface
 */
#ifndef ZP_LOCK_H
#define ZP_LOCK_H

#include "zarrpy.h"

/* A held lock on KEY: its file KEY.__lock, which is also the temporary file. */
typedef struct zp_lock {
    int fd;
    int64_t waited_ns; /* until nobody else had it */
    char name[ZP_MAX_KEY];
} zp_lock;

/* How long a value lasts; with ZP_DURABLE_LATER once the caller has synced the names, too. */
enum zp_durability { ZP_ATOMIC = 0, ZP_DURABLE = 1, ZP_DURABLE_LATER = 2 };

int zp_lock_take(const zp_directory *directory, const char *key, int64_t timeout_ms,
                 volatile int32_t *cancel, zp_lock *lock, zp_error *error);
int zp_lock_commit(const zp_directory *directory, const char *key, zp_lock *lock, const void *data,
                   size_t nbytes, int durability, zp_error *error);
int zp_lock_delete(const zp_directory *directory, const char *key, zp_lock *lock, int durability,
                   zp_error *error);
void zp_lock_drop(const zp_directory *directory, zp_lock *lock);

/* Whether there is a lock file of a key, held or left over; 1 also when that cannot be told. */
int zp_lock_exists(const zp_directory *directory, const char *key);

/* What zp_lock_commit does before the bytes are written, and behind that; the lock is let go of. */
int zp_lock_check(const zp_directory *directory, const char *key, zp_lock *lock, zp_error *error);
int zp_lock_publish(const zp_directory *directory, const char *key, zp_lock *lock, int durability,
                    zp_error *error);
/* Note the reason, and let go of the lock. */
int zp_lock_fail(const zp_directory *directory, zp_lock *lock, zp_error *error, const char *what);

#endif
