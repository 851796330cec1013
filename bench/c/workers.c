/*
 * workers.c - a batch by several workers at once
 */
#include "workers.h"

#include <pthread.h>

#include "measure.h"

typedef struct thread {
    zp_batch *batch;
    zp_worker *worker;
} thread;

static void *
work(void *context)
{
    thread *t = context;

    zp_batch_run(t->batch, t->worker);
    return NULL;
}

void
run_batch(zp_batch *batch, zp_worker *const *workers, int n)
{
    pthread_t threads[MAX_WORKERS];
    thread each[MAX_WORKERS];

    for (int i = 1; i < n; i++) {
        each[i] = (thread){batch, workers[i]};
        must(pthread_create(&threads[i], NULL, work, &each[i]) == 0, "a thread");
    }
    zp_batch_run(batch, workers[0]);
    for (int i = 1; i < n; i++)
        pthread_join(threads[i], NULL);
    must(!batch->failed, batch->error.detail ? batch->error.detail : "a batch");
}
