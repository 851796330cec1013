/*
 * recast.c - what filters have in common that change the kind of numbers
 */
#include "recast.h"

static int
describe(const zp_step *step, zp_recast *recast)
{
    recast->memory = step->variant & 0xff;
    recast->stored = step->variant >> 8;
    recast->memory_nbytes = zp_number_nbytes(recast->memory);
    recast->stored_nbytes = zp_number_nbytes(recast->stored);
    return recast->memory_nbytes && recast->stored_nbytes;
}

int64_t
zp_recast_bound(const zp_step *step, size_t decoded_nbytes)
{
    zp_recast recast;

    if (!describe(step, &recast))
        return ZP_ERR_ARGUMENT;
    if (decoded_nbytes % recast.memory_nbytes)
        return ZP_ERR_ENCODE;
    if (decoded_nbytes > (size_t)INT64_MAX / 8)
        return ZP_ERR_TOO_LARGE;
    return (int64_t)(decoded_nbytes / recast.memory_nbytes * recast.stored_nbytes);
}

int64_t
zp_count_elements(zp_worker *worker, int decoding, size_t memory_nbytes, size_t stored_nbytes,
                  size_t src_nbytes, size_t dst_nbytes)
{
    size_t from = decoding ? stored_nbytes : memory_nbytes;
    size_t to = decoding ? memory_nbytes : stored_nbytes;

    if (src_nbytes % from)
        return zp_fail(worker, decoding ? ZP_ERR_CORRUPT : ZP_ERR_ENCODE,
                       "not a whole number of elements");
    if (src_nbytes / from > dst_nbytes / to)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    return (int64_t)(src_nbytes / from);
}

int64_t
zp_recast_begin(const zp_step *step, zp_worker *worker, int decoding, size_t src_nbytes,
                size_t dst_nbytes, zp_recast *recast)
{
    if (!describe(step, recast))
        return zp_fail(worker, ZP_ERR_ARGUMENT, "not two kinds of numbers");
    return zp_count_elements(worker, decoding, recast->memory_nbytes, recast->stored_nbytes,
                             src_nbytes, dst_nbytes);
}
