/*
 * blosc1_write.c - the Blosc1 container: writer
 */
#include "blosc1_frame.h"
#include "worker.h"

#include <string.h>

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
        blocksize = zp_blosc1_min(blocksize, 256 * KIB) * typesize;
        if (blocksize < 64 * KIB)
            blocksize = 64 * KIB;
        blocksize = zp_blosc1_min(blocksize, 1024 * KIB);
    }
    blocksize = zp_blosc1_min(zp_blosc1_min(blocksize, nbytes), MAX_BLOCK_NBYTES);
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
    int filter = zp_blosc1_filter(step->shuffle, typesize, nbytes);
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
                                   split_nbytes, dst + used + 4, zp_blosc1_min(room, split_nbytes));
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

/* A chunk whose blocks may be taken as they are: what its header says, and what changed of it. */
typedef struct former {
    zp_blosc1_header header;
    const zp_kept *kept; /* or NULL */
} former;

/* The chunk as it was, if it was encoded as it is to be now. */
static former
find_former(zp_worker *worker, uint32_t flags, size_t typesize, size_t nbytes, size_t blocksize)
{
    former f = {.kept = zp_worker_kept(worker)};
    const zp_kept *kept = f.kept;
    const zp_blosc1_header *h = &f.header;

    if (kept && (zp_blosc1_get_header(&f.header, worker, kept->data, kept->nbytes) < 0 ||
                 h->flags != flags || h->typesize != typesize || h->nbytes != nbytes ||
                 h->blocksize != blocksize))
        f.kept = NULL;
    return f;
}

/* Block i as it was; returns its bytes, or 0 where it changed, is damaged or does not fit. */
static size_t
copy_block(const former *f, zp_worker *worker, size_t i, uint8_t *dst, size_t dst_nbytes)
{
    const zp_blosc1_header *h = &f->header;
    size_t start = i * h->blocksize, n = 0;
    zp_blosc1_block block;

    if (!f->kept || zp_blosc1_find_block(h, worker, f->kept->data, i, &block) < 0 ||
        (f->kept->first < start + block.nbytes && start < f->kept->last))
        return 0;
    size_t end = block.place;
    for (size_t k = 0; k < block.nsplits; k++, end += n)
        if (zp_blosc1_next_split(h, worker, f->kept->data, block.nbytes / block.nsplits, &end, &n) <
            0)
            return 0;
    if (end - block.place > dst_nbytes)
        return 0;
    memcpy(dst, (const uint8_t *)f->kept->data + block.place, end - block.place);
    return end - block.place;
}

/* All blocks after their places; returns the chunk's size, 0 when it does not fit, or an error. */
static int64_t
encode_blocks(const zp_step *step, zp_worker *worker, const uint8_t *src, size_t nbytes,
              size_t typesize, size_t blocksize, const former *f, uint8_t *dst, size_t dst_nbytes)
{
    size_t nblocks = nbytes / blocksize + (nbytes % blocksize != 0);
    size_t used = HEADER_NBYTES + 4 * nblocks;
    size_t nsplits = splits(step, typesize, blocksize) ? typesize : 1;

    if (used > dst_nbytes)
        return 0;
    for (size_t i = 0; i < nblocks; i++) {
        size_t block_nbytes = zp_blosc1_min(blocksize, nbytes - i * blocksize);
        int64_t n = (int64_t)copy_block(f, worker, i, dst + used, dst_nbytes - used);
        if (n == 0)
            n = encode_block(step, worker, src + i * blocksize, block_nbytes, typesize,
                             block_nbytes < blocksize ? 1 : nsplits, dst + used, dst_nbytes - used);
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
    if (step->level > 0 && src_nbytes >= MIN_SPLIT_NBYTES) {
        former f = find_former(worker, flags, typesize, src_nbytes, blocksize);
        n = encode_blocks(step, worker, src, src_nbytes, typesize, blocksize, &f, dst, most);
    }
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
