/*
 * helper_threads.c - standing helpers, many callers, and a fork
 *
 * Several threads read and copy chunks in memory again and again, each with
 * another number of helpers, of whom some come too late.  What each reads must be
 * what is stored, and nobody may touch a result after its call was dismissed.  A
 * forked process has none of these threads and must get its own.  Run it under
 * ThreadSanitizer: make test-sanitize.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blocks.h"
#include "check.h"
#include "crew.h"

#define NCALLERS 4
#define NCALLS 300
#define NTASKS 40
#define CHUNK 16

static int32_t stored[NTASKS][CHUNK];
static const int32_t fill = -1;
static const int64_t strides[1] = {sizeof fill};

/* Read with so many helpers; whether all of it is what is stored. */
static int
reads_right(zp_worker *worker, int nhelpers)
{
    int32_t result[NTASKS * CHUNK + 1];
    zp_bytes values[NTASKS];
    zp_stretch stretch;
    zp_axis axis = zp_axis_regular(&stretch, CHUNK, NTASKS * CHUNK, 0, NTASKS * CHUNK, 1);
    zp_batch batch = {
        .kind = ZP_READ,
        .ndim = 1,
        .axes = &axis,
        .last = NTASKS,
        .chain = {.ndim = 1, .itemsize = sizeof fill},
        .block = (char *)result,
        .strides = strides,
        .fill = &fill,
        .stored_fill = &fill,
        .stored = values,
    };
    zp_call call;

    for (int i = 0; i < NTASKS; i++)
        values[i] = (zp_bytes){stored[i], sizeof stored[i]};
    memset(result, 0, sizeof result);
    zp_call_helpers(&call, &batch, nhelpers);
    zp_batch_run(&batch, worker);
    zp_dismiss_helpers(&call);
    int right = !batch.failed && memcmp(result, stored, sizeof stored) == 0;
    memset(result, 0, sizeof result); /* ours alone by now */
    memset(&batch, 0, sizeof batch);
    return right;
}

/* Copy all of it a few rows at a time; whether it is what is stored, or what was, once stopped. */
static int
copies_right(int nhelpers, int stops)
{
    int32_t result[NTASKS][CHUNK];
    const int64_t shape[2] = {NTASKS, CHUNK};
    const int64_t steps[2] = {sizeof stored[0], sizeof stored[0][0]};
    zp_block block = {2, shape, steps, steps, (char *)stored, (char *)result, sizeof fill, 0};
    zp_slab rows[NTASKS / 4];
    zp_slabs job = {rows, NTASKS / 4, 0};
    zp_call call;

    for (int i = 0; i < NTASKS / 4; i++)
        rows[i] = (zp_slab){&block, i * 4, i * 4 + 4};
    memset(result, 0xff, sizeof result);
    zp_call_to(&call, zp_slabs_run, &job, nhelpers);
    if (stops)
        zp_slabs_stop(&job);
    zp_slabs_run_for(&job, -1);
    zp_dismiss_helpers(&call);
    int right = 1;
    for (int i = 0; i < NTASKS; i++)
        for (int j = 0; j < CHUNK; j++)
            right &= result[i][j] == stored[i][j] || (stops && result[i][j] == -1);
    memset(result, 0, sizeof result); /* ours alone by now */
    memset(rows, 0, sizeof rows);
    return right;
}

static void *
call_often(void *argument)
{
    zp_worker *worker = zp_worker_new();
    intptr_t wrong = 0;

    if (!worker)
        abort();
    for (int i = 0; i < NCALLS; i++)
        wrong += !reads_right(worker, (i + *(int *)argument) % 4) +
                 !copies_right((i + *(int *)argument) % 4, i % 3 == 0);
    zp_worker_free(worker);
    return (void *)wrong;
}

#if !defined(__SANITIZE_THREAD__) /* it has no threads in forked processes */
/* What a process that was forked reads while others of its parent are at it. */
static int
child_reads_right(void)
{
    pid_t child = fork();
    if (child < 0)
        abort();
    if (child == 0) {
        int number = 1;
        _exit(call_often(&number) == NULL ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
#endif

int
main(void)
{
    pthread_t callers[NCALLERS];
    int numbers[NCALLERS];

    for (int i = 0; i < NTASKS; i++)
        for (int j = 0; j < CHUNK; j++)
            stored[i][j] = i * CHUNK + j;
    for (int i = 0; i < NCALLERS; i++) {
        numbers[i] = i;
        if (pthread_create(&callers[i], NULL, call_often, &numbers[i]) != 0)
            abort();
    }
#if !defined(__SANITIZE_THREAD__)
    for (int i = 0; i < 5; i++)
        CHECK(child_reads_right(), "fork %d", i);
#endif
    for (int i = 0; i < NCALLERS; i++) {
        void *wrong;
        pthread_join(callers[i], &wrong);
        CHECK(wrong == NULL, "caller %d was wrong %d times", i, (int)(intptr_t)wrong);
    }
    return report("helper_threads");
}
