/*
 * numbers.c - conversion between kinds of numbers
 *
 * A gross of small loops from one template.  C leaves open what becomes of a
 * float that does not fit an integer; stored data should not depend on that, so
 * the functions below say it.  Floats of 16 bits are bits here, whatever the
 * machine has for them: they go through float, as they do in NumPy.
 */
#include "numbers.h"

#include <string.h>

static inline int32_t
truncate32(double x)
{
    return x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN;
}

static inline int64_t
truncate64(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}

static inline uint64_t
truncate_unsigned(double x)
{
    const double half = 9223372036854775808.0;

    if (!(x >= half))
        return (uint64_t)truncate64(x);
    return x < 2 * half ? (uint64_t)(x - half) + ((uint64_t)1 << 63) : 0;
}

typedef uint16_t half;
typedef uint8_t truth;

static inline float
from_half(half h)
{
    uint32_t magnitude = h & 0x7fff, sign = (uint32_t)(h & 0x8000) << 16, bits;
    float x = (float)magnitude * 0x1p-24f; /* right for what has no leading 1 */

    memcpy(&bits, &x, sizeof bits);
    if (magnitude >= 0x7c00)
        bits = (magnitude << 13) + (224u << 23); /* infinity, and NaN with its payload */
    else if (magnitude >= 0x0400)
        bits = (magnitude << 13) + (112u << 23);
    bits |= sign;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/*
 * Round to the nearest half, ties to even.  Small numbers are added to one whose
 * last place is that of the smallest half, so that the sum has the bits wanted.
 */
#define DEFINE_TO_HALF(name, real, word, SHIFT, REBIAS, NAN_ABOVE, TOO_LARGE, NORMAL, ANCHOR)      \
    static inline half name(real x)                                                                \
    {                                                                                              \
        const real anchor = ANCHOR;                                                                \
        word bits, magnitude, from, small;                                                         \
                                                                                                   \
        memcpy(&bits, &x, sizeof bits);                                                            \
        magnitude = bits & ((word) - 1 >> 1);                                                      \
        half sign = (half)(bits >> (8 * sizeof bits - 16) & 0x8000), result;                       \
        if (magnitude > NAN_ABOVE) {                                                               \
            result = (half)(0x7c00 | (magnitude >> SHIFT & 0x03ff));                               \
            result += result == 0x7c00; /* and not infinity */                                     \
        } else if (magnitude >= TOO_LARGE) {                                                       \
            result = 0x7c00;                                                                       \
        } else if (magnitude >= NORMAL) {                                                          \
            magnitude -= REBIAS;                                                                   \
            magnitude += ((word)1 << (SHIFT - 1)) - 1 + (magnitude >> SHIFT & 1);                  \
            result = (half)(magnitude >> SHIFT);                                                   \
        } else {                                                                                   \
            memcpy(&x, &magnitude, sizeof x);                                                      \
            x += anchor;                                                                           \
            memcpy(&small, &x, sizeof small);                                                      \
            memcpy(&from, &anchor, sizeof from);                                                   \
            result = (half)(small - from);                                                         \
        }                                                                                          \
        return (half)(result | sign);                                                              \
    }

DEFINE_TO_HALF(half_of_float, float, uint32_t, 13, 112u << 23, 0x7f800000u, 0x47800000u,
               0x38800000u, 0.5f)
DEFINE_TO_HALF(half_of_double, double, uint64_t, 42, (uint64_t)1008 << 52, (uint64_t)0x7ff << 52,
               (uint64_t)0x40f << 52, (uint64_t)0x3f1 << 52, 0x1p28)

/* How a value of an integer (I) or a float (F) becomes each kind. */
#define FROM_I_TO_INT8(x) (int8_t)(x)
#define FROM_I_TO_INT16(x) (int16_t)(x)
#define FROM_I_TO_INT32(x) (int32_t)(x)
#define FROM_I_TO_INT64(x) (int64_t)(x)
#define FROM_I_TO_UINT8(x) (uint8_t)(x)
#define FROM_I_TO_UINT16(x) (uint16_t)(x)
#define FROM_I_TO_UINT32(x) (uint32_t)(x)
#define FROM_I_TO_UINT64(x) (uint64_t)(x)
#define FROM_I_TO_FLOAT32(x) (float)(x)
#define FROM_I_TO_FLOAT64(x) (double)(x)
#define FROM_I_TO_FLOAT16(x) half_of_float((float)(x))
#define FROM_I_TO_BOOL(x) (x) != 0
#define FROM_F_TO_INT8(x) (int8_t)truncate32(x)
#define FROM_F_TO_INT16(x) (int16_t)truncate32(x)
#define FROM_F_TO_INT32(x) truncate32(x)
#define FROM_F_TO_INT64(x) truncate64(x)
#define FROM_F_TO_UINT8(x) (uint8_t)truncate32(x)
#define FROM_F_TO_UINT16(x) (uint16_t)truncate32(x)
#define FROM_F_TO_UINT32(x) (uint32_t)truncate64(x)
#define FROM_F_TO_UINT64(x) truncate_unsigned(x)
#define FROM_F_TO_FLOAT32(x) (float)(x)
#define FROM_F_TO_FLOAT64(x) (double)(x)
#define FROM_F_TO_FLOAT16(x) (sizeof(x) == 4 ? half_of_float((float)(x)) : half_of_double(x))
#define FROM_F_TO_BOOL(x) (x) != 0

/* What is read, as a value. */
#define ITSELF(x) x
#define IS_TRUE(x) ((x) != 0)

#define DEFINE_CAST(sort, VALUE, FROM, from, TO, to)                                               \
    static void FROM##_to_##TO(const uint8_t *src, uint8_t *dst, size_t n)                         \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            from x;                                                                                \
            memcpy(&x, src + i * sizeof x, sizeof x);                                              \
            to y = FROM_##sort##_TO_##TO(VALUE(x));                                                \
            memcpy(dst + i * sizeof y, &y, sizeof y);                                              \
        }                                                                                          \
    }

#define DEFINE_CASTS(sort, VALUE, FROM, from)                                                      \
    DEFINE_CAST(sort, VALUE, FROM, from, INT8, int8_t)                                             \
    DEFINE_CAST(sort, VALUE, FROM, from, INT16, int16_t)                                           \
    DEFINE_CAST(sort, VALUE, FROM, from, INT32, int32_t)                                           \
    DEFINE_CAST(sort, VALUE, FROM, from, INT64, int64_t)                                           \
    DEFINE_CAST(sort, VALUE, FROM, from, UINT8, uint8_t)                                           \
    DEFINE_CAST(sort, VALUE, FROM, from, UINT16, uint16_t)                                         \
    DEFINE_CAST(sort, VALUE, FROM, from, UINT32, uint32_t)                                         \
    DEFINE_CAST(sort, VALUE, FROM, from, UINT64, uint64_t)                                         \
    DEFINE_CAST(sort, VALUE, FROM, from, FLOAT32, float)                                           \
    DEFINE_CAST(sort, VALUE, FROM, from, FLOAT64, double)                                          \
    DEFINE_CAST(sort, VALUE, FROM, from, FLOAT16, half)                                            \
    DEFINE_CAST(sort, VALUE, FROM, from, BOOL, truth)

DEFINE_CASTS(I, ITSELF, INT8, int8_t)
DEFINE_CASTS(I, ITSELF, INT16, int16_t)
DEFINE_CASTS(I, ITSELF, INT32, int32_t)
DEFINE_CASTS(I, ITSELF, INT64, int64_t)
DEFINE_CASTS(I, ITSELF, UINT8, uint8_t)
DEFINE_CASTS(I, ITSELF, UINT16, uint16_t)
DEFINE_CASTS(I, ITSELF, UINT32, uint32_t)
DEFINE_CASTS(I, ITSELF, UINT64, uint64_t)
DEFINE_CASTS(F, ITSELF, FLOAT32, float)
DEFINE_CASTS(F, ITSELF, FLOAT64, double)
DEFINE_CASTS(F, from_half, FLOAT16, half)
DEFINE_CASTS(I, IS_TRUE, BOOL, truth)

#define CASTS_FROM(FROM)                                                                           \
    {FROM##_to_INT8,    FROM##_to_INT16,   FROM##_to_INT32,   FROM##_to_INT64,                     \
     FROM##_to_UINT8,   FROM##_to_UINT16,  FROM##_to_UINT32,  FROM##_to_UINT64,                    \
     FROM##_to_FLOAT32, FROM##_to_FLOAT64, FROM##_to_FLOAT16, FROM##_to_BOOL}

/* In the order of enum zp_number. */
static const zp_cast_fn casts[ZP_NKINDS][ZP_NKINDS] = {
    CASTS_FROM(INT8),    CASTS_FROM(INT16),   CASTS_FROM(INT32),   CASTS_FROM(INT64),
    CASTS_FROM(UINT8),   CASTS_FROM(UINT16),  CASTS_FROM(UINT32),  CASTS_FROM(UINT64),
    CASTS_FROM(FLOAT32), CASTS_FROM(FLOAT64), CASTS_FROM(FLOAT16), CASTS_FROM(BOOL),
};

size_t
zp_number_nbytes(int number)
{
    static const uint8_t nbytes[ZP_NKINDS] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 2, 1};

    return number >= 0 && number < ZP_NKINDS ? nbytes[number] : 0;
}

zp_cast_fn
zp_cast(int from, int to)
{
    if (zp_number_nbytes(from) == 0 || zp_number_nbytes(to) == 0)
        return NULL;
    return casts[from][to];
}
