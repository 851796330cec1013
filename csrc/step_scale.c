/*
 * step_scale.c - the filters "astype", "fixedscaleoffset" and "quantize"
 *
 * Arithmetic is done in the type and in the order that NumPy does it for
 * numcodecs, one rounding at a time, so that the bits agree.
 */
#include "recast.h"

#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- astype ---- */

/* Numbers that stay of their kind keep their bits, those of NaN and of odd booleans too. */
static void
convert(int from, int to, const void *src, void *dst, size_t n)
{
    if (from == to)
        memcpy(dst, src, n * zp_number_nbytes(to));
    else
        zp_cast(from, to)(src, dst, n);
}

static int64_t
astype_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
              size_t dst_nbytes)
{
    zp_recast r;
    int64_t n = zp_recast_begin(step, worker, 0, src_nbytes, dst_nbytes, &r);

    if (n <= 0)
        return n;
    convert(r.memory, r.stored, src, dst, (size_t)n);
    return n * (int64_t)r.stored_nbytes;
}

static int64_t
astype_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
              size_t dst_nbytes)
{
    zp_recast r;
    int64_t n = zp_recast_begin(step, worker, 1, src_nbytes, dst_nbytes, &r);

    if (n <= 0)
        return n;
    convert(r.stored, r.memory, src, dst, (size_t)n);
    return n * (int64_t)r.memory_nbytes;
}

/* ------------------------------------------------------- fixedscaleoffset ---- */

/* What is done in the type of the elements, where these are integers; they wrap around. */
enum whole { ZP_NOTHING = 0, ZP_OFFSET = 1, ZP_OFFSET_AND_SCALE = 2 };

/* As step->aux has it; the two directions may work in different types. */
typedef struct scaling {
    double encode_offset, encode_scale;
    double decode_offset, decode_scale;
    uint64_t whole_offset, whole_scale;
    int64_t whole; /* enum whole */
} scaling;

#define DEFINE_SCALE_WHOLE(type, member)                                                           \
    static void scale_##member(zp_block *block, const scaling *s, size_t n)                        \
    {                                                                                              \
        uint64_t factor = s->whole == ZP_OFFSET_AND_SCALE ? s->whole_scale : 1;                    \
        for (size_t i = 0; i < n; i++)                                                             \
            block->member[i] = (type)((block->member[i] - s->whole_offset) * factor);              \
    }

DEFINE_SCALE_WHOLE(uint8_t, u1)
DEFINE_SCALE_WHOLE(uint16_t, u2)
DEFINE_SCALE_WHOLE(uint32_t, u4)
DEFINE_SCALE_WHOLE(uint64_t, u8)

static void
scale_whole(zp_block *block, size_t nbytes, const scaling *s, size_t n)
{
    if (nbytes == 1)
        scale_u1(block, s, n);
    else if (nbytes == 2)
        scale_u2(block, s, n);
    else if (nbytes == 4)
        scale_u4(block, s, n);
    else
        scale_u8(block, s, n);
}

/* The type of floats that arithmetic on a kind of number is done in. */
static int
working_kind(int number)
{
    return number == ZP_FLOAT32 ? ZP_FLOAT32 : ZP_FLOAT64;
}

static void
scale_block(zp_block *block, int kind, const scaling *s, size_t n)
{
    float offset = (float)s->encode_offset, scale = (float)s->encode_scale;

    if (kind == ZP_FLOAT32)
        for (size_t i = 0; i < n; i++)
            block->f4[i] = rintf((block->f4[i] - offset) * scale);
    else
        for (size_t i = 0; i < n; i++)
            block->f8[i] = rint((block->f8[i] - s->encode_offset) * s->encode_scale);
}

static void
unscale_block(zp_block *block, int kind, const scaling *s, size_t n)
{
    float offset = (float)s->decode_offset, scale = (float)s->decode_scale;

    if (kind == ZP_FLOAT32)
        for (size_t i = 0; i < n; i++)
            block->f4[i] = block->f4[i] / scale + offset;
    else
        for (size_t i = 0; i < n; i++)
            block->f8[i] = block->f8[i] / s->decode_scale + s->decode_offset;
}

/* Encode numbers whose first operations are those of integers. */
static void
encode_whole(zp_block *block, const zp_recast *r, const scaling *s, const uint8_t *src,
             uint8_t *dst, size_t n)
{
    zp_block scaled;

    memcpy(block->bytes, src, n * r->memory_nbytes);
    scale_whole(block, r->memory_nbytes, s, n);
    if (s->whole == ZP_OFFSET_AND_SCALE) {
        zp_cast(r->memory, r->stored)(block->bytes, dst, n);
        return;
    }
    zp_cast(r->memory, ZP_FLOAT64)(block->bytes, scaled.bytes, n);
    for (size_t i = 0; i < n; i++)
        scaled.f8[i] = rint(scaled.f8[i] * s->encode_scale);
    zp_cast(ZP_FLOAT64, r->stored)(scaled.bytes, dst, n);
}

static int64_t
scale(const zp_step *step, zp_worker *worker, int decoding, const uint8_t *src, size_t src_nbytes,
      uint8_t *dst, size_t dst_nbytes)
{
    zp_recast r;
    zp_block block;
    scaling s;
    int64_t n = zp_recast_begin(step, worker, decoding, src_nbytes, dst_nbytes, &r);

    if (n < 0)
        return n;
    if (!step->aux)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "no scale and offset");
    memcpy(&s, step->aux, sizeof s);
    int from = decoding ? r.stored : r.memory, to = decoding ? r.memory : r.stored;
    size_t from_nbytes = zp_number_nbytes(from), to_nbytes = zp_number_nbytes(to);
    int kind = working_kind(from);
    for (size_t left = (size_t)n; left > 0;) {
        size_t some = left < ZP_BLOCK ? left : ZP_BLOCK;
        if (!decoding && s.whole != ZP_NOTHING) {
            encode_whole(&block, &r, &s, src, dst, some);
        } else {
            zp_cast(from, kind)(src, block.bytes, some);
            if (decoding)
                unscale_block(&block, kind, &s, some);
            else
                scale_block(&block, kind, &s, some);
            zp_cast(kind, to)(block.bytes, dst, some);
        }
        src += some * from_nbytes;
        dst += some * to_nbytes;
        left -= some;
    }
    return n * (int64_t)to_nbytes;
}

static int64_t
scale_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
             size_t dst_nbytes)
{
    return scale(step, worker, 0, src, src_nbytes, dst, dst_nbytes);
}

static int64_t
scale_decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
             size_t dst_nbytes)
{
    return scale(step, worker, 1, src, src_nbytes, dst, dst_nbytes);
}

/* --------------------------------------------------------------- quantize ---- */

static void
quantize_block(zp_block *block, int kind, double scale, size_t n)
{
    float narrow = (float)scale;

    if (kind == ZP_FLOAT32)
        for (size_t i = 0; i < n; i++)
            block->f4[i] = rintf(narrow * block->f4[i]) / narrow;
    else
        for (size_t i = 0; i < n; i++)
            block->f8[i] = rint(scale * block->f8[i]) / scale;
}

static int64_t
quantize_encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes,
                void *dst, size_t dst_nbytes)
{
    zp_recast r;
    zp_block block;
    double scale;
    const uint8_t *from = src;
    uint8_t *to = dst;
    int64_t n = zp_recast_begin(step, worker, 0, src_nbytes, dst_nbytes, &r);

    if (n < 0)
        return n;
    if (!step->aux)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "no scale");
    memcpy(&scale, step->aux, sizeof scale);
    int kind = working_kind(r.memory);
    for (size_t left = (size_t)n; left > 0;) {
        size_t some = left < ZP_BLOCK ? left : ZP_BLOCK;
        zp_cast(r.memory, kind)(from, block.bytes, some);
        quantize_block(&block, kind, scale, some);
        zp_cast(kind, r.stored)(block.bytes, to, some);
        from += some * r.memory_nbytes;
        to += some * r.stored_nbytes;
        left -= some;
    }
    return n * (int64_t)r.stored_nbytes;
}

const zp_codec zp_codec_astype = {
    .name = "astype",
    .encode = astype_encode,
    .decode = astype_decode,
    .bound = zp_recast_bound,
    .flags = ZP_EXACT,
};

const zp_codec zp_codec_fixedscaleoffset = {
    .name = "fixedscaleoffset",
    .encode = scale_encode,
    .decode = scale_decode,
    .bound = zp_recast_bound,
    .flags = ZP_EXACT,
};

const zp_codec zp_codec_quantize = {
    .name = "quantize",
    .encode = quantize_encode,
    .decode = astype_decode,
    .bound = zp_recast_bound,
    .flags = ZP_EXACT,
};
