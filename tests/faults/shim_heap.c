/*
 * shim_heap.c - lets one allocation fail of those that the modules of the engine ask for, and
 * counts the bytes that anybody makes zero
 */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

#define MAX_MODULES 64

static struct {
    uintptr_t from[MAX_MODULES], to[MAX_MODULES];
    int n;
    long nth, seen; /* 0: none fails */
} heap;

static int
add_module(struct dl_phdr_info *info, size_t size, void *part)
{
    (void)size;
    if (!strstr(info->dlpi_name, part))
        return 0;
    for (int i = 0; i < info->dlpi_phnum && heap.n < MAX_MODULES; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
            heap.from[heap.n] = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            heap.to[heap.n] = heap.from[heap.n] + info->dlpi_phdr[i].p_memsz;
            heap.n++;
        }
    return 0;
}

/* Let the nth allocation fail of those that modules ask for whose path has this part. */
void
shim_allocations(const char *part, long nth)
{
    heap.nth = 0;
    heap.n = 0;
    dl_iterate_phdr(add_module, (void *)part);
    __atomic_store_n(&heap.seen, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&heap.nth, nth, __ATOMIC_SEQ_CST);
}

long
shim_allocated(void)
{
    return heap.seen;
}

static int
is_missing(void *caller)
{
    uintptr_t address = (uintptr_t)caller;
    if (!heap.nth)
        return 0;
    for (int i = 0; i < heap.n; i++)
        if (address >= heap.from[i] && address < heap.to[i]) {
            if (__atomic_add_fetch(&heap.seen, 1, __ATOMIC_SEQ_CST) != heap.nth)
                return 0;
            errno = ENOMEM;
            return 1;
        }
    return 0;
}

static size_t zeroed;

/* Bytes that were asked for as zeros, or set to them, since the process began. */
size_t
shim_zeroed(void)
{
    return __atomic_load_n(&zeroed, __ATOMIC_SEQ_CST);
}

void *
memset(void *memory, int byte, size_t nbytes)
{
    volatile char *bytes = memory; /* else the compiler makes a call of memset of the loop */
    if (byte == 0)
        __atomic_add_fetch(&zeroed, nbytes, __ATOMIC_SEQ_CST);
    for (size_t i = 0; i < nbytes; i++)
        bytes[i] = (char)byte;
    return memory;
}

void *
malloc(size_t nbytes)
{
    return is_missing(__builtin_return_address(0)) ? NULL : __libc_malloc(nbytes);
}

void *
calloc(size_t n, size_t nbytes)
{
    __atomic_add_fetch(&zeroed, n * nbytes, __ATOMIC_SEQ_CST);
    return is_missing(__builtin_return_address(0)) ? NULL : __libc_calloc(n, nbytes);
}

void *
realloc(void *memory, size_t nbytes)
{
    return is_missing(__builtin_return_address(0)) ? NULL : __libc_realloc(memory, nbytes);
}

int
posix_memalign(void **memory, size_t alignment, size_t nbytes)
{
    if (is_missing(__builtin_return_address(0)))
        return ENOMEM;
    *memory = __libc_memalign(alignment, nbytes);
    return *memory ? 0 : ENOMEM;
}

void *
aligned_alloc(size_t alignment, size_t nbytes)
{
    return is_missing(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, nbytes);
}
