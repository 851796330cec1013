/*
 * blosc1_frame.h - the Blosc1 container as its writer and its readers see it (internal)
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
 */
#ifndef ZP_BLOSC1_FRAME_H
#define ZP_BLOSC1_FRAME_H

#include "blosc1.h"
#include "load.h"

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

/* What the header of a chunk says, once it is checked. */
typedef struct zp_blosc1_header {
    uint32_t flags;
    size_t typesize;
    size_t nbytes;
    size_t blocksize;
    size_t chunk_nbytes;
    size_t nblocks;
} zp_blosc1_header;

/* A block of a chunk in memory. */
typedef struct zp_blosc1_block {
    size_t place;  /* of its first split in the chunk */
    size_t nbytes; /* decoded */
    size_t nsplits;
    int filter; /* enum zp_shuffle */
} zp_blosc1_block;

static inline size_t
zp_blosc1_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What is done to the bytes of a block before they are compressed. */
static inline int
zp_blosc1_filter(int shuffle, size_t typesize, size_t block_nbytes)
{
    if (shuffle == ZP_BYTESHUFFLE)
        return typesize > 1 ? ZP_BYTESHUFFLE : ZP_NOSHUFFLE;
    if (shuffle == ZP_BITSHUFFLE) {
        size_t nelems = block_nbytes / typesize;
        return nelems > 0 && nelems % 8 == 0 ? ZP_BITSHUFFLE : ZP_NOSHUFFLE;
    }
    return ZP_NOSHUFFLE;
}

/* Read and check everything that the header says about itself; a zp_status. */
int64_t zp_blosc1_get_header(zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                             size_t src_nbytes);

/* Where block i lies, and how; a zp_status. */
int64_t zp_blosc1_find_block(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                             size_t i, zp_blosc1_block *block);

/* The next split of a block: its n bytes are behind *place, which goes on to the split after it. */
int64_t zp_blosc1_next_split(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                             size_t split_nbytes, size_t *place, size_t *n);

/* The splits of a block, one after the other, to dst; a zp_status. */
int64_t zp_blosc1_unpack_splits(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                                const zp_blosc1_block *block, uint8_t *dst);

/* A block to its nbytes at dst; `temp` holds as many. */
int64_t zp_blosc1_decode_block(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                               const zp_blosc1_block *block, uint8_t *dst, void *temp);

#endif
