/*
 * blosc1_picks.h - single elements of a block of a Blosc1 container (internal)
 *
 * Of a block that LZ4 packed byte by byte of its elements, only the bytes that
 * are wanted are looked for.
 */
#ifndef ZP_BLOSC1_PICKS_H
#define ZP_BLOSC1_PICKS_H

#include "blosc1_frame.h"

/* So many elements are put together one by one; more are worth the vector kernel. */
#define ZP_BLOSC1_MOST_PICKS 256
/* So many may be looked for without decoding what is before them. */
#define ZP_BLOSC1_SOME_PICKS 64

/* The elements of a block that are wanted, in order. */
typedef struct zp_blosc1_picks {
    size_t n;
    uint32_t places[ZP_BLOSC1_MOST_PICKS];
} zp_blosc1_picks;

/* These elements to their places in dst: nothing else is decoded. */
int64_t zp_blosc1_decode_picks(const zp_blosc1_header *h, zp_worker *worker, const uint8_t *src,
                               const zp_part *part, const zp_blosc1_block *block,
                               const zp_blosc1_picks *wanted, uint8_t *dst);

#endif
