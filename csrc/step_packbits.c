/*
 * step_packbits.c - the codec "packbits": some bits of each element, without gaps
 *
 * Elements are sequences of components of one size; of each component the bits
 * from `first` on are kept.  The registered codec of Zarr v3 fills bytes from
 * their lowest bit, the one of numcodecs, which knows booleans only, from the
 * highest.  A byte may tell how many bits at the end are padding.
 */
#include <string.h>

#include "codec.h"
#include "worker.h"

enum padding { NO_PADDING_BYTE = 0, FIRST_BYTE = 1, LAST_BYTE = 2 };

/* As step->aux has it; step->itemsize is that of a component. */
typedef struct packing {
    int32_t first;
    int32_t nbits;
    int32_t padding; /* enum padding */
    int32_t extend;  /* copy the highest kept bit into those above it */
    int32_t highest; /* bytes are filled from their highest bit */
    int32_t truth;   /* components are booleans, of which any bit counts */
} packing;

static int
read_packing(const zp_step *step, packing *p)
{
    if (!step->aux)
        return 0;
    memcpy(p, step->aux, sizeof *p);
    return (step->itemsize == 1 || step->itemsize == 2 || step->itemsize == 4 ||
            step->itemsize == 8) &&
           p->first >= 0 && p->nbits >= 1 && p->nbits <= (int)(8 * step->itemsize) - p->first &&
           p->padding >= NO_PADDING_BYTE && p->padding <= LAST_BYTE &&
           (!p->highest || p->nbits == 1);
}

/* Bytes of n components, and of the padding after them the bits. */
static size_t
packed_nbytes(const packing *p, size_t n, size_t *padding)
{
    /* n * nbits would overflow for n above 2^58 only, which bound() refuses */
    size_t bits = n * (size_t)p->nbits, nbytes = bits / 8 + (bits % 8 != 0);

    *padding = 8 * nbytes - bits;
    return nbytes;
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    packing p;
    size_t padding;

    if (!read_packing(step, &p))
        return ZP_ERR_ARGUMENT;
    if (decoded_nbytes % step->itemsize)
        return ZP_ERR_ENCODE;
    if (decoded_nbytes > (size_t)INT64_MAX / 64)
        return ZP_ERR_TOO_LARGE;
    return (int64_t)(packed_nbytes(&p, decoded_nbytes / step->itemsize, &padding) +
                     (p.padding != NO_PADDING_BYTE));
}

/* A component as a number: the machine's own order is little-endian, or the step is not made. */
static inline uint64_t
load(const uint8_t *src, uint32_t itemsize)
{
    uint64_t x = 0;

    for (uint32_t i = 0; i < itemsize; i++)
        x |= (uint64_t)src[i] << (8 * i);
    return x;
}

static inline void
store(uint8_t *dst, uint32_t itemsize, uint64_t x)
{
    for (uint32_t i = 0; i < itemsize; i++)
        dst[i] = (uint8_t)(x >> (8 * i));
}

/* Bits on their way into bytes; never more than 7 wait. */
typedef struct bits {
    uint64_t waiting;
    int nwaiting;
    uint8_t *out;
    const uint8_t *in;
} bits;

static void
push(bits *b, uint64_t x, int nbits)
{
    for (int done = 0; done < nbits; done += 32) {
        int some = nbits - done < 32 ? nbits - done : 32;
        b->waiting |= (x >> done & (((uint64_t)1 << some) - 1)) << b->nwaiting;
        for (b->nwaiting += some; b->nwaiting >= 8; b->nwaiting -= 8) {
            *b->out++ = (uint8_t)b->waiting;
            b->waiting >>= 8;
        }
    }
}

static uint64_t
pull(bits *b, int nbits)
{
    uint64_t x = 0;

    for (int done = 0; done < nbits; done += 32) {
        int some = nbits - done < 32 ? nbits - done : 32;
        for (; b->nwaiting < some; b->nwaiting += 8)
            b->waiting |= (uint64_t)*b->in++ << b->nwaiting;
        x |= (b->waiting & (((uint64_t)1 << some) - 1)) << done;
        b->waiting >>= some;
        b->nwaiting -= some;
    }
    return x;
}

static void
pack_booleans(const uint8_t *src, uint8_t *dst, size_t n, int highest)
{
    for (size_t i = 0; i < n; i += 8) {
        uint8_t byte = 0;
        for (size_t k = 0; k < 8 && i + k < n; k++)
            byte |= (uint8_t)((src[i + k] != 0) << (highest ? 7 - k : k));
        *dst++ = byte;
    }
}

static void
unpack_booleans(const uint8_t *src, uint8_t *dst, size_t n, int highest)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = src[i / 8] >> (highest ? 7 - i % 8 : i % 8) & 1;
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    packing p;
    size_t padding;
    const uint8_t *from = src;
    uint8_t *to = dst;

    if (!read_packing(step, &p))
        return zp_fail(worker, ZP_ERR_ARGUMENT, "bits that elements do not have");
    if (src_nbytes % step->itemsize)
        return zp_fail(worker, ZP_ERR_ENCODE, "not a whole number of elements");
    size_t n = src_nbytes / step->itemsize;
    size_t nbytes = packed_nbytes(&p, n, &padding), extra = p.padding != NO_PADDING_BYTE;
    if (nbytes + extra > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (p.padding == FIRST_BYTE)
        *to++ = (uint8_t)padding;
    if (p.truth) {
        pack_booleans(from, to, n, p.highest);
    } else {
        bits b = {0, 0, to, NULL};
        for (size_t i = 0; i < n; i++)
            push(&b, load(from + i * step->itemsize, step->itemsize) >> p.first, p.nbits);
        if (b.nwaiting)
            push(&b, 0, 8 - b.nwaiting);
    }
    if (p.padding == LAST_BYTE)
        to[nbytes] = (uint8_t)padding;
    return (int64_t)(nbytes + extra);
}

/*
 * How many components are in `nbytes` of bits.  Where the padding is not told,
 * up to 7 bits may be padding, so that only the room can say: it takes as many
 * as fit, or fails when a whole byte is left over.
 */
static int64_t
count_components(const packing *p, zp_worker *worker, const uint8_t *stored, size_t nbytes,
                 size_t padding_told, size_t room)
{
    size_t told = p->padding != NO_PADDING_BYTE, padding, bits = 8 * nbytes;

    if (told && (padding_told > 7 || padding_told > bits))
        return zp_fail(worker, ZP_ERR_CORRUPT, "more padding than a byte has bits");
    if (told && (bits - padding_told) % (size_t)p->nbits)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the padding ends within an element");
    size_t n = (bits - (told ? padding_told : 0)) / (size_t)p->nbits;
    if (!told && n > room && packed_nbytes(p, room, &padding) == nbytes)
        n = room;
    if (n > room)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (packed_nbytes(p, n, &padding) != nbytes)
        return zp_fail(worker, ZP_ERR_CORRUPT, "bytes after the last element");
    for (size_t i = 0; i < padding; i++)
        if (stored[nbytes - 1] >> (p->highest ? i : 7 - i) & 1)
            return zp_fail(worker, ZP_ERR_CORRUPT, "the padding is not zero");
    return (int64_t)n;
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    packing p;
    const uint8_t *from = src;
    uint8_t *to = dst;
    size_t told = 0;

    if (!read_packing(step, &p))
        return zp_fail(worker, ZP_ERR_ARGUMENT, "bits that elements do not have");
    if (p.padding != NO_PADDING_BYTE) {
        if (src_nbytes == 0)
            return zp_fail(worker, ZP_ERR_CORRUPT, "no byte that tells the padding");
        src_nbytes--;
        told = p.padding == FIRST_BYTE ? *from++ : from[src_nbytes];
    }
    if (src_nbytes > (size_t)INT64_MAX / 64)
        return zp_fail(worker, ZP_ERR_TOO_LARGE, NULL);
    int64_t n = count_components(&p, worker, from, src_nbytes, told, dst_nbytes / step->itemsize);
    if (n < 0)
        return n;
    if (p.truth) {
        unpack_booleans(from, to, (size_t)n, p.highest);
        return n;
    }
    bits b = {0, 0, NULL, from};
    uint64_t sign = (uint64_t)1 << (p.nbits - 1);
    for (int64_t i = 0; i < n; i++) {
        uint64_t x = pull(&b, p.nbits);
        if (p.extend)
            x = (x ^ sign) - sign;
        store(to + (size_t)i * step->itemsize, step->itemsize, x << p.first);
    }
    return n * (int64_t)step->itemsize;
}

const zp_codec zp_codec_packbits = {
    .name = "packbits",
    .encode = encode,
    .decode = decode,
    .bound = bound,
    .flags = ZP_EXACT,
};
