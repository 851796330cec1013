/*
 * cpu.h - which instructions may be used; not part of the public interface
 */
#ifndef ZP_CPU_H
#define ZP_CPU_H

#if defined(__x86_64__) || defined(_M_X64)
#define ZP_X86 1
#elif defined(__aarch64__) || defined(_M_ARM64)
#define ZP_ARM 1
#endif

/* Functions that use instructions beyond the baseline say so; MSVC needs no mark. */
#if defined(__GNUC__) || defined(__clang__)
#define ZP_TARGET(features) __attribute__((target(features)))
#else
#define ZP_TARGET(features)
#endif

enum zp_cpu_feature {
    ZP_CPU_AVX2 = 1,
    ZP_CPU_SSE42 = 2,
    ZP_CPU_PCLMUL = 4,
    ZP_CPU_CRC = 8,        /* ARMv8 crc32c instructions */
    ZP_NO_LIBDEFLATE = 16, /* no feature: ZARRPY_DISABLE=libdeflate was asked for */
};

/*
 * Features of this CPU less those that the environment switches off:
 * ZARRPY_DISABLE_CPU names some ("avx2,pclmul") or "all".  Looked at once.
 */
int zp_cpu(void);

#endif
