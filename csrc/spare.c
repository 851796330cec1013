/*
 * spare.c - memory of large results, kept for the next one
 *
 * The system clears each page that a program touches for the first time, which
 * of a large result costs as much as reading what goes there.  So memory that is
 * given back is not unmapped, but marked as free (MADV_FREE): its pages stay until
 * the system wants them for something else, and who takes the memory before that
 * finds them as they were.
 *
 * Nobody waits here: while one thread looks at what is kept, others go to the
 * system.  So a process that was forked at such a moment is not stuck, either.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "spare.h"

#include <stdlib.h>
#include <string.h>

#include "atomic.h"

#define LINE 64

/* In front of memory that somebody has. */
typedef struct header {
    void *start;   /* of what the system gave */
    size_t mapped; /* bytes of that; 0 where it is malloc's */
    size_t nbytes; /* as asked for */
} header;

static header *
header_of(const void *memory)
{
    return (header *)((char *)(uintptr_t)memory - LINE);
}

size_t
zp_spare_nbytes(const void *memory)
{
    return header_of(memory)->nbytes;
}

static void *
headed(void *start, size_t mapped, size_t offset, size_t nbytes)
{
    char *memory = (char *)start + offset;

    *header_of(memory) = (header){start, mapped, nbytes};
    return memory;
}

#ifdef __linux__
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define MOST 8

typedef struct block {
    void *start;
    size_t mapped;
} block;

typedef struct blocks {
    int n;
    block each[MOST];
} blocks;

/* What nobody uses, the oldest first; whoever sets `busy` has it for himself. */
static blocks kept;
static size_t kept_nbytes;
static volatile int32_t busy;

/* What is in use, and the most that ever was. */
static volatile int64_t used_nbytes;
static size_t most_nbytes;

static size_t
page_nbytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static block
remove_block(int i)
{
    block found = kept.each[i];

    kept.n--;
    memmove(kept.each + i, kept.each + i + 1, (size_t)(kept.n - i) * sizeof found);
    kept_nbytes -= found.mapped;
    return found;
}

static void
remove_beyond(size_t limit, blocks *gone)
{
    while (kept.n && kept_nbytes > limit)
        gone->each[gone->n++] = remove_block(0);
}

static void
unmap(const blocks *gone)
{
    for (int i = 0; i < gone->n; i++)
        munmap(gone->each[i].start, gone->each[i].mapped);
}

/* The least memory that is large enough, but not by more than a quarter. */
static int
find_block(size_t mapped)
{
    int best = -1;

    for (int i = 0; i < kept.n; i++) {
        size_t has = kept.each[i].mapped;
        if (has >= mapped && has <= mapped + mapped / 4 &&
            (best < 0 || has < kept.each[best].mapped))
            best = i;
    }
    return best;
}

/*
 * Take a block of those that are kept, or see to it that there is room for another:
 * so much as was in use at once may be mapped, and not more.
 */
static block
take_block(size_t mapped)
{
    block found = {NULL, mapped};
    blocks gone = {0};

    if (zp_atomic_exchange(&busy, 1))
        return found;
    int i = find_block(mapped);
    if (i >= 0)
        found = remove_block(i);
    size_t used = (size_t)used_nbytes + found.mapped;
    most_nbytes = used > most_nbytes ? used : most_nbytes;
    remove_beyond(most_nbytes - used, &gone);
    zp_atomic_exchange(&busy, 0);
    unmap(&gone);
    return found;
}

/* Memory of the system: a page for the header, and then huge pages where there are such. */
static void *
map_block(size_t mapped)
{
    char *start = mmap(NULL, mapped + HUGE_PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    size_t before = (0 - (size_t)(uintptr_t)start - page_nbytes()) % HUGE_PAGE;
    if (before)
        munmap(start, before);
    munmap(start + before + mapped, HUGE_PAGE - before);
    madvise(start + before, mapped, MADV_HUGEPAGE); /* without it all is as well, but slower */
    return start + before;
}

void *
zp_spare_take(size_t nbytes)
{
    if (nbytes > SIZE_MAX / 2)
        return NULL;
    size_t page = page_nbytes();
    block taken = take_block(page + (nbytes + page - 1) / page * page);

    if (!taken.start)
        taken.start = map_block(taken.mapped);
    if (!taken.start)
        return NULL;
    zp_atomic_add(&used_nbytes, (int64_t)taken.mapped);
    return headed(taken.start, taken.mapped, page, nbytes);
}

size_t
zp_spare_trim(size_t limit)
{
    blocks gone = {0};

    if (zp_atomic_exchange(&busy, 1))
        return limit;
    remove_beyond(limit, &gone);
    size_t left = kept_nbytes;
    zp_atomic_exchange(&busy, 0);
    unmap(&gone);
    return left;
}

static int
keep_block(block given, size_t limit)
{
    blocks gone = {0};

    if (given.mapped > limit || madvise(given.start, given.mapped, MADV_FREE) < 0 ||
        zp_atomic_exchange(&busy, 1))
        return 0;
    if (kept.n == MOST)
        gone.each[gone.n++] = remove_block(0);
    remove_beyond(limit - given.mapped, &gone);
    kept.each[kept.n++] = given;
    kept_nbytes += given.mapped;
    zp_atomic_exchange(&busy, 0);
    unmap(&gone);
    return 1;
}

void
zp_spare_give(void *memory, size_t limit)
{
    block given = {header_of(memory)->start, header_of(memory)->mapped};

    zp_atomic_add(&used_nbytes, -(int64_t)given.mapped);
    if (!keep_block(given, limit))
        munmap(given.start, given.mapped);
}
#else

void *
zp_spare_take(size_t nbytes)
{
    if (nbytes > SIZE_MAX / 2)
        return NULL;
    char *start = malloc(nbytes + 2 * LINE);

    return start ? headed(start, 0, 2 * LINE - (size_t)(uintptr_t)start % LINE, nbytes) : NULL;
}

void
zp_spare_give(void *memory, size_t limit)
{
    (void)limit;
    free(header_of(memory)->start);
}

size_t
zp_spare_trim(size_t limit)
{
    (void)limit;
    return 0;
}
#endif
