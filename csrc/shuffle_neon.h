/*
 * shuffle_neon.h - byte transposition of 16 elements at a time
 *
 * NEON loads and stores interleaved structures of 2 and 4 members by itself.
 */
#ifndef ZP_SHUFFLE_NEON_H
#define ZP_SHUFFLE_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define GROUP 16

static void
shuffle8_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    /* Member c holds byte c and byte c + 4 of each element by turns. */
    uint8x16x4_t a = vld4q_u8(src), b = vld4q_u8(src + 64);

    for (int c = 0; c < 4; c++) {
        vst1q_u8(dst + c * stride, vuzp1q_u8(a.val[c], b.val[c]));
        vst1q_u8(dst + (c + 4) * stride, vuzp2q_u8(a.val[c], b.val[c]));
    }
}

static void
unshuffle8_group(const uint8_t *src, uint8_t *dst, size_t stride)
{
    uint8x16x4_t a, b;

    for (int c = 0; c < 4; c++) {
        uint8x16_t low = vld1q_u8(src + c * stride), high = vld1q_u8(src + (c + 4) * stride);
        a.val[c] = vzip1q_u8(low, high);
        b.val[c] = vzip2q_u8(low, high);
    }
    vst4q_u8(dst, a);
    vst4q_u8(dst + 64, b);
}

/* Return the number of elements done, a multiple of GROUP. */
static size_t
shuffle_neon(const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
    size_t n = nelems - nelems % GROUP;

    for (size_t i = 0; i < n; i += GROUP) {
        if (k == 2) {
            uint8x16x2_t v = vld2q_u8(src + 2 * i);
            for (int c = 0; c < 2; c++)
                vst1q_u8(dst + c * nelems + i, v.val[c]);
        } else if (k == 4) {
            uint8x16x4_t v = vld4q_u8(src + 4 * i);
            for (int c = 0; c < 4; c++)
                vst1q_u8(dst + c * nelems + i, v.val[c]);
        } else if (k == 8) {
            shuffle8_group(src + 8 * i, dst + i, nelems);
        } else {
            return 0;
        }
    }
    return n;
}

static size_t
unshuffle_neon(const uint8_t *src, uint8_t *dst, size_t nelems, size_t k)
{
    size_t n = nelems - nelems % GROUP;

    for (size_t i = 0; i < n; i += GROUP) {
        if (k == 2) {
            uint8x16x2_t v;
            for (int c = 0; c < 2; c++)
                v.val[c] = vld1q_u8(src + c * nelems + i);
            vst2q_u8(dst + 2 * i, v);
        } else if (k == 4) {
            uint8x16x4_t v;
            for (int c = 0; c < 4; c++)
                v.val[c] = vld1q_u8(src + c * nelems + i);
            vst4q_u8(dst + 4 * i, v);
        } else if (k == 8) {
            unshuffle8_group(src + i, dst + 8 * i, nelems);
        } else {
            return 0;
        }
    }
    return n;
}

#endif
