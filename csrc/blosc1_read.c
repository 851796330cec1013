/*
 * blosc1_read.c - the Blosc1 container: reader of whole chunks
 *
 * It trusts nothing: each size and place is checked before it is used, and
 * blocks may lie in any order.
 */
#include "blosc1_frame.h"
#include "stream.h"
#include "worker.h"

#include <string.h>

int64_t
zp_blosc1_get_header(zp_blosc1_header *h, zp_worker *worker, const uint8_t *src, size_t src_nbytes)
{
    if (src_nbytes < HEADER_NBYTES)
        return zp_fail(worker, ZP_ERR_CORRUPT, "shorter than the 16 bytes of its header");
    if (src[0] != FORMAT_VERSION)
        return src[0] > FORMAT_VERSION
                   ? zp_fail(worker, ZP_ERR_UNSUPPORTED, "a chunk of a newer format (Blosc2?)")
                   : zp_fail(worker, ZP_ERR_CORRUPT, "unknown version of the container");
    h->flags = src[2];
    h->typesize = src[3];
    h->nbytes = zp_load32(src + 4);
    h->blocksize = zp_load32(src + 8);
    h->chunk_nbytes = zp_load32(src + 12);

    if ((h->flags & (FLAG_SHUFFLE | FLAG_BITSHUFFLE)) == (FLAG_SHUFFLE | FLAG_BITSHUFFLE))
        return zp_fail(worker, ZP_ERR_UNSUPPORTED, "a Blosc2 chunk");
    if (h->flags & FLAG_RESERVED)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a reserved flag is set");
    if (h->nbytes > ZP_BLOSC1_MAX_NBYTES || h->typesize == 0)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a size in the header is not valid");
    if (h->chunk_nbytes > src_nbytes)
        return zp_fail(worker, ZP_ERR_CORRUPT, "chunk is truncated");
    if (h->chunk_nbytes < src_nbytes)
        return zp_fail(worker, ZP_ERR_CORRUPT, "bytes after the end of the chunk");

    if (h->flags & FLAG_STORED) {
        if (h->chunk_nbytes != h->nbytes + HEADER_NBYTES)
            return zp_fail(worker, ZP_ERR_CORRUPT, "the sizes in the header contradict each other");
        return ZP_OK;
    }
    if (src[1] != COMPRESSOR_VERSION)
        return zp_fail(worker, ZP_ERR_UNSUPPORTED, "unknown version of the compressor");
    if (h->blocksize == 0 || h->blocksize > INT32_MAX)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the block size is not valid");
    h->nblocks = h->nbytes / h->blocksize + (h->nbytes % h->blocksize != 0);
    if (h->nblocks > (h->chunk_nbytes - HEADER_NBYTES) / 4)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the places of the blocks are cut off");
    return ZP_OK;
}

static int
shuffle_of(const zp_blosc1_header *h)
{
    if (h->flags & FLAG_SHUFFLE)
        return ZP_BYTESHUFFLE;
    return h->flags & FLAG_BITSHUFFLE ? ZP_BITSHUFFLE : ZP_NOSHUFFLE;
}

int64_t
zp_blosc1_find_block(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src, size_t i,
                     zp_blosc1_block *block)
{
    size_t nbytes = zp_blosc1_min(h->blocksize, h->nbytes - i * h->blocksize);
    int split = !(h->flags & FLAG_UNSPLIT) && h->typesize <= MAX_SPLITS &&
                h->blocksize / h->typesize >= MIN_SPLIT_NBYTES && nbytes == h->blocksize;

    block->place = zp_load32(src + HEADER_NBYTES + 4 * i);
    block->nbytes = nbytes;
    block->nsplits = split ? h->typesize : 1;
    block->filter = zp_blosc1_filter(shuffle_of(h), h->typesize, nbytes);
    if (block->place < HEADER_NBYTES + 4 * h->nblocks)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a block lies over the header");
    if (nbytes % block->nsplits != 0)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a block cannot be cut into its splits");
    return ZP_OK;
}

int64_t
zp_blosc1_next_split(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                     size_t split_nbytes, size_t *place, size_t *n)
{
    if (h->chunk_nbytes < *place || h->chunk_nbytes - *place < 4)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a block lies outside the chunk");
    *n = zp_load32(src + *place);
    *place += 4;
    if (*n == 0 || *n > h->chunk_nbytes - *place)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a split lies outside the chunk");
    /* Writers keep what snappy could not shrink in its form, a little longer. */
    if (*n > split_nbytes && h->flags >> FORMAT_SHIFT != ZP_FORMAT_SNAPPY)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a split is longer than its bytes");
    return ZP_OK;
}

/* The splits of a block, one behind the other, at dst. */
int64_t
zp_blosc1_unpack_splits(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                        const zp_blosc1_block *block, uint8_t *dst)
{
    size_t place = block->place, split_nbytes = block->nbytes / block->nsplits, n = 0;

    for (size_t i = 0; i < block->nsplits; i++, dst += split_nbytes, place += n) {
        int64_t status = zp_blosc1_next_split(h, worker, src, split_nbytes, &place, &n);
        if (status < 0)
            return status;
        if (n == split_nbytes)
            memcpy(dst, src + place, n);
        else
            status = zp_blosc1_unpack(worker, (int)(h->flags >> FORMAT_SHIFT), src + place, n, dst,
                                      split_nbytes);
        if (status < 0)
            return status;
    }
    return ZP_OK;
}

int64_t
zp_blosc1_decode_block(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                       const zp_blosc1_block *block, uint8_t *dst, void *temp)
{
    size_t nbytes = block->nbytes;
    uint8_t *filtered = dst;

    if (block->filter != ZP_NOSHUFFLE) {
        filtered = zp_worker_scratch(worker, ZP_SLOT_BLOCK, nbytes);
        if (!filtered)
            return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    }
    int64_t status = zp_blosc1_unpack_splits(h, worker, src, block, filtered);
    if (status < 0)
        return status;
    if (block->filter == ZP_BYTESHUFFLE) {
        (zp_worker_streams(worker) ? zp_unshuffle_streamed : zp_unshuffle)(filtered, dst, nbytes,
                                                                           h->typesize);
    } else if (block->filter == ZP_BITSHUFFLE) {
        size_t nelems = nbytes / h->typesize, whole_nbytes = nelems * h->typesize;
        zp_bitunshuffle(filtered, dst, nelems, h->typesize, temp);
        memcpy(dst + whole_nbytes, filtered + whole_nbytes, nbytes - whole_nbytes);
    }
    return ZP_OK;
}

/* All of a chunk whose header is good, to dst. */
static int64_t
decode_blocks(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src, uint8_t *dst)
{
    uint8_t *temp = zp_worker_scratch(worker, ZP_SLOT_SPLIT,
                                      zp_blosc1_min(h->blocksize, h->nbytes));
    if (!temp)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);

    for (size_t i = 0; i < h->nblocks; i++) {
        zp_blosc1_block block;
        int64_t status = zp_blosc1_find_block(h, worker, src, i, &block);
        if (status == ZP_OK)
            status = zp_blosc1_decode_block(h, worker, src, &block, dst + i * h->blocksize, temp);
        if (status < 0)
            return status;
    }
    return (int64_t)h->nbytes;
}

int64_t
zp_blosc1_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                 void *dst, size_t dst_nbytes)
{
    zp_blosc1_header h = {0};
    int64_t status = zp_blosc1_get_header(&h, worker, src, src_nbytes);

    (void)step;
    if (status < 0)
        return status;
    if (h.nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (h.nbytes == 0)
        return 0;
    if (h.flags & FLAG_STORED) {
        memcpy(dst, (const uint8_t *)src + HEADER_NBYTES, h.nbytes);
        return (int64_t)h.nbytes;
    }
    return decode_blocks(&h, worker, src, dst);
}
