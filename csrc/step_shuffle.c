/*
 * step_shuffle.c - byte transposition as a codec of its own
 */
#include "codec.h"
#include "worker.h"

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    (void)step;
    return decoded_nbytes > (size_t)INT64_MAX ? ZP_ERR_TOO_LARGE : (int64_t)decoded_nbytes;
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    if (step->itemsize == 0)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "the element size is 0");
    if (src_nbytes % step->itemsize)
        return zp_fail(worker, ZP_ERR_ENCODE, "not a whole number of elements");
    if (src_nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    zp_shuffle(src, dst, src_nbytes, step->itemsize);
    return (int64_t)src_nbytes;
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    if (step->itemsize == 0)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "the element size is 0");
    if (src_nbytes % step->itemsize)
        return zp_fail(worker, ZP_ERR_CORRUPT, "not a whole number of elements");
    if (src_nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    zp_unshuffle(src, dst, src_nbytes, step->itemsize);
    return (int64_t)src_nbytes;
}

const zp_codec zp_codec_shuffle = {
    .name = "shuffle",
    .encode = encode,
    .decode = decode,
    .bound = bound,
    .flags = ZP_EXACT,
};
