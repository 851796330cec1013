/*
 * crew.h - standing threads that work on a batch, or on copies, beside its caller
 *
 * They know nothing of Python: a batch that takes a tenth of a millisecond is
 * over before a thread of the interpreter has been woken and has its lock.
 */
#ifndef ZP_CREW_H
#define ZP_CREW_H

#include "zarrpy.h"

/* Take tasks of a job until there are none left. */
typedef void zp_work(void *job, zp_worker *worker);

/* A job that others help with; nothing of this is for the caller to touch. */
typedef struct zp_call {
    zp_work *work;
    void *job;
    int asked;                /* helpers that have not come yet */
    volatile int32_t working; /* those that have, and are not done */
    struct zp_call *next;
} zp_call;

/*
 * Ask for n helpers, each of whom works on the job once; fewer come where the
 * system has no threads. Job and call stay where they are up to the dismissal.
 */
void zp_call_to(zp_call *call, zp_work *work, void *job, int n);

/* The same for a batch: they do what zp_batch_run() does. */
void zp_call_helpers(zp_call *call, zp_batch *batch, int n);

/* Ask nobody else, and wait until those who came have run out of tasks. */
void zp_dismiss_helpers(zp_call *call);

#endif
