/*
 * tally.c - what workers did and how long it took
 *
 * A worker whose batch has a tally counts in one of its own, on its stack, and
 * adds that to the batch's when it is done: no two threads write to one line of
 * memory meanwhile.  Its time goes to what it is doing; whoever begins something
 * else says so, which reads the clock once.  Without a tally each of these
 * places costs a comparison with NULL.
 */
#include "tally.h"
#include "atomic.h"
#include "file.h"
#include "worker.h"

void
zp_tally_begin(zp_tally *tally, enum zp_sum what)
{
    int64_t now = zp_now_ns();

    tally->sums[tally->what] += now - tally->since;
    tally->since = now;
    tally->what = what;
}

void
zp_tally_chunk(zp_tally *tally, enum zp_sum chunks, enum zp_sum bytes, int64_t nbytes)
{
    zp_tally_begin(tally, ZP_NS_CODEC);
    tally->sums[chunks]++;
    tally->sums[bytes] += nbytes;
}

void
zp_tally_request(zp_tally *tally, enum zp_sum requests, enum zp_sum bytes, int64_t nbytes)
{
    tally->sums[requests]++;
    if (nbytes > 0)
        tally->sums[bytes] += nbytes;
}

void
zp_tally_share(zp_tally *shared, enum zp_sum sum, int64_t n)
{
    if (n)
        zp_atomic_add((volatile int64_t *)&shared->sums[sum], n);
}

int
zp_tally_run(zp_batch *batch, zp_worker *worker, int64_t deadline_ms,
             int (*run)(zp_batch *, zp_worker *, int64_t))
{
    zp_tally own = {.since = zp_now_ns(), .what = ZP_NS_PLAN};

    zp_worker_count(worker, &own);
    int status = run(batch, worker, deadline_ms);
    zp_worker_count(worker, NULL);
    zp_tally_begin(&own, ZP_NS_PLAN);
    for (int i = 0; i < ZP_NSUMS; i++)
        zp_tally_share(batch->tally, (enum zp_sum)i, own.sums[i]);
    return status;
}
