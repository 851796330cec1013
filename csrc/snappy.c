/*
 * snappy.c - encoder and decoder of the raw Snappy format
 *
 * The decoded size comes first, 7 bits to a byte, lowest first.  Then follow
 * elements.  The low 2 bits of the first byte of an element tell its kind:
 *
 *   0  literal: upper 6 bits are its length - 1, or 60..63 for that minus 1 in
 *      the next 1..4 bytes; the bytes themselves follow
 *   1  copy of 4..11 bytes: 3 bits length - 4, 11 bits offset
 *   2  copy of 1..64 bytes: 6 bits length - 1, 16 bits offset
 *   3  the same with 32 bits offset
 *
 * A copy may reach into its own output, which then repeats.
 */
#include "snappy.h"

#include <string.h>

#include "load.h"
#include "worker.h"

#define BLOCK_NBYTES 65536 /* the encoder looks back no further */
#define HASH_BITS 14
#define MIN_MATCH 4
#define MARGIN 16 /* a match is not looked for this near to the end of a block */

size_t
zp_snappy_bound(size_t nbytes)
{
    /* A copy of 4 bytes takes 3 at most, and literals meet at copies: growth is slight. */
    return 32 + nbytes + nbytes / 6;
}

/* ------------------------------------------------------------- encoder ---- */

static uint8_t *
put_size(uint8_t *out, size_t nbytes)
{
    while (nbytes >= 0x80) {
        *out++ = (uint8_t)(nbytes | 0x80);
        nbytes >>= 7;
    }
    *out++ = (uint8_t)nbytes;
    return out;
}

/* nbytes is 1..65536. */
static uint8_t *
put_literal(uint8_t *out, const uint8_t *data, size_t nbytes)
{
    size_t n = nbytes - 1;

    if (n < 60) {
        *out++ = (uint8_t)(n << 2);
    } else if (n < 256) {
        *out++ = 60 << 2;
        *out++ = (uint8_t)n;
    } else {
        *out++ = 61 << 2;
        *out++ = (uint8_t)n;
        *out++ = (uint8_t)(n >> 8);
    }
    memcpy(out, data, nbytes);
    return out + nbytes;
}

static uint8_t *
put_far_copy(uint8_t *out, size_t offset, size_t nbytes)
{
    *out++ = (uint8_t)((nbytes - 1) << 2 | 2);
    *out++ = (uint8_t)offset;
    *out++ = (uint8_t)(offset >> 8);
    return out;
}

/* nbytes is 4 or more; offset fits 16 bits. */
static uint8_t *
put_copy(uint8_t *out, size_t offset, size_t nbytes)
{
    /* What is left over must be 4 at least, the least that a short copy can say. */
    while (nbytes >= 68) {
        out = put_far_copy(out, offset, 64);
        nbytes -= 64;
    }
    if (nbytes > 64) {
        out = put_far_copy(out, offset, 60);
        nbytes -= 60;
    }
    if (nbytes > 11 || offset >= 2048)
        return put_far_copy(out, offset, nbytes);
    *out++ = (uint8_t)(offset >> 8 << 5 | (nbytes - 4) << 2 | 1);
    *out++ = (uint8_t)offset;
    return out;
}

static inline size_t
hash(uint32_t word)
{
    return (word * 0x9e3779b1u) >> (32 - HASH_BITS);
}

/* How many bytes from `a` on equal those from `b` on; `a` is behind `b`, which stops at `end`. */
static inline size_t
match_length(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
    const uint8_t *start = b;

    while (end - b >= 8) {
        uint64_t difference = zp_load64(a) ^ zp_load64(b);
        if (difference) {
#if defined(__GNUC__) || defined(__clang__)
            return (size_t)(b - start) + (size_t)(__builtin_ctzll(difference) >> 3);
#else
            break;
#endif
        }
        a += 8;
        b += 8;
    }
    while (b < end && *a == *b) {
        a++;
        b++;
    }
    return (size_t)(b - start);
}

/*
 * Each place looks up where its 4 bytes were last seen.  The longer nothing is
 * found, the larger the steps, so that incompressible data costs little.
 */
static uint8_t *
encode_block(const uint8_t *block, size_t nbytes, uint8_t *out, uint16_t *seen)
{
    const uint8_t *end = block + nbytes;
    const uint8_t *literal = block; /* where the bytes not yet written start */

    if (nbytes >= MARGIN) {
        const uint8_t *last = end - MARGIN;
        const uint8_t *p = block + 1;
        size_t misses = 32;

        memset(seen, 0, sizeof(uint16_t) << HASH_BITS);
        while (p <= last) {
            uint32_t word = zp_load32(p);
            uint16_t *place = &seen[hash(word)];
            const uint8_t *candidate = block + *place;

            *place = (uint16_t)(p - block);
            if (zp_load32(candidate) != word) {
                p += misses++ >> 5;
                continue;
            }
            if (literal < p)
                out = put_literal(out, literal, (size_t)(p - literal));

            size_t n = MIN_MATCH + match_length(candidate + MIN_MATCH, p + MIN_MATCH, end);
            out = put_copy(out, (size_t)(p - candidate), n);
            p += n;
            literal = p;
            misses = 32;
            if (p <= last)
                seen[hash(zp_load32(p - 1))] = (uint16_t)(p - 1 - block);
        }
    }
    if (literal < end)
        out = put_literal(out, literal, (size_t)(end - literal));
    return out;
}

int64_t
zp_snappy_encode(zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
                 size_t dst_nbytes)
{
    if (src_nbytes > UINT32_MAX)
        return zp_fail(worker, ZP_ERR_TOO_LARGE, "more than 4 GiB in one snappy chunk");
    if (dst_nbytes < zp_snappy_bound(src_nbytes))
        return zp_fail(worker, ZP_ERR_SIZE, "no room for the worst case");

    uint16_t *seen = zp_worker_context(worker, ZP_CONTEXT_SNAPPY);
    if (!seen) {
        seen = zp_malloc(sizeof(uint16_t) << HASH_BITS);
        if (!seen)
            return zp_fail(worker, ZP_ERR_MEMORY, NULL);
        zp_worker_keep(worker, ZP_CONTEXT_SNAPPY, seen, zp_free);
    }

    const uint8_t *data = src;
    uint8_t *out = put_size(dst, src_nbytes);
    for (size_t i = 0; i < src_nbytes; i += BLOCK_NBYTES) {
        size_t n = src_nbytes - i < BLOCK_NBYTES ? src_nbytes - i : BLOCK_NBYTES;
        out = encode_block(data + i, n, out, seen);
    }
    return out - (uint8_t *)dst;
}

/* ------------------------------------------------------------- decoder ---- */

/* The decoded size; returns the bytes it takes, 0 when it is not valid. */
static size_t
get_size(const uint8_t *p, size_t nbytes, size_t *size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < 5 && i < nbytes; i++) {
        value |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (!(p[i] & 0x80)) {
            if (value > UINT32_MAX)
                return 0;
            *size = (size_t)value;
            return i + 1;
        }
    }
    return 0;
}

/* Copy within the output; source and destination may overlap, repeating. */
static inline void
copy_back(uint8_t *out, size_t offset, size_t n, size_t room)
{
    const uint8_t *from = out - offset;

    if (offset >= 16 && room >= n + 16) {
        for (size_t i = 0; i < n; i += 16)
            memcpy(out + i, from + i, 16);
    } else if (offset >= 8 && room >= n + 8) {
        for (size_t i = 0; i < n; i += 8)
            memcpy(out + i, from + i, 8);
    } else {
        for (size_t i = 0; i < n; i++)
            out[i] = from[i];
    }
}

int64_t
zp_snappy_decode(zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
                 size_t dst_nbytes)
{
    const uint8_t *p = src, *end = p + src_nbytes;
    uint8_t *out = dst;
    size_t size = 0, used = get_size(p, src_nbytes, &size);

    if (used == 0)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the size at the front is not valid");
    if (size > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);

    uint8_t *const out_end = out + size;
    p += used;
    while (p < end) {
        unsigned tag = *p++;
        size_t n, offset;

        if ((tag & 3) == 0) {
            n = tag >> 2;
            if (n >= 60) {
                size_t width = n - 59;
                if ((size_t)(end - p) < width)
                    return zp_fail(worker, ZP_ERR_CORRUPT, "a literal's length is cut off");
                n = 0;
                for (size_t i = 0; i < width; i++)
                    n |= (size_t)p[i] << (8 * i);
                p += width;
            }
            if ((size_t)(end - p) <= n || (size_t)(out_end - out) <= n)
                return zp_fail(worker, ZP_ERR_CORRUPT, "a literal is longer than what is left");
            n++;
            memcpy(out, p, n);
            p += n;
            out += n;
            continue;
        }

        size_t width = (tag & 3) == 3 ? 4 : (tag & 3);
        if ((size_t)(end - p) < width)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a copy is cut off");
        if (width == 1) {
            n = (tag >> 2 & 7) + 4;
            offset = (size_t)(tag >> 5) << 8 | p[0];
        } else {
            n = (tag >> 2) + 1;
            offset = width == 2 ? zp_load16(p) : zp_load32(p);
        }
        p += width;

        size_t room = (size_t)(out_end - out);
        if (offset == 0 || offset > (size_t)(out - (uint8_t *)dst))
            return zp_fail(worker, ZP_ERR_CORRUPT, "a copy reaches before the start");
        if (n > room)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a copy is longer than what is left");
        copy_back(out, offset, n, room);
        out += n;
    }
    if (out != out_end)
        return zp_fail(worker, ZP_ERR_CORRUPT, "fewer bytes than announced");
    return (int64_t)size;
}
