/*
 * recast.h - filters that store numbers as numbers of another kind; not part of the public interface
 */
#ifndef ZP_RECAST_H
#define ZP_RECAST_H

#include "codec.h"
#include "numbers.h"
#include "worker.h"

#define ZP_BLOCK 512 /* numbers that are worked on at a time, in the nearest cache */

/* The two kinds of a step: as in memory, and as stored. */
typedef struct zp_recast {
    int memory;
    int stored;
    size_t memory_nbytes;
    size_t stored_nbytes;
} zp_recast;

/* Room for a block of any kind of number. */
typedef union zp_block {
    uint8_t bytes[8 * ZP_BLOCK];
    float f4[ZP_BLOCK];
    double f8[ZP_BLOCK];
    uint8_t u1[8 * ZP_BLOCK];
    uint16_t u2[ZP_BLOCK];
    uint32_t u4[ZP_BLOCK];
    uint64_t u8[ZP_BLOCK];
} zp_block;

/* Encoded size, for steps whose `variant` names two kinds of numbers. */
int64_t zp_recast_bound(const zp_step *step, size_t decoded_nbytes);

/*
 * Check that bytes to encode or decode are whole elements, and that there is
 * room for all of them.  Returns their number, or a negative zp_status.
 */
int64_t zp_count_elements(zp_worker *worker, int decoding, size_t memory_nbytes,
                          size_t stored_nbytes, size_t src_nbytes, size_t dst_nbytes);

/*
 * Check sizes before encoding or decoding, and say what the step is made of.
 * Returns the number of numbers, or a negative zp_status.
 */
int64_t zp_recast_begin(const zp_step *step, zp_worker *worker, int decoding, size_t src_nbytes,
                        size_t dst_nbytes, zp_recast *recast);

#endif
