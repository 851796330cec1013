/*
 * blosc1_part.c - the Blosc1 container: reader of parts of a chunk
 *
 * Only blocks that a part touches are decoded, and of blocks that LZ4 packed
 * byte by byte of their elements only the front, up to what is wanted, or
 * where that is little, only its bytes.
 */
#include "blosc1_picks.h"
#include "blosc1_split.h"
#include "codec.h"
#include "tally.h"
#include "worker.h"

#include <string.h>

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

/* The fronts of the splits of a block, one after the other. */
typedef struct fronts {
    uint8_t *planes;
    size_t last; /* bytes of each */
} fronts;

static int
take_front(const zp_blosc1_split *s, size_t k, void *context)
{
    const fronts *f = context;
    uint8_t *plane = f->planes + k * f->last;

    if (!zp_blosc1_is_stored(s))
        return zp_blosc1_learn_front(s, zp_lz4_unpack_front, plane, f->last) > 0;
    if (zp_blosc1_bring(s->part, s->place, s->place + f->last) < 0)
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
    int64_t status = zp_blosc1_take_splits(h, worker, src, part, block, take_front, &f);
    if (status == ZP_OK)
        zp_unshuffle(f.planes, dst, nbytes, h->typesize);
    return status;
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
           size_t begin, size_t from, size_t to, zp_blosc1_picks *wanted)
{
    size_t typesize = h->typesize;

    wanted->n = 0;
    if (!has_fronts(h, block) || (part->every > 0 && !has_rhythm(h, block, part)))
        return 0;
    for (run r = {from, from}; next_run(part, begin, to, &r);)
        for (size_t i = r.from / typesize; i * typesize < r.to; i++) {
            if (wanted->n == ZP_BLOSC1_MOST_PICKS)
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
        zp_blosc1_picks wanted;
        int front = to <= block.nbytes / 4 * 3 && has_fronts(h, &block);
        int few = list_picks(h, &block, part, begin, from, to, &wanted) &&
                  (front || wanted.n <= ZP_BLOSC1_SOME_PICKS);
        if (!front && zp_blosc1_bring(part, 0, SIZE_MAX) < 0)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a block lies outside the chunk");
        if (few) {
            status = zp_blosc1_decode_picks(h, worker, src, part, &block, &wanted, temp + most);
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
    if (zp_blosc1_bring(part, 0, SIZE_MAX) < 0)
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
