/*
 * trace.c - which ways code has gone: the compiler has each block call in here
 *
 * A step leads from one block to the next. Steps share counters where their
 * hashes agree, which makes a few new ones look old, and none the other way.
 */
#include <stddef.h>
#include <stdint.h>

#include "trace.h"

#define LOG2_STEPS 16
#define STEPS (1 << LOG2_STEPS)

static uint8_t counts[STEPS], seen[STEPS];
static uint16_t touched[STEPS];
static int ntouched;
static long nsteps;
static uint64_t before;

void __sanitizer_cov_trace_pc(void);

void
__sanitizer_cov_trace_pc(void)
{
    uint64_t here = (uint64_t)(uintptr_t)__builtin_return_address(0) * 0x9E3779B97F4A7C15u;
    size_t step = (size_t)((here ^ before) >> (64 - LOG2_STEPS));

    before = here >> 1;
    if (counts[step] == 0)
        touched[ntouched++] = (uint16_t)step;
    counts[step] += counts[step] < UINT8_MAX;
}

/* One bit for each class of counts: 1, 2, 3, up to 7, up to 15, up to 31, up to 127, more. */
static uint8_t
class_of(uint8_t count)
{
    static const uint8_t most[] = {1, 2, 3, 7, 15, 31, 127};
    int class = 0;

    while (class < 7 && count > most[class])
        class++;
    return (uint8_t)(1 << class);
}

int
trace_new_steps(void)
{
    int found = 0;

    for (int i = 0; i < ntouched; i++) {
        uint16_t step = touched[i];
        uint8_t class = class_of(counts[step]);

        found += !(seen[step] & class);
        nsteps += seen[step] == 0;
        seen[step] |= class;
        counts[step] = 0;
    }
    ntouched = 0;
    before = 0;
    return found;
}

long
trace_steps(void)
{
    return nsteps;
}
