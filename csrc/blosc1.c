/*
 * blosc1.c - the Blosc1 container: writer, reader, reader of parts
 *
 * A chunk is a header of 16 bytes, then the place of each block, counted from
 * the start of the chunk, then the blocks:
 *
 *   0  format version (2)     4  decoded size
 *   1  compressor version     8  block size
 *   2  flags                 12  size of the chunk
 *   3  element size
 *
 * Each block is filtered on its own, cut into as many splits as an element has
 * bytes (or not cut), and each split is compressed: its size in 4 bytes, then
 * its bytes; a split that did not shrink is stored as it is.  All words are
 * little endian.  The last block may be shorter, and is never cut.
 *
 * The reader trusts nothing: each size and place is checked before it is used,
 * and blocks may lie in any order.
 */
#include "blosc1.h"

#include <string.h>

#include "load.h"
#include "tally.h"

#define HEADER_NBYTES ZP_BLOSC1_HEADER_NBYTES
#define FORMAT_VERSION 2
#define COMPRESSOR_VERSION 1

enum {
    FLAG_SHUFFLE = 0x01,
    FLAG_STORED = 0x02,
    FLAG_BITSHUFFLE = 0x04,
    FLAG_RESERVED = 0x08,
    FLAG_UNSPLIT = 0x10,
    FORMAT_SHIFT = 5,
};

#define MAX_SPLITS 16
#define MIN_SPLIT_NBYTES 128 /* also the smallest input and block worth compressing */
#define MIN_ZSTD_SPLIT_NBYTES 4096
#define MAX_BLOCK_NBYTES (((size_t)INT32_MAX - 1020) / 3)
#define KIB ((size_t)1024)

typedef struct header {
    uint32_t flags;
    size_t typesize;
    size_t nbytes;
    size_t blocksize;
    size_t chunk_nbytes;
    size_t nblocks;
} header;

/* What is done to the bytes of a block before they are compressed. */
static int
filter_of(int shuffle, size_t typesize, size_t block_nbytes)
{
    if (shuffle == ZP_BYTESHUFFLE)
        return typesize > 1 ? ZP_BYTESHUFFLE : ZP_NOSHUFFLE;
    if (shuffle == ZP_BITSHUFFLE) {
        size_t nelems = block_nbytes / typesize;
        return nelems > 0 && nelems % 8 == 0 ? ZP_BITSHUFFLE : ZP_NOSHUFFLE;
    }
    return ZP_NOSHUFFLE;
}

static size_t
min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---------------------------------------------------------------- writer -- */

/* Whether blocks of this size are cut into one split for each byte of an element. */
static int
splits(const zp_step *step, size_t typesize, size_t blocksize)
{
    if (typesize > MAX_SPLITS || blocksize / typesize < MIN_SPLIT_NBYTES)
        return 0;
    if (step->compressor != ZP_ZSTD)
        return 1;
    /* By tradition zstd never splits; up to level 5 long splits are both smaller and faster. */
    return step->split && step->shuffle == ZP_BYTESHUFFLE && step->level <= 5 && typesize > 1 &&
           blocksize / typesize >= MIN_ZSTD_SPLIT_NBYTES;
}

/* Compressors worth larger blocks. */
static int
is_thorough(int compressor)
{
    return compressor == ZP_LZ4HC || compressor == ZP_ZLIB || compressor == ZP_ZSTD;
}

static size_t
automatic_blocksize(const zp_step *step, size_t nbytes)
{
    static const uint8_t quarters[10] = {1, 2, 4, 8, 16, 16, 32, 32, 32, 32};
    size_t blocksize = 32 * KIB;

    if (nbytes < blocksize)
        return nbytes;
    if (is_thorough(step->compressor))
        blocksize *= 2;
    blocksize = blocksize * quarters[step->level] / 4;
    if (step->level == 9 && is_thorough(step->compressor))
        blocksize *= 2;
    return blocksize;
}

static size_t
choose_blocksize(const zp_step *step, size_t typesize, size_t nbytes)
{
    size_t blocksize;

    if (nbytes < typesize)
        return 1;
    if (step->blocksize > 0)
        blocksize = step->blocksize < MIN_SPLIT_NBYTES ? MIN_SPLIT_NBYTES : (size_t)step->blocksize;
    else
        blocksize = automatic_blocksize(step, nbytes);

    /* The rule speaks of one split, and a block holds as many as an element has bytes. */
    size_t judged = step->compressor == ZP_ZSTD ? nbytes : blocksize;
    if (step->level > 0 && splits(step, typesize, judged)) {
        blocksize = min_size(blocksize, 256 * KIB) * typesize;
        if (blocksize < 64 * KIB)
            blocksize = 64 * KIB;
        blocksize = min_size(blocksize, 1024 * KIB);
    }
    blocksize = min_size(min_size(blocksize, nbytes), MAX_BLOCK_NBYTES);
    return blocksize > typesize ? blocksize - blocksize % typesize : blocksize;
}

static void
put_header(uint8_t *dst, uint32_t flags, size_t typesize, size_t nbytes, size_t blocksize,
           size_t chunk_nbytes)
{
    dst[0] = FORMAT_VERSION;
    dst[1] = COMPRESSOR_VERSION;
    dst[2] = (uint8_t)flags;
    dst[3] = (uint8_t)typesize;
    zp_store32(dst + 4, (uint32_t)nbytes);
    zp_store32(dst + 8, (uint32_t)blocksize);
    zp_store32(dst + 12, (uint32_t)chunk_nbytes);
}

/* The block as it is to be compressed: src itself, or its filtered copy in scratch memory. */
static const uint8_t *
apply_filter(int filter, zp_worker *worker, const uint8_t *src, size_t nbytes, size_t typesize)
{
    if (filter == ZP_NOSHUFFLE)
        return src;

    uint8_t *block = zp_worker_scratch(worker, ZP_SLOT_BLOCK, nbytes);
    if (!block)
        return NULL;
    if (filter == ZP_BYTESHUFFLE) {
        zp_shuffle(src, block, nbytes, typesize);
        return block;
    }

    size_t nelems = nbytes / typesize, whole_nbytes = nelems * typesize;
    void *temp = zp_worker_scratch(worker, ZP_SLOT_SPLIT, whole_nbytes);
    if (!temp || zp_bitshuffle(src, block, nelems, typesize, temp) != ZP_OK)
        return NULL;
    memcpy(block + whole_nbytes, src + whole_nbytes, nbytes - whole_nbytes);
    return block;
}

/* One block; returns its bytes, 0 when it does not fit, or a negative zp_status. */
static int64_t
encode_block(const zp_step *step, zp_worker *worker, const uint8_t *src, size_t nbytes,
             size_t typesize, size_t nsplits, uint8_t *dst, size_t dst_nbytes)
{
    int filter = filter_of(step->shuffle, typesize, nbytes);
    const uint8_t *block = apply_filter(filter, worker, src, nbytes, typesize);
    size_t split_nbytes = nbytes / nsplits, used = 0;
    int variant = nsplits > 1 ? step->variant : 0;

    if (!block)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    for (size_t i = 0; i < nsplits; i++) {
        const uint8_t *split = block + i * split_nbytes;
        if (dst_nbytes - used <= 4)
            return 0;

        size_t room = dst_nbytes - used - 4;
        int64_t n = zp_blosc1_pack(worker, step->compressor, step->level, variant, split,
                                   split_nbytes, dst + used + 4, min_size(room, split_nbytes));
        if (n < 0)
            return n;
        if (n == 0 || (size_t)n >= split_nbytes) {
            if (room < split_nbytes)
                return 0;
            memcpy(dst + used + 4, split, split_nbytes);
            n = (int64_t)split_nbytes;
        }
        zp_store32(dst + used, (uint32_t)n);
        used += 4 + (size_t)n;
    }
    return (int64_t)used;
}

/* All blocks after their places; returns the chunk's size, 0 when it does not fit, or an error. */
static int64_t
encode_blocks(const zp_step *step, zp_worker *worker, const uint8_t *src, size_t nbytes,
              size_t typesize, size_t blocksize, uint8_t *dst, size_t dst_nbytes)
{
    size_t nblocks = nbytes / blocksize + (nbytes % blocksize != 0);
    size_t used = HEADER_NBYTES + 4 * nblocks;
    size_t nsplits = splits(step, typesize, blocksize) ? typesize : 1;

    if (used > dst_nbytes)
        return 0;
    for (size_t i = 0; i < nblocks; i++) {
        size_t block_nbytes = min_size(blocksize, nbytes - i * blocksize);
        int64_t n = encode_block(step, worker, src + i * blocksize, block_nbytes, typesize,
                                 block_nbytes < blocksize ? 1 : nsplits, dst + used,
                                 dst_nbytes - used);
        if (n <= 0)
            return n;
        zp_store32(dst + HEADER_NBYTES + 4 * i, (uint32_t)used);
        used += (size_t)n;
    }
    return (int64_t)used;
}

int64_t
zp_blosc1_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                 void *dst, size_t dst_nbytes)
{
    int format = zp_blosc1_format_of(step->compressor);
    size_t typesize = step->itemsize >= 1 && step->itemsize <= 255 ? step->itemsize : 1;
    size_t most = src_nbytes + HEADER_NBYTES;

    if (format < 0)
        return zp_fail(worker, ZP_ERR_UNSUPPORTED, "this build lacks the compressor");
    if (step->level < 0 || step->level > 9)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "the level is not in 0..9");
    if (src_nbytes > ZP_BLOSC1_MAX_NBYTES)
        return zp_fail(worker, ZP_ERR_TOO_LARGE, "a blosc chunk holds at most 2147483631 bytes");
    if (dst_nbytes < most)
        return zp_fail(worker, ZP_ERR_SIZE, "no room for the worst case");

    size_t blocksize = src_nbytes ? choose_blocksize(step, typesize, src_nbytes) : 1;
    uint32_t flags = (uint32_t)format << FORMAT_SHIFT;
    if (step->shuffle == ZP_BYTESHUFFLE)
        flags |= FLAG_SHUFFLE;
    if (step->shuffle == ZP_BITSHUFFLE)
        flags |= FLAG_BITSHUFFLE;
    if (!splits(step, typesize, blocksize))
        flags |= FLAG_UNSPLIT;

    int64_t n = 0;
    if (step->level > 0 && src_nbytes >= MIN_SPLIT_NBYTES)
        n = encode_blocks(step, worker, src, src_nbytes, typesize, blocksize, dst, most);
    if (n < 0)
        return n;
    if (n == 0) {
        flags |= FLAG_STORED;
        if (src_nbytes)
            memcpy((uint8_t *)dst + HEADER_NBYTES, src, src_nbytes);
        n = (int64_t)most;
    }
    put_header(dst, flags, typesize, src_nbytes, blocksize, (size_t)n);
    return n;
}

/* ---------------------------------------------------------------- reader -- */

/* Read and check everything that the header says about itself. */
static int64_t
get_header(header *h, zp_worker *worker, const uint8_t *src, size_t src_nbytes)
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
shuffle_of(const header *h)
{
    if (h->flags & FLAG_SHUFFLE)
        return ZP_BYTESHUFFLE;
    return h->flags & FLAG_BITSHUFFLE ? ZP_BITSHUFFLE : ZP_NOSHUFFLE;
}

/* The compressed splits that start at `place`, into nbytes at dst. */
static int64_t
unpack_splits(const header *h, zp_worker *worker, const uint8_t *src, size_t place, uint8_t *dst,
              size_t nbytes, size_t nsplits)
{
    size_t split_nbytes = nbytes / nsplits;

    if (split_nbytes * nsplits != nbytes)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a block cannot be cut into its splits");
    for (size_t i = 0; i < nsplits; i++) {
        if (h->chunk_nbytes < place || h->chunk_nbytes - place < 4)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a block lies outside the chunk");

        size_t n = zp_load32(src + place);
        place += 4;
        if (n == 0 || n > h->chunk_nbytes - place)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a split lies outside the chunk");
        /* Writers keep what snappy could not shrink in its form, a little longer. */
        if (n > split_nbytes && h->flags >> FORMAT_SHIFT != ZP_FORMAT_SNAPPY)
            return zp_fail(worker, ZP_ERR_CORRUPT, "a split is longer than its bytes");
        if (n == split_nbytes) {
            memcpy(dst + i * split_nbytes, src + place, n);
        } else {
            int64_t status = zp_blosc1_unpack(worker, (int)(h->flags >> FORMAT_SHIFT), src + place,
                                              n, dst + i * split_nbytes, split_nbytes);
            if (status < 0)
                return status;
        }
        place += n;
    }
    return ZP_OK;
}

/* Block i into its nbytes at dst. */
static int64_t
decode_block(const header *h, zp_worker *worker, const uint8_t *src, size_t i, uint8_t *dst,
             size_t nbytes, void *temp)
{
    int filter = filter_of(shuffle_of(h), h->typesize, nbytes);
    int split = !(h->flags & FLAG_UNSPLIT) && h->typesize <= MAX_SPLITS &&
                h->blocksize / h->typesize >= MIN_SPLIT_NBYTES && nbytes == h->blocksize;
    size_t place = zp_load32(src + HEADER_NBYTES + 4 * i);
    uint8_t *block = dst;

    if (place < HEADER_NBYTES + 4 * h->nblocks)
        return zp_fail(worker, ZP_ERR_CORRUPT, "a block lies over the header");
    if (filter != ZP_NOSHUFFLE) {
        block = zp_worker_scratch(worker, ZP_SLOT_BLOCK, nbytes);
        if (!block)
            return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    }

    int64_t status = unpack_splits(h, worker, src, place, block, nbytes, split ? h->typesize : 1);
    if (status < 0)
        return status;
    if (filter == ZP_BYTESHUFFLE) {
        zp_unshuffle(block, dst, nbytes, h->typesize);
    } else if (filter == ZP_BITSHUFFLE) {
        size_t nelems = nbytes / h->typesize, whole_nbytes = nelems * h->typesize;
        zp_bitunshuffle(block, dst, nelems, h->typesize, temp);
        memcpy(dst + whole_nbytes, block + whole_nbytes, nbytes - whole_nbytes);
    }
    return ZP_OK;
}

/* All of a chunk whose header is good, to dst. */
static int64_t
decode_blocks(const header *h, zp_worker *worker, const uint8_t *src, uint8_t *dst)
{
    uint8_t *temp = zp_worker_scratch(worker, ZP_SLOT_SPLIT, min_size(h->blocksize, h->nbytes));
    if (!temp)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);

    for (size_t i = 0; i < h->nblocks; i++) {
        size_t first = i * h->blocksize, nbytes = min_size(h->blocksize, h->nbytes - first);
        int64_t status = decode_block(h, worker, src, i, dst + first, nbytes, temp);
        if (status < 0)
            return status;
    }
    return (int64_t)h->nbytes;
}

int64_t
zp_blosc1_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                 void *dst, size_t dst_nbytes)
{
    header h = {0};
    int64_t status = get_header(&h, worker, src, src_nbytes);

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

/* The blocks that a part touches, each handed over while it is in the cache. */
static int64_t
decode_part(const header *h, zp_worker *worker, const uint8_t *src, const zp_part *part)
{
    size_t most = min_size(h->blocksize, h->nbytes), end = part->start + part->nbytes;
    zp_tally *tally = zp_worker_tally(worker);
    uint8_t *temp = zp_worker_scratch(worker, ZP_SLOT_SPLIT, 2 * most);
    if (!temp)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);

    for (size_t i = part->start / h->blocksize; i * h->blocksize < end; i++) {
        size_t first = i * h->blocksize, nbytes = min_size(h->blocksize, h->nbytes - first);
        zp_tally_add(tally, ZP_BYTES_DECODED, (int64_t)nbytes);
        int64_t status = decode_block(h, worker, src, i, temp + most, nbytes, temp);
        if (status < 0)
            return status;
        size_t from = first < part->start ? part->start : first;
        size_t to = min_size(first + nbytes, end);
        part->sink(part->context, from, temp + most + (from - first), to - from);
    }
    return ZP_OK;
}

int64_t
zp_blosc1_part(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
               size_t decoded_nbytes, const zp_part *part)
{
    header h = {0};
    int64_t status = get_header(&h, worker, src, src_nbytes);

    (void)step;
    if (status < 0)
        return status;
    if (h.nbytes != decoded_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (part->start > h.nbytes || part->nbytes > h.nbytes - part->start)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "the part ends behind the data");
    if (part->nbytes == 0)
        return ZP_OK;
    if (!(h.flags & FLAG_STORED))
        return decode_part(&h, worker, src, part);
    zp_tally_add(zp_worker_tally(worker), ZP_BYTES_DECODED, (int64_t)part->nbytes);
    part->sink(part->context, part->start, (const uint8_t *)src + HEADER_NBYTES + part->start,
               part->nbytes);
    return ZP_OK;
}
