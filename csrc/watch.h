/* watch.h - whether an array is still the one that a batch was made for (internal) */
#ifndef ZP_WATCH_H
#define ZP_WATCH_H

#include "file.h"
#include "lock.h"

#define ZP_WATCH_STATES 8

/*
 * Asked under the lock of each chunk that is written.  States are added, never
 * changed, so that threads may look at the latest while another one adds.
 */
typedef struct zp_watch {
    const char *document;          /* key of the document that describes the array */
    const char *marker;            /* key that is there while the shape changes, or NULL */
    int (*confirm)(void *context); /* called when all is not as it was: 0 says to go on */
    void *context;
    zp_stat states[ZP_WATCH_STATES];
    volatile int32_t nstates; /* 0: none is known, and `confirm` is always called */
    volatile int32_t adding;  /* somebody is at it */
    volatile int32_t asked;   /* whether anything was written, or refused */
} zp_watch;

/* Make a state the latest; one too many is forgotten, and so is one that comes second. */
void zp_watch_add(zp_watch *watch, const zp_stat *state);

/*
 * Take the lock of a chunk as zp_lock_take does, of an array that is still the
 * same: ZP_ERR_STALE when nothing must be written.  `watch` may be NULL.
 */
int zp_watch_lock(zp_watch *watch, const zp_directory *directory, const char *key,
                  int64_t timeout_ms, volatile int32_t *cancel, zp_lock *lock, zp_error *error);

#endif
