/*
 * crc32c.c - the checksum of the "crc32c" codec
 *
 * The CPU's instruction takes 3 cycles but a new one may start each cycle, so
 * three streams side by side go three times as fast.  Their registers are
 * joined by linearity: the register of A followed by L bytes is the register of
 * A times x^(8L), modulo the polynomial, plus that of the L bytes alone.
 *
 * Registers are bit-reversed polynomials.  The carry-less product of two has
 * one factor x too many, and reducing it with the crc instruction brings x^32;
 * therefore the constants are x^(8L - 33).
 */
#include "cpu.h"
#include "crc_table.h"
#include "zarrpy.h"

#if ZP_X86
#include <immintrin.h>
#elif ZP_ARM && defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
#elif ZP_ARM
#include <arm_acle.h>
#endif

static const uint32_t tables[8][256] = {
    CRC_TABLE(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc,
              0x82f63b78),
    CRC_TABLE(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604,
              0xfbc3faf9),
    CRC_TABLE(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9,
              0x8b277743),
    CRC_TABLE(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7,
              0x52a0c93f),
    CRC_TABLE(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae,
              0x6ea2d55c),
    CRC_TABLE(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb,
              0x1c08b7d6),
    CRC_TABLE(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a,
              0xf56e0ef4),
    CRC_TABLE(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32,
              0x34019664),
};

#if ZP_X86

/* To clang the crc32 instructions are a feature of their own; older gcc does not know that name. */
#if defined(__clang__)
#define CRC_FEATURES "sse4.2,crc32"
#else
#define CRC_FEATURES "sse4.2"
#endif

ZP_TARGET(CRC_FEATURES)
static uint32_t
crc_words(uint32_t crc, const uint8_t *p, size_t nbytes)
{
    uint64_t wide = crc;

    for (; nbytes >= 8; p += 8, nbytes -= 8)
        wide = _mm_crc32_u64(wide, zp_load64(p));
    crc = (uint32_t)wide;
    for (; nbytes; p++, nbytes--)
        crc = _mm_crc32_u8(crc, *p);
    return crc;
}

/* Three neighbouring stretches of `stretch` bytes, a multiple of 8; constants for one and two. */
ZP_TARGET(CRC_FEATURES ",pclmul")
static uint32_t
crc_triple(uint32_t crc, const uint8_t *p, size_t stretch, uint32_t shift1, uint32_t shift2)
{
    uint64_t a = crc, b = 0, c = 0;
    size_t i = 0;

    for (; i + 8 < stretch; i += 8) {
        a = _mm_crc32_u64(a, zp_load64(p + i));
        b = _mm_crc32_u64(b, zp_load64(p + stretch + i));
        c = _mm_crc32_u64(c, zp_load64(p + 2 * stretch + i));
    }
    a = _mm_crc32_u64(a, zp_load64(p + i));
    b = _mm_crc32_u64(b, zp_load64(p + stretch + i));
    c = _mm_crc32_u64(c, zp_load64(p + 2 * stretch + i));

    __m128i moved_a = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)a),
                                           _mm_cvtsi64_si128((int64_t)shift2), 0);
    __m128i moved_b = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)b),
                                           _mm_cvtsi64_si128((int64_t)shift1), 0);
    uint64_t product = (uint64_t)_mm_cvtsi128_si64(_mm_xor_si128(moved_a, moved_b));
    return (uint32_t)(_mm_crc32_u64(0, product) ^ c);
}

static uint32_t
crc_streams(uint32_t crc, const uint8_t *p, size_t nbytes)
{
    for (; nbytes >= 3 * 4096; p += 3 * 4096, nbytes -= 3 * 4096)
        crc = crc_triple(crc, p, 4096, 0x82f89c77, 0x54a86326);
    for (; nbytes >= 3 * 256; p += 3 * 256, nbytes -= 3 * 256)
        crc = crc_triple(crc, p, 256, 0xb9e02b86, 0xdd7e3b0c);
    return crc_words(crc, p, nbytes);
}

static uint32_t
crc_bytes(uint32_t crc, const uint8_t *p, size_t nbytes)
{
    int cpu = zp_cpu();

    if (!(cpu & ZP_CPU_SSE42))
        return crc_by_tables(tables, crc, p, nbytes);
    return cpu & ZP_CPU_PCLMUL ? crc_streams(crc, p, nbytes) : crc_words(crc, p, nbytes);
}

#elif ZP_ARM

/* Product of two registers modulo the polynomial, bit by bit: rare enough. */
static uint32_t
multiply(uint32_t a, uint32_t b)
{
    uint32_t product = 0;

    for (uint32_t bit = 0x80000000u; bit; bit >>= 1) {
        if (a & bit)
            product ^= b;
        b = b >> 1 ^ (b & 1 ? 0x82f63b78u : 0);
    }
    return product;
}

ZP_TARGET("+crc")
static uint32_t
crc_hardware(uint32_t crc, const uint8_t *p, size_t nbytes)
{
    const size_t stretch = 4096;

    for (; nbytes >= 3 * stretch; p += 3 * stretch, nbytes -= 3 * stretch) {
        uint32_t b = 0, c = 0;
        for (size_t i = 0; i < stretch; i += 8) {
            crc = __crc32cd(crc, zp_load64(p + i));
            b = __crc32cd(b, zp_load64(p + stretch + i));
            c = __crc32cd(c, zp_load64(p + 2 * stretch + i));
        }
        /* x^(8 * 8192) and x^(8 * 4096) */
        crc = multiply(crc, 0x28461564u) ^ multiply(b, 0x35d73a62u) ^ c;
    }
    for (; nbytes >= 8; p += 8, nbytes -= 8)
        crc = __crc32cd(crc, zp_load64(p));
    for (; nbytes; p++, nbytes--)
        crc = __crc32cb(crc, *p);
    return crc;
}

static uint32_t
crc_bytes(uint32_t crc, const uint8_t *p, size_t nbytes)
{
    return zp_cpu() & ZP_CPU_CRC ? crc_hardware(crc, p, nbytes)
                                 : crc_by_tables(tables, crc, p, nbytes);
}

#else

static uint32_t
crc_bytes(uint32_t crc, const uint8_t *p, size_t nbytes)
{
    return crc_by_tables(tables, crc, p, nbytes);
}

#endif

uint32_t
zp_crc32c(uint32_t crc, const void *data, size_t nbytes)
{
    return ~crc_bytes(~crc, data, nbytes);
}
