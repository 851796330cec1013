/*
 * worker.h - what codecs may ask of a worker; not part of the public interface
 */
#ifndef ZP_WORKER_H
#define ZP_WORKER_H

#include "zarrpy.h"

/* One place for each kind of codec context, made on first use and kept. */
enum zp_context_slot {
    ZP_CONTEXT_ZSTD_ENCODE,
    ZP_CONTEXT_ZSTD_DECODE,
    ZP_CONTEXT_LZ4,
    ZP_CONTEXT_LZ4HC,
    ZP_CONTEXT_SNAPPY,
    ZP_CONTEXT_DEFLATE,
    ZP_CONTEXT_INFLATE,
    ZP_CONTEXT_INFLATE_STREAM,
    ZP_NCONTEXTS
};

typedef void (*zp_release_fn)(void *context);

/* The context kept in `slot`, or NULL. */
void *zp_worker_context(const zp_worker *worker, enum zp_context_slot slot);

/*
 * Keep `context` in `slot` until the worker goes; `release` frees it.  What was
 * there before is released first.
 */
void zp_worker_keep(zp_worker *worker, enum zp_context_slot slot, void *context,
                    zp_release_fn release);

/* Where the worker counts what it does; NULL: nowhere.  See tally.h. */
struct zp_tally *zp_worker_tally(const zp_worker *worker);
void zp_worker_count(zp_worker *worker, struct zp_tally *tally);

/* Bytes of scratch memory that a slot has now. */
size_t zp_worker_room(const zp_worker *worker, enum zp_slot slot);

/*
 * The form that a chunk had before a part of it changed.  A codec of blocks takes those that did
 * not change as they are.
 */
typedef struct zp_kept {
    const void *data; /* as the codec made it */
    size_t nbytes;
    size_t first, last; /* decoded bytes that change: from `first` on to before `last` */
} zp_kept;

/* What the codec that encodes now may take, or NULL. */
const zp_kept *zp_worker_kept(const zp_worker *worker);
void zp_worker_keeps(zp_worker *worker, const zp_kept *kept);

/* Whether what is decoded now goes to memory that is not read again soon: see stream.h. */
int zp_worker_streams(const zp_worker *worker);
void zp_worker_stream(zp_worker *worker, int streams);

/* Record why, and hand the status through: `return zp_fail(worker, status, "...")`. */
int64_t zp_fail(zp_worker *worker, enum zp_status status, const char *detail);

/* Record what was expected and what was found instead, and hand the status through. */
int64_t zp_fail_numbers(zp_worker *worker, enum zp_status status, int64_t expected, int64_t actual);

/* Record a checksum that does not agree; returns ZP_ERR_CHECKSUM. */
int64_t zp_fail_checksum(zp_worker *worker, uint32_t stored, uint32_t computed);

#endif
