/*
 * vlen.c - streams of elements that have a length each
 *
 * A stream is the number of its elements, and then each element with its size
 * before it; numbers are 32-bit and little endian.  It comes from anywhere, so
 * nothing in it is believed: what a scan has accepted can be read without any
 * further check.
 */
#include "vlen.h"
#include "zarrpy.h"

#include <string.h>

static uint32_t
load_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int
is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Bytes of the character at p, of which `left` are there; 0 if it is none. */
static size_t
character_nbytes(const uint8_t *p, size_t left)
{
    uint8_t first = p[0], low = 0x80, high = 0xbf;
    size_t nbytes = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (first < 0xc2 || first > 0xf4 || left < nbytes)
        return 0;
    if (first == 0xe0)
        low = 0xa0; /* would fit into fewer bytes */
    else if (first == 0xed)
        high = 0x9f; /* half of a pair of UTF-16 */
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f; /* beyond the last character */
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < nbytes; i++)
        if (!is_tail(p[i]))
            return 0;
    return nbytes;
}

int
zp_is_utf8(const void *text, size_t nbytes)
{
    const uint8_t *p = text;
    size_t i = 0;

    while (i < nbytes) {
        uint64_t word;
        if (nbytes - i >= sizeof word) {
            memcpy(&word, p + i, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                i += sizeof word;
                continue;
            }
        }
        size_t n = p[i] < 0x80 ? 1 : character_nbytes(p + i, nbytes - i);
        if (n == 0)
            return 0;
        i += n;
    }
    return 1;
}

int
zp_vlen_scan(const void *src, size_t src_nbytes, int64_t nelems, int utf8, int64_t *starts,
             int64_t *where)
{
    const uint8_t *stream = src;
    size_t at = 4;

    *where = -1;
    if (src_nbytes < 4)
        return ZP_ERR_VLEN_COUNT;
    *where = load_u32(stream);
    if (*where != nelems)
        return ZP_ERR_VLEN_COUNT;
    for (int64_t i = 0; i < nelems; i++) {
        *where = i;
        if (src_nbytes - at < 4)
            return ZP_ERR_VLEN_SHORT;
        size_t nbytes = load_u32(stream + at);
        at += 4;
        if (src_nbytes - at < nbytes)
            return ZP_ERR_VLEN_SHORT;
        if (utf8 && !zp_is_utf8(stream + at, nbytes))
            return ZP_ERR_VLEN_UTF8;
        starts[i] = (int64_t)at;
        at += nbytes;
    }
    *where = (int64_t)(src_nbytes - at);
    return at == src_nbytes ? ZP_OK : ZP_ERR_VLEN_LONG;
}

size_t
zp_vlen_nbytes(const void *bytes)
{
    return load_u32((const uint8_t *)bytes - 4);
}
