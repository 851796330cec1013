/*
 * crew.h - standing threads that work on a batch beside its caller
 *
 * They know nothing of Python: a batch that takes a tenth of a millisecond is
 * over before a thread of the interpreter has been woken and has its lock.
 */
#ifndef ZP_CREW_H
#define ZP_CREW_H

#include "zarrpy.h"

/* A batch that others help with; nothing of this is for the caller to touch. */
typedef struct zp_call {
    zp_batch *batch;
    int asked;                /* helpers that have not come yet */
    volatile int32_t working; /* those that have, and are not done */
    struct zp_call *next;
} zp_call;

/*
 * Ask for n helpers, who do what zp_batch_run() does; fewer come where the
 * system has no threads. Batch and call stay where they are up to the dismissal.
 */
void zp_call_helpers(zp_call *call, zp_batch *batch, int n);

/* Ask nobody else, and wait until those who came have run out of tasks. */
void zp_dismiss_helpers(zp_call *call);

#endif
