/*
 * proto_lz4.h - what is used of LZ4 (1.9 and later)
 */
#ifndef ZP_PROTO_LZ4_H
#define ZP_PROTO_LZ4_H

#define LZ4_MAX_INPUT_NBYTES 0x7e000000

int LZ4_compressBound(int nbytes);
int LZ4_sizeofState(void);
int LZ4_compress_fast_extState(void *state, const char *src, char *dst, int src_nbytes,
                               int dst_nbytes, int acceleration);
int LZ4_sizeofStateHC(void);
int LZ4_compress_HC_extStateHC(void *state, const char *src, char *dst, int src_nbytes,
                               int dst_nbytes, int level);
int LZ4_decompress_safe(const char *src, char *dst, int src_nbytes, int dst_nbytes);
const char *LZ4_versionString(void);

#endif
