/*
 * numbers.c - conversion between kinds of numbers
 *
 * A hundred small loops from one template.  C leaves open what becomes of a
 * float that does not fit an integer; stored data should not depend on that, so
 * the functions below say it.
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

#define DEFINE_CAST(sort, FROM, from, TO, to)                                                      \
    static void FROM##_to_##TO(const uint8_t *src, uint8_t *dst, size_t n)                         \
    {                                                                                              \
        for (size_t i = 0; i < n; i++) {                                                           \
            from x;                                                                                \
            memcpy(&x, src + i * sizeof x, sizeof x);                                              \
            to y = FROM_##sort##_TO_##TO(x);                                                       \
            memcpy(dst + i * sizeof y, &y, sizeof y);                                              \
        }                                                                                          \
    }

#define DEFINE_CASTS(sort, FROM, from)                                                             \
    DEFINE_CAST(sort, FROM, from, INT8, int8_t)                                                    \
    DEFINE_CAST(sort, FROM, from, INT16, int16_t)                                                  \
    DEFINE_CAST(sort, FROM, from, INT32, int32_t)                                                  \
    DEFINE_CAST(sort, FROM, from, INT64, int64_t)                                                  \
    DEFINE_CAST(sort, FROM, from, UINT8, uint8_t)                                                  \
    DEFINE_CAST(sort, FROM, from, UINT16, uint16_t)                                                \
    DEFINE_CAST(sort, FROM, from, UINT32, uint32_t)                                                \
    DEFINE_CAST(sort, FROM, from, UINT64, uint64_t)                                                \
    DEFINE_CAST(sort, FROM, from, FLOAT32, float)                                                  \
    DEFINE_CAST(sort, FROM, from, FLOAT64, double)

DEFINE_CASTS(I, INT8, int8_t)
DEFINE_CASTS(I, INT16, int16_t)
DEFINE_CASTS(I, INT32, int32_t)
DEFINE_CASTS(I, INT64, int64_t)
DEFINE_CASTS(I, UINT8, uint8_t)
DEFINE_CASTS(I, UINT16, uint16_t)
DEFINE_CASTS(I, UINT32, uint32_t)
DEFINE_CASTS(I, UINT64, uint64_t)
DEFINE_CASTS(F, FLOAT32, float)
DEFINE_CASTS(F, FLOAT64, double)

#define CASTS_FROM(FROM)                                                                           \
    {FROM##_to_INT8,   FROM##_to_INT16,  FROM##_to_INT32,  FROM##_to_INT64,   FROM##_to_UINT8,     \
     FROM##_to_UINT16, FROM##_to_UINT32, FROM##_to_UINT64, FROM##_to_FLOAT32, FROM##_to_FLOAT64}

/* In the order of enum zp_number. */
static const zp_cast_fn casts[ZP_NNUMBERS][ZP_NNUMBERS] = {
    CASTS_FROM(INT8),    CASTS_FROM(INT16),   CASTS_FROM(INT32),  CASTS_FROM(INT64),
    CASTS_FROM(UINT8),   CASTS_FROM(UINT16),  CASTS_FROM(UINT32), CASTS_FROM(UINT64),
    CASTS_FROM(FLOAT32), CASTS_FROM(FLOAT64),
};

size_t
zp_number_nbytes(int number)
{
    static const uint8_t nbytes[ZP_NNUMBERS] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8};

    return number >= 0 && number < ZP_NNUMBERS ? nbytes[number] : 0;
}

zp_cast_fn
zp_cast(int from, int to)
{
    if (zp_number_nbytes(from) == 0 || zp_number_nbytes(to) == 0)
        return NULL;
    return casts[from][to];
}
