/*
 * crc_table.h - cyclic redundancy checks eight bytes at a step, by tables
 *
 * A checksum is linear: the table entry of a byte is the sum (exclusive or) of
 * the entries of its bits.  So a table is written down as the 8 entries of the
 * single bits, and the compiler makes the 256.  Table s holds what a byte does
 * to the checksum s bytes later.
 */
#ifndef ZP_CRC_TABLE_H
#define ZP_CRC_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "load.h"

#define CRC_SPREAD1(x, a) (x), (x) ^ (a)
#define CRC_SPREAD2(x, a, b) CRC_SPREAD1(x, a), CRC_SPREAD1((x) ^ (b), a)
#define CRC_SPREAD3(x, a, b, c) CRC_SPREAD2(x, a, b), CRC_SPREAD2((x) ^ (c), a, b)
#define CRC_SPREAD4(x, a, b, c, d) CRC_SPREAD3(x, a, b, c), CRC_SPREAD3((x) ^ (d), a, b, c)
#define CRC_SPREAD5(x, a, b, c, d, e) CRC_SPREAD4(x, a, b, c, d), CRC_SPREAD4((x) ^ (e), a, b, c, d)
#define CRC_SPREAD6(x, a, b, c, d, e, f)                                                           \
    CRC_SPREAD5(x, a, b, c, d, e), CRC_SPREAD5((x) ^ (f), a, b, c, d, e)
#define CRC_SPREAD7(x, a, b, c, d, e, f, g)                                                        \
    CRC_SPREAD6(x, a, b, c, d, e, f), CRC_SPREAD6((x) ^ (g), a, b, c, d, e, f)
#define CRC_TABLE(a, b, c, d, e, f, g, h)                                                          \
    {CRC_SPREAD7(0u, a, b, c, d, e, f, g), CRC_SPREAD7(h, a, b, c, d, e, f, g)}

/* The checksum's register after the bytes; without inversion before and after. */
static inline uint32_t
crc_by_tables(const uint32_t table[8][256], uint32_t crc, const uint8_t *p, size_t nbytes)
{
    for (; nbytes >= 8; p += 8, nbytes -= 8) {
        uint32_t low = zp_load32(p) ^ crc, high = zp_load32(p + 4);
        crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
              table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
              table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
    }
    for (; nbytes; p++, nbytes--)
        crc = crc >> 8 ^ table[0][(crc ^ *p) & 0xff];
    return crc;
}

#endif
