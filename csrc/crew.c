/* crew.c - standing threads that work on a batch, or on copies, beside its caller */
#include "crew.h"

#include "atomic.h"
#include "threads.h"

/* So often a caller looks whether others are done before it sleeps: some ten microseconds. */
#define PATIENCE 1000

/* All of this is for whoever has the lock. */
static zp_mutex lock = ZP_MUTEX_FREE;
static zp_signal called = ZP_SIGNAL_IDLE, done = ZP_SIGNAL_IDLE;
static zp_call *first;        /* of the calls that more helpers are asked for */
static int nthreads, nwanted; /* nwanted: asked for, or at work */

static void
strike(const zp_call *call)
{
    zp_call **each = &first;

    while (*each && *each != call)
        each = &(*each)->next;
    if (*each)
        *each = call->next;
}

/* Wait for a call, and come. */
static zp_call *
answer(void)
{
    while (!first)
        zp_await(&called, &lock);
    zp_call *call = first;
    call->working++;
    if (--call->asked == 0)
        strike(call);
    return call;
}

/* Be done; from here on the call is the caller's alone. */
static void
leave(zp_call *call)
{
    int32_t left = call->working - 1;

    nwanted--;
    zp_atomic_exchange(&call->working, left);
    if (left == 0)
        zp_wake_all(&done);
}

ZP_THREAD(help)
{
    zp_worker *worker = context;

    zp_acquire(&lock);
    for (;;) {
        zp_call *call = answer();
        zp_release(&lock);
        call->work(call->job, worker);
        zp_acquire(&lock);
        leave(call);
    }
    return ZP_THREAD_END;
}

/* Start threads for all that are wanted, as far as the system has them. */
static void
recruit(void)
{
    while (nthreads < nwanted) {
        zp_worker *worker = zp_worker_new();
        if (!worker)
            return;
        if (!zp_start(help, worker)) {
            zp_worker_free(worker);
            return;
        }
        nthreads++;
    }
}

/* The threads are gone, and with them all calls but none of the thread that forks. */
static void
in_child(void)
{
    lock = (zp_mutex)ZP_MUTEX_FREE;
    called = done = (zp_signal)ZP_SIGNAL_IDLE;
    first = NULL;
    nthreads = nwanted = 0;
}

ZP_MIND_FORKS(lock, (void)0, in_child)

void
zp_call_to(zp_call *call, zp_work *work, void *job, int n)
{
    *call = (zp_call){work, job, n, 0, NULL};
    if (n <= 0)
        return;
    zp_acquire(&lock);
    nwanted += n;
    if (mind_forks())
        recruit();
    call->next = first;
    first = call;
    zp_release(&lock);
    for (int i = 0; i < n; i++)
        zp_wake(&called);
}

static void
work_on_batch(void *job, zp_worker *worker)
{
    zp_batch_run(job, worker);
}

void
zp_call_helpers(zp_call *call, zp_batch *batch, int n)
{
    if (n > 0)
        batch->nlanes = n + 1;
    zp_call_to(call, work_on_batch, batch, n);
}

void
zp_dismiss_helpers(zp_call *call)
{
    zp_acquire(&lock);
    if (call->asked > 0) {
        strike(call);
        nwanted -= call->asked;
        call->asked = 0;
    }
    zp_release(&lock);
    for (int i = 0; i < PATIENCE && zp_atomic_load(&call->working) > 0; i++)
        zp_pause();
    if (zp_atomic_load(&call->working) == 0)
        return;
    zp_acquire(&lock);
    while (call->working > 0)
        zp_await(&done, &lock);
    zp_release(&lock);
}
