/*
 * cpu.c - run-time choice of instructions
 *
 * Every kernel has a portable body.  Faster bodies are compiled for their
 * instruction set function by function, and taken only where the CPU, the
 * operating system and the environment agree, so that one binary serves all.
 */
#ifdef _MSC_VER
#define _CRT_SECURE_NO_WARNINGS
#endif

#include "cpu.h"

#include <stdlib.h>
#include <string.h>

#include "zarrpy.h"

#if ZP_X86 && defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#elif ZP_X86
#include <cpuid.h>
#endif
#if ZP_ARM && defined(__linux__)
#include <sys/auxv.h>
#endif

#define KNOWN (1 << 30) /* so that "no feature" differs from "not yet looked" */

#if ZP_X86

typedef struct registers {
    unsigned eax, ebx, ecx, edx;
} registers;

static registers
cpuid(unsigned leaf)
{
    registers r = {0, 0, 0, 0};

#if defined(_MSC_VER) && !defined(__clang__)
    int words[4];
    __cpuidex(words, (int)leaf, 0);
    r = (registers){(unsigned)words[0], (unsigned)words[1], (unsigned)words[2], (unsigned)words[3]};
#else
    __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
    return r;
}

/* Whether the operating system saves the upper halves of the vector registers. */
static int
saves_ymm(void)
{
#if defined(_MSC_VER) && !defined(__clang__)
    return (_xgetbv(0) & 6) == 6;
#else
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6;
#endif
}

static int
detect(void)
{
    int features = 0;
    registers one = cpuid(1);

    if (one.ecx & (1u << 20))
        features |= ZP_CPU_SSE42;
    if (one.ecx & (1u << 1))
        features |= ZP_CPU_PCLMUL;
    if ((one.ecx & (1u << 27)) && saves_ymm() && cpuid(0).eax >= 7 && (cpuid(7).ebx & (1u << 5)))
        features |= ZP_CPU_AVX2;
    return features;
}

#elif ZP_ARM

static int
detect(void)
{
#if defined(__ARM_FEATURE_CRC32) || defined(__APPLE__)
    return ZP_CPU_CRC;
#elif defined(__linux__)
    return (getauxval(AT_HWCAP) & (1ul << 7)) ? ZP_CPU_CRC : 0;
#else
    return 0;
#endif
}

#else

static int
detect(void)
{
    return 0;
}

#endif

static const struct {
    const char *name;
    int feature;
} names[] = {
    {"avx2", ZP_CPU_AVX2}, {"sse4.2", ZP_CPU_SSE42}, {"pclmul", ZP_CPU_PCLMUL}, {"crc", ZP_CPU_CRC},
    {"all", ~0},
};

/* Whether `word` is one of the words of `list`, which commas and blanks separate. */
static int
lists(const char *list, const char *word)
{
    static const char separators[] = ", \t\n\v\f\r";
    size_t nword = strlen(word);

    if (!list)
        return 0;
    for (;;) {
        size_t n = strcspn(list, separators);
        if (n == nword && memcmp(list, word, n) == 0)
            return 1;
        if (!list[n])
            return 0;
        list += n + 1;
    }
}

static int
enabled(int features)
{
    const char *off = getenv("ZARRPY_DISABLE_CPU");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (lists(off, names[i].name))
            features &= ~names[i].feature;
    if (lists(getenv("ZARRPY_DISABLE"), "simd"))
        features = 0;
    if (lists(getenv("ZARRPY_DISABLE"), "libdeflate"))
        features |= ZP_NO_LIBDEFLATE;
    return features;
}

int
zp_cpu(void)
{
    /* Threads that race here store the same value. */
    static int known;

#if defined(__GNUC__) || defined(__clang__)
    int features = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (!features) {
        features = enabled(detect()) | KNOWN;
        __atomic_store_n(&known, features, __ATOMIC_RELAXED);
    }
#else
    int features = *(volatile int *)&known;
    if (!features) {
        features = enabled(detect()) | KNOWN;
        *(volatile int *)&known = features;
    }
#endif
    return features & ~KNOWN;
}

const char *
zp_cpu_features(void)
{
    int features = zp_cpu();

#if ZP_X86
    /* By the values of AVX2 = 1, SSE42 = 2, PCLMUL = 4. */
    static const char *const texts[] = {
        "none",   "avx2",        "sse4.2",        "avx2,sse4.2",
        "pclmul", "avx2,pclmul", "sse4.2,pclmul", "avx2,sse4.2,pclmul",
    };
    return texts[features & 7];
#else
    return features & ZP_CPU_CRC ? "crc" : "none";
#endif
}
