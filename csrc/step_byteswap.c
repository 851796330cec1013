/*
 * step_byteswap.c - the byte order of elements, where a filter stands before it
 *
 * Chains without filters swap while they copy.  Where a filter needs elements as
 * the machine has them, swapping is a step of its own.
 */
#include "codec.h"
#include "worker.h"

static int
valid(const zp_step *step)
{
    return step->itemsize == 2 || step->itemsize == 4 || step->itemsize == 8;
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    if (!valid(step))
        return ZP_ERR_ARGUMENT;
    return decoded_nbytes > (size_t)INT64_MAX ? ZP_ERR_TOO_LARGE : (int64_t)decoded_nbytes;
}

static int64_t
swap(const zp_step *step, zp_worker *worker, enum zp_status refusal, const void *src,
     size_t src_nbytes, void *dst, size_t dst_nbytes)
{
    if (!valid(step))
        return zp_fail(worker, ZP_ERR_ARGUMENT, "only 2, 4 or 8 bytes are swapped");
    if (src_nbytes % step->itemsize)
        return zp_fail(worker, refusal, "not a whole number of elements");
    if (src_nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    if (src_nbytes)
        zp_byteswap(src, dst, src_nbytes, step->itemsize);
    return (int64_t)src_nbytes;
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    return swap(step, worker, ZP_ERR_ENCODE, src, src_nbytes, dst, dst_nbytes);
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    return swap(step, worker, ZP_ERR_CORRUPT, src, src_nbytes, dst, dst_nbytes);
}

static int64_t
append(const zp_step *step, zp_worker *worker, void *buffer, size_t nbytes)
{
    return swap(step, worker, ZP_ERR_ENCODE, buffer, nbytes, buffer, nbytes);
}

const zp_codec zp_codec_byteswap = {
    .name = "byteswap",
    .encode = encode,
    .decode = decode,
    .bound = bound,
    .append = append,
    .flags = ZP_EXACT,
};
