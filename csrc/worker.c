/*
 * worker.c - per-thread scratch memory and codec contexts
 *
 * Within a batch scratch memory only grows: after the first chunks no thread
 * allocates any more, and pages stay mapped and warm.  At the end of a batch
 * what is more than usual chunks need goes back.
 */
#include "worker.h"

#include <stdlib.h>

#define ALIGNMENT 64

typedef struct scratch {
    void *memory; /* as allocated */
    void *data;   /* the same, aligned */
    size_t nbytes;
} scratch;

typedef struct context {
    void *pointer;
    zp_release_fn release;
} context;

struct zp_worker {
    scratch slots[ZP_NSLOTS];
    context contexts[ZP_NCONTEXTS];
    const char *detail;
    int64_t expected; /* numbers that do not agree, or -1 */
    int64_t actual;
    struct zp_tally *tally;
    const zp_kept *kept;
    int streams;
};

static int64_t allocations_until_failure;

void
zp_fail_allocation(int64_t nth)
{
    allocations_until_failure = nth;
}

void *
zp_malloc(size_t nbytes)
{
    if (allocations_until_failure > 0 && --allocations_until_failure == 0)
        return NULL;
    return malloc(nbytes ? nbytes : 1);
}

void
zp_free(void *memory)
{
    free(memory);
}

zp_worker *
zp_worker_new(void)
{
    zp_worker *worker = zp_malloc(sizeof *worker);

    if (worker)
        *worker = (zp_worker){.expected = -1, .actual = -1};
    return worker;
}

void
zp_worker_free(zp_worker *worker)
{
    if (!worker)
        return;
    for (int i = 0; i < ZP_NSLOTS; i++)
        zp_free(worker->slots[i].memory);
    for (int i = 0; i < ZP_NCONTEXTS; i++)
        if (worker->contexts[i].pointer)
            worker->contexts[i].release(worker->contexts[i].pointer);
    zp_free(worker);
}

/* A quarter in reserve, so that slowly growing chunks do not allocate each time. */
static size_t
with_reserve(size_t nbytes, size_t before)
{
    size_t grown = before + before / 4;

    return grown > nbytes ? grown : nbytes;
}

void *
zp_worker_scratch(zp_worker *worker, enum zp_slot slot, size_t nbytes)
{
    scratch *s = &worker->slots[slot];

    if (s->data && s->nbytes >= nbytes)
        return s->data;

    size_t wanted = with_reserve(nbytes, s->nbytes);
    if (wanted > SIZE_MAX - ALIGNMENT)
        return NULL;
    zp_free(s->memory);
    *s = (scratch){0};
    s->memory = zp_malloc(wanted + ALIGNMENT);
    if (!s->memory && wanted > nbytes) {
        wanted = nbytes;
        s->memory = zp_malloc(wanted + ALIGNMENT);
    }
    if (!s->memory)
        return NULL;
    s->data = (char *)s->memory + (ALIGNMENT - (uintptr_t)s->memory % ALIGNMENT) % ALIGNMENT;
    s->nbytes = wanted;
    return s->data;
}

size_t
zp_worker_room(const zp_worker *worker, enum zp_slot slot)
{
    return worker->slots[slot].nbytes;
}

size_t
zp_worker_nbytes(const zp_worker *worker)
{
    size_t nbytes = 0;

    for (int i = 0; i < ZP_NSLOTS; i++)
        nbytes += worker->slots[i].nbytes;
    return nbytes;
}

void
zp_worker_trim(zp_worker *worker, size_t keep_nbytes)
{
    if (zp_worker_nbytes(worker) <= keep_nbytes)
        return;
    for (int i = 0; i < ZP_NSLOTS; i++) {
        zp_free(worker->slots[i].memory);
        worker->slots[i] = (scratch){0};
    }
}

void
zp_worker_explain(zp_worker *worker, const char *detail)
{
    if (!worker)
        return;
    worker->detail = detail;
    worker->expected = worker->actual = -1;
}

const char *
zp_worker_detail(const zp_worker *worker)
{
    return worker ? worker->detail : NULL;
}

void
zp_worker_numbers(const zp_worker *worker, int64_t *expected, int64_t *actual)
{
    *expected = worker ? worker->expected : -1;
    *actual = worker ? worker->actual : -1;
}

int64_t
zp_fail_numbers(zp_worker *worker, enum zp_status status, int64_t expected, int64_t actual)
{
    zp_worker_explain(worker, NULL);
    if (worker) {
        worker->expected = expected;
        worker->actual = actual;
    }
    return status;
}

int64_t
zp_fail_checksum(zp_worker *worker, uint32_t stored, uint32_t computed)
{
    return zp_fail_numbers(worker, ZP_ERR_CHECKSUM, stored, computed);
}

int64_t
zp_fail(zp_worker *worker, enum zp_status status, const char *detail)
{
    zp_worker_explain(worker, detail);
    return status;
}

struct zp_tally *
zp_worker_tally(const zp_worker *worker)
{
    return worker->tally;
}

void
zp_worker_count(zp_worker *worker, struct zp_tally *tally)
{
    worker->tally = tally;
}

const zp_kept *
zp_worker_kept(const zp_worker *worker)
{
    return worker->kept;
}

void
zp_worker_keeps(zp_worker *worker, const zp_kept *kept)
{
    worker->kept = kept;
}

int
zp_worker_streams(const zp_worker *worker)
{
    return worker->streams;
}

void
zp_worker_stream(zp_worker *worker, int streams)
{
    worker->streams = streams;
}

void *
zp_worker_context(const zp_worker *worker, enum zp_context_slot slot)
{
    return worker->contexts[slot].pointer;
}

void
zp_worker_keep(zp_worker *worker, enum zp_context_slot slot, void *pointer, zp_release_fn release)
{
    context *c = &worker->contexts[slot];

    if (c->pointer)
        c->release(c->pointer);
    c->pointer = pointer;
    c->release = release;
}
