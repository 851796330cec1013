/*
 * kept.h - chains that keep what they can of a chunk that is written in part (internal)
 */
#ifndef ZP_KEPT_H
#define ZP_KEPT_H

#include "worker.h"

/* Decode, and tell where lies what the first step made, if that is in `src`. */
int zp_chain_decode_kept(const zp_chain *chain, zp_worker *worker, const void *src,
                         size_t src_nbytes, void *dst, size_t dst_nbytes, zp_kept *kept,
                         zp_error *error);

/* Encode a chunk of which `kept` has the form it had before, or NULL. */
int64_t zp_chain_encode_kept(const zp_chain *chain, zp_worker *worker, const void *src,
                             size_t src_nbytes, const zp_kept *kept, const void **encoded,
                             zp_error *error);

#endif
