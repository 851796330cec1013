/*
 * step_categorize.c - the filter "categorize": the number of a label in place of a text
 *
 * Texts are of one size, filled up with zeros.  What they are compared with is
 * sorted, so that finding one of many labels takes few comparisons.
 */
#include <string.h>

#include "recast.h"

/*
 * As step->aux has it; step->itemsize is that of a text, step->variant the kind
 * of number, an integer.  Behind it lie, in this order: `nlabels` texts, the
 * labels by their numbers from 1 on, cut off where they are longer than a text;
 * `nkeys` texts in ascending order of their bytes, the labels that are not; and
 * of each of these its number, in 64 bits.
 */
typedef struct head {
    uint64_t nlabels;
    uint64_t nkeys;
} head;

typedef struct labels {
    size_t itemsize;
    size_t number_nbytes;
    int is_signed;
    uint64_t nlabels;
    uint64_t nkeys;
    const uint8_t *texts;
    const uint8_t *keys;
    const uint8_t *numbers;
} labels;

static int
read_labels(const zp_step *step, labels *l)
{
    head h;

    if (!step->aux || step->itemsize == 0 || step->variant < 0 || step->variant > ZP_UINT64)
        return 0;
    memcpy(&h, step->aux, sizeof h);
    l->itemsize = step->itemsize;
    l->number_nbytes = zp_number_nbytes(step->variant);
    l->is_signed = step->variant < ZP_UINT8;
    l->nlabels = h.nlabels;
    l->nkeys = h.nkeys;
    l->texts = (const uint8_t *)step->aux + sizeof h;
    l->keys = l->texts + h.nlabels * l->itemsize;
    l->numbers = l->keys + h.nkeys * l->itemsize;
    return 1;
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    labels l;

    if (!read_labels(step, &l))
        return ZP_ERR_ARGUMENT;
    if (decoded_nbytes % l.itemsize)
        return ZP_ERR_ENCODE;
    if (decoded_nbytes > (size_t)INT64_MAX / 8)
        return ZP_ERR_TOO_LARGE;
    return (int64_t)(decoded_nbytes / l.itemsize * l.number_nbytes);
}

/* The number of a text; 0 for what is no label. */
static uint64_t
number_of(const labels *l, const uint8_t *text)
{
    uint64_t low = 0, high = l->nkeys, number;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int order = memcmp(text, l->keys + middle * l->itemsize, l->itemsize);
        if (order == 0) {
            memcpy(&number, l->numbers + middle * sizeof number, sizeof number);
            return number;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

static inline void
put_number(uint8_t *dst, size_t nbytes, uint64_t number)
{
    uint8_t u1 = (uint8_t)number;
    uint16_t u2 = (uint16_t)number;
    uint32_t u4 = (uint32_t)number;

    if (nbytes == 1)
        memcpy(dst, &u1, sizeof u1);
    else if (nbytes == 2)
        memcpy(dst, &u2, sizeof u2);
    else if (nbytes == 4)
        memcpy(dst, &u4, sizeof u4);
    else
        memcpy(dst, &number, sizeof number);
}

/* A number as stored; what is below zero comes back as something above INT64_MAX. */
static inline uint64_t
get_number(const uint8_t *src, size_t nbytes, int is_signed)
{
    uint8_t u1;
    uint16_t u2;
    uint32_t u4;
    uint64_t u8;

    if (nbytes == 1) {
        memcpy(&u1, src, sizeof u1);
        return is_signed ? (uint64_t)(int8_t)u1 : u1;
    }
    if (nbytes == 2) {
        memcpy(&u2, src, sizeof u2);
        return is_signed ? (uint64_t)(int16_t)u2 : u2;
    }
    if (nbytes == 4) {
        memcpy(&u4, src, sizeof u4);
        return is_signed ? (uint64_t)(int32_t)u4 : u4;
    }
    memcpy(&u8, src, sizeof u8);
    return u8;
}

/* Check sizes before encoding or decoding; the number of texts, or a negative zp_status. */
static int64_t
begin(const zp_step *step, zp_worker *worker, int decoding, size_t src_nbytes, size_t dst_nbytes,
      labels *l)
{
    if (!read_labels(step, l))
        return zp_fail(worker, ZP_ERR_ARGUMENT, "no labels, or no kind of integer");
    return zp_count_elements(worker, decoding, l->itemsize, l->number_nbytes, src_nbytes,
                             dst_nbytes);
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    labels l = {0};
    const uint8_t *from = src;
    uint8_t *to = dst;
    int64_t n = begin(step, worker, 0, src_nbytes, dst_nbytes, &l);

    if (n < 0)
        return n;
    for (int64_t i = 0; i < n; i++, from += l.itemsize, to += l.number_nbytes)
        put_number(to, l.number_nbytes, number_of(&l, from));
    return n * (int64_t)l.number_nbytes;
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    labels l = {0};
    const uint8_t *from = src;
    uint8_t *to = dst;
    int64_t n = begin(step, worker, 1, src_nbytes, dst_nbytes, &l);

    if (n < 0)
        return n;
    for (int64_t i = 0; i < n; i++, from += l.number_nbytes, to += l.itemsize) {
        uint64_t number = get_number(from, l.number_nbytes, l.is_signed);
        if (number >= 1 && number <= l.nlabels)
            memcpy(to, l.texts + (number - 1) * l.itemsize, l.itemsize);
        else
            memset(to, 0, l.itemsize); /* no label: an empty text */
    }
    return n * (int64_t)l.itemsize;
}

const zp_codec zp_codec_categorize = {
    .name = "categorize",
    .encode = encode,
    .decode = decode,
    .bound = bound,
    .flags = ZP_EXACT,
};
