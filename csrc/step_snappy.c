/*
 * step_snappy.c - raw Snappy
 */
#include "codec.h"
#include "snappy.h"
#include "worker.h"

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    return decoded_nbytes > UINT32_MAX ? ZP_ERR_TOO_LARGE
                                       : (int64_t)zp_snappy_bound(decoded_nbytes);
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    (void)step;
    return zp_snappy_encode(worker, src, src_nbytes, dst, dst_nbytes);
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    (void)step;
    return zp_snappy_decode(worker, src, src_nbytes, dst, dst_nbytes);
}

const zp_codec zp_codec_snappy = {
    .name = "snappy",
    .encode = encode,
    .decode = decode,
    .bound = bound,
};
