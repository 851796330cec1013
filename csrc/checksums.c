/*
 * checksums.c - the codecs that store a checksum beside the data
 *
 * Four little-endian bytes after the data, or before it.  The data itself stays
 * as it is, so that a chain may look at it in place (`view`) or write the
 * checksum into room left for it (`append`) without copying.
 */
#include "checksums.h"

#include <string.h>

#include "codec.h"
#include "crc_table.h"
#include "load.h"
#include "worker.h"

#if ZP_HAVE_LIBDEFLATE
#include "proto_deflate.h"
#elif ZP_HAVE_ZLIBNG
#include "proto_zlibng.h"
#endif

#define CHECKSUM_NBYTES 4

#if ZP_HAVE_LIBDEFLATE

uint32_t
zp_crc32(uint32_t crc, const void *data, size_t nbytes)
{
    return nbytes ? libdeflate_crc32(crc, data, nbytes) : crc;
}

uint32_t
zp_adler32(uint32_t adler, const void *data, size_t nbytes)
{
    return nbytes ? libdeflate_adler32(adler, data, nbytes) : adler;
}

#elif ZP_HAVE_ZLIBNG

uint32_t
zp_crc32(uint32_t crc, const void *data, size_t nbytes)
{
    return nbytes ? zng_crc32_z(crc, data, nbytes) : crc;
}

uint32_t
zp_adler32(uint32_t adler, const void *data, size_t nbytes)
{
    return nbytes ? zng_adler32_z(adler, data, nbytes) : adler;
}

#else

static const uint32_t tables[8][256] = {
    CRC_TABLE(0x77073096, 0xee0e612c, 0x076dc419, 0x0edb8832, 0x1db71064, 0x3b6e20c8, 0x76dc4190,
              0xedb88320),
    CRC_TABLE(0x191b3141, 0x32366282, 0x646cc504, 0xc8d98a08, 0x4ac21251, 0x958424a2, 0xf0794f05,
              0x3b83984b),
    CRC_TABLE(0x01c26a37, 0x0384d46e, 0x0709a8dc, 0x0e1351b8, 0x1c26a370, 0x384d46e0, 0x709a8dc0,
              0xe1351b80),
    CRC_TABLE(0xb8bc6765, 0xaa09c88b, 0x8f629757, 0xc5b428ef, 0x5019579f, 0xa032af3e, 0x9b14583d,
              0xed59b63b),
    CRC_TABLE(0x3d6029b0, 0x7ac05360, 0xf580a6c0, 0x30704bc1, 0x60e09782, 0xc1c12f04, 0x58f35849,
              0xb1e6b092),
    CRC_TABLE(0xcb5cd3a5, 0x4dc8a10b, 0x9b914216, 0xec53826d, 0x03d6029b, 0x07ac0536, 0x0f580a6c,
              0x1eb014d8),
    CRC_TABLE(0xa6770bb4, 0x979f1129, 0xf44f2413, 0x33ef4e67, 0x67de9cce, 0xcfbd399c, 0x440b7579,
              0x8816eaf2),
    CRC_TABLE(0xccaa009e, 0x4225077d, 0x844a0efa, 0xd3e51bb5, 0x7cbb312b, 0xf9766256, 0x299dc2ed,
              0x533b85da),
};

uint32_t
zp_crc32(uint32_t crc, const void *data, size_t nbytes)
{
    return ~crc_by_tables(tables, ~crc, data, nbytes);
}

uint32_t
zp_adler32(uint32_t adler, const void *data, size_t nbytes)
{
    const uint32_t prime = 65521;
    const size_t stretch = 5552; /* the most bytes before the sums could overflow 32 bits */
    const uint8_t *p = data;
    uint32_t a = adler & 0xffff, b = adler >> 16;

    while (nbytes) {
        size_t n = nbytes < stretch ? nbytes : stretch;
        nbytes -= n;
        for (; n; n--) {
            a += *p++;
            b += a;
        }
        a %= prime;
        b %= prime;
    }
    return b << 16 | a;
}

#endif

/* ---------------------------------------------------------- as codecs ---- */

typedef uint32_t (*checksum_fn)(const zp_step *step, const void *data, size_t nbytes);

static uint32_t
crc32c(const zp_step *step, const void *data, size_t nbytes)
{
    (void)step;
    return zp_crc32c(0, data, nbytes);
}

static uint32_t
crc32(const zp_step *step, const void *data, size_t nbytes)
{
    (void)step;
    return zp_crc32(0, data, nbytes);
}

static uint32_t
adler32(const zp_step *step, const void *data, size_t nbytes)
{
    (void)step;
    return zp_adler32(1, data, nbytes);
}

static uint32_t
fletcher32(const zp_step *step, const void *data, size_t nbytes)
{
    (void)step;
    return zp_fletcher32(data, nbytes);
}

/* step->aux, where there is one: the initial value, the size of the prefix, the prefix. */
static uint32_t
jenkins_lookup3(const zp_step *step, const void *data, size_t nbytes)
{
    uint32_t head[2] = {0, 0};
    const uint8_t *prefix = step->aux;

    if (prefix) {
        memcpy(head, prefix, sizeof head);
        prefix += sizeof head;
    }
    return zp_lookup3(head[0], prefix, head[1], data, nbytes);
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    if (decoded_nbytes > (size_t)INT64_MAX - CHECKSUM_NBYTES)
        return ZP_ERR_TOO_LARGE;
    return (int64_t)decoded_nbytes + CHECKSUM_NBYTES;
}

static int64_t
view(checksum_fn sum, const zp_step *step, zp_worker *worker, const uint8_t *src, size_t src_nbytes,
     size_t *offset)
{
    if (src_nbytes < CHECKSUM_NBYTES)
        return zp_fail(worker, ZP_ERR_CORRUPT, "too short to hold a checksum");

    size_t nbytes = src_nbytes - CHECKSUM_NBYTES;
    uint32_t stored = zp_load32(step->at_start ? src : src + nbytes);

    *offset = step->at_start ? CHECKSUM_NBYTES : 0;
    uint32_t computed = sum(step, src + *offset, nbytes);
    return computed == stored ? (int64_t)nbytes : zp_fail_checksum(worker, stored, computed);
}

static int64_t
append(checksum_fn sum, const zp_step *step, uint8_t *buffer, size_t nbytes)
{
    uint32_t value = sum(step, buffer, nbytes);

    if (step->at_start)
        memmove(buffer + CHECKSUM_NBYTES, buffer, nbytes);
    zp_store32(step->at_start ? buffer : buffer + nbytes, value);
    return (int64_t)(nbytes + CHECKSUM_NBYTES);
}

static int64_t
encode(checksum_fn sum, const zp_step *step, zp_worker *worker, const uint8_t *src,
       size_t src_nbytes, uint8_t *dst, size_t dst_nbytes)
{
    if (dst_nbytes < CHECKSUM_NBYTES || dst_nbytes - CHECKSUM_NBYTES < src_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, "no room for the checksum");
    if (src_nbytes)
        memcpy(dst + (step->at_start ? CHECKSUM_NBYTES : 0), src, src_nbytes);
    zp_store32(step->at_start ? dst : dst + src_nbytes, sum(step, src, src_nbytes));
    return (int64_t)(src_nbytes + CHECKSUM_NBYTES);
}

static int64_t
decode(checksum_fn sum, const zp_step *step, zp_worker *worker, const uint8_t *src,
       size_t src_nbytes, uint8_t *dst, size_t dst_nbytes)
{
    size_t offset = 0;
    int64_t n = view(sum, step, worker, src, src_nbytes, &offset);

    if (n < 0)
        return n;
    if ((size_t)n > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (n)
        memcpy(dst, src + offset, (size_t)n);
    return n;
}

#define DEFINE_CHECKSUM(id)                                                                        \
    static int64_t id##_encode(const zp_step *step, zp_worker *worker, const void *src,            \
                               size_t src_nbytes, void *dst, size_t dst_nbytes)                    \
    {                                                                                              \
        return encode(id, step, worker, src, src_nbytes, dst, dst_nbytes);                         \
    }                                                                                              \
    static int64_t id##_decode(const zp_step *step, zp_worker *worker, const void *src,            \
                               size_t src_nbytes, void *dst, size_t dst_nbytes)                    \
    {                                                                                              \
        return decode(id, step, worker, src, src_nbytes, dst, dst_nbytes);                         \
    }                                                                                              \
    static int64_t id##_view(const zp_step *step, zp_worker *worker, const void *src,              \
                             size_t src_nbytes, size_t *offset)                                    \
    {                                                                                              \
        return view(id, step, worker, src, src_nbytes, offset);                                    \
    }                                                                                              \
    static int64_t id##_append(const zp_step *step, zp_worker *worker, void *buffer,               \
                               size_t nbytes)                                                      \
    {                                                                                              \
        (void)worker;                                                                              \
        return append(id, step, buffer, nbytes);                                                   \
    }                                                                                              \
    const zp_codec zp_codec_##id = {                                                               \
        .name = #id,                                                                               \
        .encode = id##_encode,                                                                     \
        .decode = id##_decode,                                                                     \
        .bound = bound,                                                                            \
        .view = id##_view,                                                                         \
        .append = id##_append,                                                                     \
        .flags = ZP_EXACT,                                                                         \
    };

DEFINE_CHECKSUM(crc32c)
DEFINE_CHECKSUM(crc32)
DEFINE_CHECKSUM(adler32)
DEFINE_CHECKSUM(fletcher32)
DEFINE_CHECKSUM(jenkins_lookup3)
