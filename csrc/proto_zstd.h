/*
 * proto_zstd.h - what is used of Zstandard (1.5)
 */
#ifndef ZP_PROTO_ZSTD_H
#define ZP_PROTO_ZSTD_H

#include <stddef.h>

typedef struct ZSTD_CCtx_s ZSTD_CCtx;
typedef struct ZSTD_DCtx_s ZSTD_DCtx;

enum {
    ZSTD_c_compressionLevel = 100,
    ZSTD_c_hashLog = 102,
    ZSTD_c_minMatch = 105,
    ZSTD_c_targetLength = 106,
    ZSTD_c_strategy = 107,
    ZSTD_c_checksumFlag = 201,
    ZSTD_c_literalCompressionMode = 1002,
};
enum { ZSTD_fast = 1 };
enum { ZSTD_ps_enable = 1 };
enum { ZSTD_reset_session_and_parameters = 3 };
enum {
    ZSTD_error_parameter_unsupported = 40,
    ZSTD_error_frameParameter_unsupported = 14,
    ZSTD_error_frameParameter_windowTooLarge = 16,
    ZSTD_error_checksum_wrong = 22,
    ZSTD_error_dictionary_wrong = 32,
    ZSTD_error_memory_allocation = 64,
    ZSTD_error_dstSize_tooSmall = 70,
    ZSTD_error_srcSize_wrong = 72,
};

#define ZSTD_MAGIC 0xfd2fb528u
#define ZSTD_MAGIC_SKIPPABLE 0x184d2a50u /* its last 4 bits are free */

ZSTD_CCtx *ZSTD_createCCtx(void);
size_t ZSTD_freeCCtx(ZSTD_CCtx *context);
size_t ZSTD_CCtx_setParameter(ZSTD_CCtx *context, int parameter, int value);
size_t ZSTD_CCtx_reset(ZSTD_CCtx *context, int directive);
size_t ZSTD_compress2(ZSTD_CCtx *context, void *dst, size_t dst_nbytes, const void *src,
                      size_t src_nbytes);
size_t ZSTD_compressCCtx(ZSTD_CCtx *context, void *dst, size_t dst_nbytes, const void *src,
                         size_t src_nbytes, int level);
size_t ZSTD_compressBound(size_t nbytes);
size_t ZSTD_sizeof_CCtx(const ZSTD_CCtx *context);
int ZSTD_maxCLevel(void);
int ZSTD_minCLevel(void);

ZSTD_DCtx *ZSTD_createDCtx(void);
size_t ZSTD_freeDCtx(ZSTD_DCtx *context);
size_t ZSTD_decompressDCtx(ZSTD_DCtx *context, void *dst, size_t dst_nbytes, const void *src,
                           size_t src_nbytes);
size_t ZSTD_findFrameCompressedSize(const void *src, size_t src_nbytes);

unsigned ZSTD_isError(size_t code);
int ZSTD_getErrorCode(size_t code);
const char *ZSTD_getErrorName(size_t code);
const char *ZSTD_versionString(void);

#endif
