/*
 * step_lz4.c - LZ4 blocks behind a 4-byte little-endian size
 */
#include "codec.h"
#include "load.h"
#include "proto_lz4.h"
#include "worker.h"

#define HEADER_NBYTES 4

/* Working memory of `nbytes`, kept in `slot`. */
static void *
state(zp_worker *worker, enum zp_context_slot slot, int nbytes)
{
    void *memory = zp_worker_context(worker, slot);

    if (!memory) {
        memory = zp_malloc((size_t)nbytes);
        if (memory)
            zp_worker_keep(worker, slot, memory, zp_free);
    }
    return memory;
}

int64_t
zp_lz4_pack(zp_worker *worker, int acceleration, const void *src, size_t src_nbytes, void *dst,
            size_t dst_nbytes)
{
    void *memory = state(worker, ZP_CONTEXT_LZ4, LZ4_sizeofState());

    if (!memory)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    if (dst_nbytes > INT32_MAX)
        dst_nbytes = INT32_MAX;
    return LZ4_compress_fast_extState(memory, src, dst, (int)src_nbytes, (int)dst_nbytes,
                                      acceleration);
}

int64_t
zp_lz4hc_pack(zp_worker *worker, int level, const void *src, size_t src_nbytes, void *dst,
              size_t dst_nbytes)
{
    void *memory = state(worker, ZP_CONTEXT_LZ4HC, LZ4_sizeofStateHC());

    if (!memory)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    if (dst_nbytes > INT32_MAX)
        dst_nbytes = INT32_MAX;
    return LZ4_compress_HC_extStateHC(memory, src, dst, (int)src_nbytes, (int)dst_nbytes, level);
}

int64_t
zp_lz4_unpack(const void *src, size_t src_nbytes, void *dst, size_t dst_nbytes)
{
    if (src_nbytes > INT32_MAX || dst_nbytes > INT32_MAX)
        return ZP_ERR_CORRUPT;
    int n = LZ4_decompress_safe(src, dst, (int)src_nbytes, (int)dst_nbytes);
    return n < 0 ? ZP_ERR_CORRUPT : n;
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    if (decoded_nbytes > LZ4_MAX_INPUT_NBYTES)
        return ZP_ERR_TOO_LARGE;
    return (int64_t)LZ4_compressBound((int)decoded_nbytes) + HEADER_NBYTES;
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    if (src_nbytes > LZ4_MAX_INPUT_NBYTES)
        return zp_fail(worker, ZP_ERR_TOO_LARGE, "an lz4 chunk holds at most 2113929216 bytes");
    if (dst_nbytes < HEADER_NBYTES)
        return zp_fail(worker, ZP_ERR_SIZE, "no room for the worst case");

    zp_store32(dst, (uint32_t)src_nbytes);
    int64_t n = zp_lz4_pack(worker, step->level, src, src_nbytes, (uint8_t *)dst + HEADER_NBYTES,
                            dst_nbytes - HEADER_NBYTES);
    if (n == 0)
        return zp_fail(worker, ZP_ERR_SIZE, "no room for the worst case");
    return n < 0 ? n : n + HEADER_NBYTES;
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    const uint8_t *p = src;

    (void)step;
    if (src_nbytes < HEADER_NBYTES)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the size at the front is cut off");

    size_t nbytes = zp_load32(p);
    if (nbytes > LZ4_MAX_INPUT_NBYTES)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the size at the front is not valid");
    if (nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);

    int64_t n = zp_lz4_unpack(p + HEADER_NBYTES, src_nbytes - HEADER_NBYTES, dst, nbytes);
    if (n < 0)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the block is not valid");
    if ((size_t)n != nbytes)
        return zp_fail(worker, ZP_ERR_CORRUPT, "fewer bytes than announced");
    return n;
}

const zp_codec zp_codec_lz4 = {
    .name = "lz4",
    .encode = encode,
    .decode = decode,
    .bound = bound,
};
