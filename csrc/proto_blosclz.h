/*
 * proto_blosclz.h - what is used of BloscLZ
 *
 * The last argument of the encoder differs between the versions of the library
 * (a context that is not looked at, or whether the block is split); zero
 * serves both.  0 comes back for what cannot be done.
 */
#ifndef ZP_PROTO_BLOSCLZ_H
#define ZP_PROTO_BLOSCLZ_H

#include <stdint.h>

int blosclz_compress(int level, const void *src, int src_nbytes, void *dst, int dst_nbytes,
                     intptr_t zero);
int blosclz_decompress(const void *src, int src_nbytes, void *dst, int dst_nbytes);

#endif
