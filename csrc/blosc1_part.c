/*
 * blosc1_part.c - the Blosc1 container: reader of parts of a chunk
 *
 * Only blocks that a part touches are decoded, and of blocks that LZ4 packed
 * byte by byte of their elements only the front, up to what is wanted, or
 * where that is little, only its bytes.
 */
#include "blosc1_frame.h"
#include "codec.h"
#include "tally.h"
#include "worker.h"

#include <string.h>

/* So many elements are put together one by one; more are worth the vector kernel. */
#define MOST_PICKS 256
/* So many are looked for in what is packed; more are worth decoding all that is before them. */
#define FEW_PICKS 16
/* After one step for so many packed bytes, what is wanted lies too deep, and all is decoded. */
#define STEP_NBYTES 8
/* More of a split is looked at than its share of what is wanted. */
#define MARGIN_NBYTES 1024
/* One byte of so many is picked; more are worth the vector kernel. */
#define SPARSE 16

/* Whether the splits of a block are the bytes of equal significance of its elements, by LZ4. */
static int
has_fronts(const zp_blosc1_header *h, const zp_blosc1_block *block)
{
    return block->filter == ZP_BYTESHUFFLE && block->nsplits == h->typesize &&
           h->flags >> FORMAT_SHIFT == ZP_FORMAT_LZ4;
}

/* A few elements out of their planes. */
static void
gather(const uint8_t *planes, size_t plane_nbytes, size_t typesize, size_t first, size_t last,
       uint8_t *dst)
{
    for (size_t k = 0; k < typesize; k++)
        for (size_t i = first; i < last; i++)
            dst[(i - first) * typesize + k] = planes[k * plane_nbytes + i];
}

static int
bring(const zp_part *part, size_t from, size_t to)
{
    return part->need ? part->need(part->source, from, to) : ZP_OK;
}

/* One of the splits of a block: n stored bytes at `place` of the chunk. */
typedef struct split {
    const zp_part *part;
    const uint8_t *src;
    size_t place, n, decoded_nbytes;
} split;

static int
is_stored(const split *s)
{
    return s->n == s->decoded_nbytes;
}

/* What is done to n bytes of a split to learn of its first `last` ones, which is the answer then. */
typedef int64_t (*learn)(const void *src, size_t n, void *to, size_t last);

/*
 * Learn of the first `last` bytes of a split.  Not all of its stored ones need
 * be there: about as large a part of them as of the split is tried first.  How
 * many were looked at, or 0.
 */
static size_t
learn_front(const split *s, learn how, void *to, size_t last)
{
    const uint8_t *begin = s->src + s->place;
    size_t reach = s->n;
    if (s->part->need) {
        double share = (double)last / (double)s->decoded_nbytes;
        reach = (size_t)((double)s->n * share * 1.125) + MARGIN_NBYTES;
    }
    if (reach < s->n) {
        if (bring(s->part, s->place, s->place + reach) < 0)
            return 0;
        if (how(begin, reach, to, last) == (int64_t)last)
            return reach;
    } else {
        reach = 0;
    }
    int done = bring(s->part, s->place + reach, s->place + s->n) == ZP_OK &&
               how(begin, s->n, to, last) == (int64_t)last;
    return done ? s->n : 0;
}

/* Takes what is wanted of the kth split of a block; 0 when that is damaged. */
typedef int (*take_split)(const split *s, size_t k, void *context);

static int64_t
take_splits(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src, const zp_part *part,
            const zp_blosc1_block *block, take_split take, void *context)
{
    split s = {part, src, block->place, 0, block->nbytes / h->typesize};

    for (size_t k = 0; k < h->typesize; k++, s.place += s.n) {
        if (bring(part, s.place, s.place + 4) < 0)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a split lies outside the chunk");
        int64_t status = zp_blosc1_next_split(h, worker, src, s.decoded_nbytes, &s.place, &s.n);
        if (status < 0)
            return status;
        if (!take(&s, k, context))
            return zp_fail(worker, ZP_ERR_CORRUPT, "a compressed block is damaged");
    }
    return ZP_OK;
}

/* The fronts of the splits of a block, one after the other. */
typedef struct fronts {
    uint8_t *planes;
    size_t last; /* bytes of each */
} fronts;

static int
take_front(const split *s, size_t k, void *context)
{
    const fronts *f = context;
    uint8_t *plane = f->planes + k * f->last;

    if (!is_stored(s))
        return learn_front(s, zp_lz4_unpack_front, plane, f->last) > 0;
    if (bring(s->part, s->place, s->place + f->last) < 0)
        return 0;
    memcpy(plane, s->src + s->place, f->last);
    return 1;
}

/*
 * The bytes [from, to) of a block to their places in dst, of each split only
 * its front: what lies behind the last element is not looked at.
 */
static int64_t
decode_front(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src, const zp_part *part,
             const zp_blosc1_block *block, size_t to, uint8_t *dst)
{
    size_t last = (to + h->typesize - 1) / h->typesize, nbytes = last * h->typesize;
    fronts f = {zp_worker_scratch(worker, ZP_SLOT_BLOCK, nbytes), last};

    if (!f.planes)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    int64_t status = take_splits(h, worker, src, part, block, take_front, &f);
    if (status == ZP_OK)
        zp_unshuffle(f.planes, dst, nbytes, h->typesize);
    return status;
}

/* The elements of a block that are wanted, in order. */
typedef struct picks {
    size_t n;
    uint32_t places[MOST_PICKS];
} picks;

/* Where their bytes go: to each `typesize`th one of dst. */
typedef struct picking {
    const picks *wanted;
    void *scratch;
    uint8_t *dst;
    size_t typesize;
} picking;

/* The bytes that are wanted of some that are decoded. */
static void
pick_decoded(const picking *p, const uint8_t *bytes, uint8_t *dst)
{
    for (size_t i = 0; i < p->wanted->n; i++)
        dst[p->wanted->places[i] * p->typesize] = bytes[p->wanted->places[i]];
}

/* The same of a split that was surveyed, unless they lie too deep. */
static int
pick_packed(const picking *p, const uint8_t *src, size_t n, uint8_t *dst)
{
    const picks *wanted = p->wanted;
    size_t share = n / STEP_NBYTES / wanted->n + 1, steps = 4 * share;

    for (size_t i = 0; i < wanted->n; i++, steps += share) {
        int byte = zp_lz4_pick(src, n, p->scratch, wanted->places[i], &steps);
        if (byte < 0)
            return 0;
        dst[wanted->places[i] * p->typesize] = (uint8_t)byte;
    }
    return 1;
}

static int
take_picks(const split *s, size_t k, void *context)
{
    const picking *p = context;
    const picks *wanted = p->wanted;
    size_t last = wanted->places[wanted->n - 1] + 1;
    uint8_t *dst = p->dst + k;

    if (is_stored(s)) {
        if (bring(s->part, s->place + wanted->places[0], s->place + last) < 0)
            return 0;
        pick_decoded(p, s->src + s->place, dst);
        return 1;
    }
    if (wanted->n <= FEW_PICKS) {
        size_t reach = learn_front(s, zp_lz4_survey, p->scratch, last);
        if (reach == 0)
            return 0;
        if (pick_packed(p, s->src + s->place, reach, dst))
            return 1;
    }
    if (!learn_front(s, zp_lz4_unpack_front, p->scratch, last))
        return 0;
    pick_decoded(p, p->scratch, dst);
    return 1;
}

/* Few elements of a block to their places in dst: nothing else is decoded. */
static int64_t
decode_picks(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src, const zp_part *part,
             const zp_blosc1_block *block, const picks *wanted, uint8_t *dst)
{
    size_t split_nbytes = block->nbytes / h->typesize;
    size_t nbytes = zp_lz4_survey_nbytes(split_nbytes) + split_nbytes; /* or bytes themselves */
    picking p = {wanted, zp_worker_scratch(worker, ZP_SLOT_BLOCK, nbytes), dst, h->typesize};

    if (!p.scratch)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    return take_splits(h, worker, src, part, block, take_picks, &p);
}

/* Whether whole elements of a block are wanted, at equal distances. */
static int
has_rhythm(const zp_blosc1_header *h, const zp_blosc1_block *block, const zp_part *part)
{
    size_t typesize = h->typesize;
    return part->every > 0 && part->start % typesize == 0 && part->every % typesize == 0 &&
           part->wanted % typesize == 0 && h->blocksize % typesize == 0 &&
           block->nbytes % typesize == 0;
}

/* Whether so little of a block is wanted that the rest need not be put together. */
static int
is_sparse(const zp_blosc1_header *h, const zp_blosc1_block *block, const zp_part *part)
{
    return block->filter == ZP_BYTESHUFFLE && part->wanted <= part->every / SPARSE &&
           has_rhythm(h, block, part);
}

/* Wanted bytes of a block, one after the other. */
typedef struct run {
    size_t from, to;
} run;

/* The run that follows one, up to `end` of a block that is at `begin` in the chunk. */
static int
next_run(const zp_part *part, size_t begin, size_t end, run *r)
{
    size_t at = begin + r->to - part->start, every = part->every; /* in the part */
    size_t gap = 0, n = end - r->to;

    if (every > 0) {
        size_t beat = at % every;
        gap = beat < part->wanted ? 0 : every - beat;
        n = beat < part->wanted ? part->wanted - beat : part->wanted;
    }
    r->from = r->to + gap;
    r->to = zp_blosc1_min(r->from + n, end);
    return r->from < r->to;
}

/* The elements that are wanted of the bytes [from, to) of a block, unless they are too many. */
static int
list_picks(const zp_blosc1_header *h, const zp_blosc1_block *block, const zp_part *part,
           size_t begin, size_t from, size_t to, picks *wanted)
{
    size_t typesize = h->typesize;

    wanted->n = 0;
    if (!has_fronts(h, block) || (part->every > 0 && !has_rhythm(h, block, part)))
        return 0;
    for (run r = {from, from}; next_run(part, begin, to, &r);)
        for (size_t i = r.from / typesize; i * typesize < r.to; i++) {
            if (wanted->n == MOST_PICKS)
                return 0;
            wanted->places[wanted->n++] = (uint32_t)i;
        }
    return 1;
}

/* Of the bytes [from, to) of a block, which is at `begin` in the chunk, those that are wanted. */
static int64_t
decode_sparse(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
              const zp_blosc1_block *block, const zp_part *part, size_t begin, size_t from,
              size_t to, uint8_t *dst)
{
    size_t typesize = h->typesize, plane_nbytes = block->nbytes / typesize;
    uint8_t *planes = zp_worker_scratch(worker, ZP_SLOT_BLOCK, block->nbytes);

    if (!planes)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    int64_t status = zp_blosc1_unpack_splits(h, worker, src, block, planes);
    if (status < 0)
        return status;

    for (run r = {from, from}; next_run(part, begin, to, &r);)
        gather(planes, plane_nbytes, typesize, r.from / typesize, r.to / typesize, dst + r.from);
    return ZP_OK;
}

/* The blocks that a part touches, each handed over while it is in the cache. */
static int64_t
decode_part(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src, const zp_part *part)
{
    size_t most = zp_blosc1_min(h->blocksize, h->nbytes), end = part->start + part->nbytes;
    uint8_t *temp = zp_worker_scratch(worker, ZP_SLOT_SPLIT, 2 * most);
    if (!temp)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);

    for (size_t i = part->start / h->blocksize; i * h->blocksize < end; i++) {
        zp_blosc1_block block;
        size_t begin = i * h->blocksize, decoded;
        int64_t status = zp_blosc1_find_block(h, worker, src, i, &block);
        if (status < 0)
            return status;
        size_t from = begin < part->start ? part->start - begin : 0;
        size_t to = zp_blosc1_min(block.nbytes, end - begin);
        picks wanted;
        int front = to <= block.nbytes / 4 * 3 && has_fronts(h, &block);
        int few = list_picks(h, &block, part, begin, from, to, &wanted) &&
                  (front || wanted.n <= FEW_PICKS); /* LZ4 decodes the whole of a split faster */
        if (!front && bring(part, 0, SIZE_MAX) < 0)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a block lies outside the chunk");
        if (few) {
            status = decode_picks(h, worker, src, part, &block, &wanted, temp + most);
            decoded = wanted.n * h->typesize;
        } else if (front) {
            status = decode_front(h, worker, src, part, &block, to, temp + most);
            decoded = to;
        } else if (is_sparse(h, &block, part)) {
            status = decode_sparse(h, worker, src, &block, part, begin, from, to, temp + most);
            decoded = block.nbytes;
        } else {
            status = zp_blosc1_decode_block(h, worker, src, &block, temp + most, temp);
            decoded = block.nbytes;
        }
        if (status < 0)
            return status;
        zp_tally_add(zp_worker_tally(worker), ZP_BYTES_DECODED, (int64_t)decoded);
        part->sink(part->context, begin + from, temp + most + from, to - from);
    }
    return ZP_OK;
}

int64_t
zp_blosc1_part(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
               size_t decoded_nbytes, const zp_part *part)
{
    zp_blosc1_header h = {0};
    int64_t status = zp_blosc1_get_header(&h, worker, src, src_nbytes);

    (void)step;
    if (status < 0)
        return status;
    if (h.nbytes != decoded_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (part->start > h.nbytes || part->nbytes > h.nbytes - part->start)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "the part ends behind the data");
    if (part->nbytes == 0)
        return ZP_OK;
    if (part->loaded > 0)
        h.chunk_nbytes = zp_blosc1_min(h.chunk_nbytes, part->loaded);
    if (!(h.flags & FLAG_STORED))
        return decode_part(&h, worker, src, part);
    if (bring(part, 0, SIZE_MAX) < 0)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the data ends behind the chunk");
    zp_tally_add(zp_worker_tally(worker), ZP_BYTES_DECODED, (int64_t)part->nbytes);
    part->sink(part->context, part->start, (const uint8_t *)src + HEADER_NBYTES + part->start,
               part->nbytes);
    return ZP_OK;
}

/* Where the blocks from first to last lie; each ends where the next in the chunk begins. */
static void
find_blocks(const zp_blosc1_header *h, const uint8_t *places, size_t first, size_t last,
            size_t *from, size_t *to)
{
    size_t front = h->chunk_nbytes, back = 0, end = h->chunk_nbytes;

    for (size_t i = first; i <= last; i++) {
        size_t place = zp_load32(places + 4 * i);
        front = place < front ? place : front;
        back = place > back ? place : back;
    }
    for (size_t i = 0; i < h->nblocks; i++) {
        size_t place = zp_load32(places + 4 * i);
        if (place > back && place < end)
            end = place;
    }
    *from = front;
    *to = end;
}

int64_t
zp_blosc1_range(zp_worker *worker, const void *head, size_t head_nbytes, size_t src_nbytes,
                const zp_part *part, size_t *from, size_t *to)
{
    zp_blosc1_header h = {0};
    int64_t status = zp_blosc1_get_header(&h, worker, head, src_nbytes);

    if (status < 0)
        return status;
    *from = 0;
    *to = src_nbytes;
    if (part->nbytes == 0 || part->start > h.nbytes || part->nbytes > h.nbytes - part->start)
        return ZP_OK;
    if (h.flags & FLAG_STORED) {
        *from = HEADER_NBYTES + part->start;
        *to = *from + part->nbytes;
    } else if (HEADER_NBYTES + 4 * h.nblocks <= head_nbytes) {
        find_blocks(&h, (const uint8_t *)head + HEADER_NBYTES, part->start / h.blocksize,
                    (part->start + part->nbytes - 1) / h.blocksize, from, to);
    }
    return ZP_OK;
}
