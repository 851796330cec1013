/*
 * workers.h - a batch by several workers at once, as the benchmarks in C run it
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "zarrpy.h"

#define MAX_WORKERS 64

/* Run a batch with the first n workers, the first of them in this thread; an error ends all. */
void run_batch(zp_batch *batch, zp_worker *const *workers, int n);

#endif
