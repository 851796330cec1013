/* tally.h - what workers did and how long it took, where somebody wants to know (internal) */
#ifndef ZP_TALLY_H
#define ZP_TALLY_H

#include "worker.h"

/* What is added up. */
enum zp_sum {
    ZP_CHUNKS_READ,    /* decoded, or copied as they are stored */
    ZP_CHUNKS_ABSENT,  /* not stored: the fill value */
    ZP_CHUNKS_CACHED,  /* decoded before */
    ZP_CHUNKS_WRITTEN, /* encoded */
    ZP_CHUNKS_EMPTY,   /* written: nothing but the fill value, so nothing is stored */
    ZP_GETS,           /* reads of a value or a part of one, and of what turned out absent */
    ZP_SETS,
    ZP_DELETES,
    ZP_BYTES_READ, /* as stored */
    ZP_BYTES_WRITTEN,
    ZP_BYTES_DECODED, /* of chunks in memory; of those decoded in part the blocks that were */
    ZP_BYTES_ENCODED,
    /* Nanoseconds: each moment of a worker belongs to one of these. */
    ZP_NS_PLAN,
    ZP_NS_STORE,
    ZP_NS_CODEC,
    ZP_NS_COPY,
    ZP_NS_WAIT, /* for the locks of other writers */
    ZP_NSUMS
};

/* The sums of one worker, or of all of a batch. */
typedef struct zp_tally {
    int64_t sums[ZP_NSUMS];
    int64_t since;    /* when a worker began with what it does */
    enum zp_sum what; /* that is */
} zp_tally;

/* Run a batch that has a tally: this worker counts for itself, and adds to it at the end. */
int zp_tally_run(zp_batch *batch, zp_worker *worker, int64_t deadline_ms,
                 int (*run)(zp_batch *, zp_worker *, int64_t));

/* Add to sums that other threads add to as well. */
void zp_tally_share(zp_tally *shared, enum zp_sum sum, int64_t n);

/* What the functions below do where there is a tally. */
void zp_tally_begin(zp_tally *tally, enum zp_sum what);
void zp_tally_chunk(zp_tally *tally, enum zp_sum chunks, enum zp_sum bytes, int64_t nbytes);
void zp_tally_request(zp_tally *tally, enum zp_sum requests, enum zp_sum bytes, int64_t nbytes);

/* Go on to something else. */
static inline void
zp_tally_turn(zp_tally *tally, enum zp_sum what)
{
    if (tally)
        zp_tally_begin(tally, what);
}

static inline void
zp_tally_add(zp_tally *tally, enum zp_sum sum, int64_t n)
{
    if (tally)
        tally->sums[sum] += n;
}

/* Begin to decode a chunk to so many bytes. */
static inline void
zp_tally_decode(zp_tally *tally, int64_t nbytes)
{
    if (tally)
        zp_tally_chunk(tally, ZP_CHUNKS_READ, ZP_BYTES_DECODED, nbytes);
}

/* Begin to encode a chunk of so many bytes. */
static inline void
zp_tally_encode(zp_tally *tally, int64_t nbytes)
{
    if (tally)
        zp_tally_chunk(tally, ZP_CHUNKS_WRITTEN, ZP_BYTES_ENCODED, nbytes);
}

/* So many bytes were read at once; none, when there are none or it failed. */
static inline void
zp_tally_get(zp_tally *tally, int64_t nbytes)
{
    if (tally)
        zp_tally_request(tally, ZP_GETS, ZP_BYTES_READ, nbytes);
}

/* A value was replaced. */
static inline void
zp_tally_set(zp_tally *tally, int64_t nbytes)
{
    if (tally)
        zp_tally_request(tally, ZP_SETS, ZP_BYTES_WRITTEN, nbytes);
}

#endif
