/*
 * reduce.c - sums, moments and counts of numbers
 *
 * A row of numbers that come together is added up in lanes, runs of such sums by
 * halves.  So the order of additions depends on the shape alone, the result is
 * the same on every machine, and the error grows with the logarithm of the
 * length.  Rows whose numbers stay apart are folded one row after the other, in
 * strips whose results stay in the nearest cache.
 */
#include "reduce.h"

#include <float.h>
#include <math.h>

#define LANES 16
#define RUN 1024    /* numbers that lanes add one after the other */
#define STRIP 1024  /* numbers of a row that stay apart, folded over all rows */
#define PORTION 512 /* numbers whose bins are guessed together */

/* Half of a row, in whole runs. */
static int64_t
half_of(int64_t n)
{
    return (n / RUN + 1) / 2 * RUN;
}

/* What becomes of a number: itself, or the square of its distance to a mean. */
#define VALUE(x, m) (x)
#define SQUARE(x, m) (((x) - (m)) * ((x) - (m)))

#define DEFINE_TOGETHER(name, type, TERM)                                                          \
    static double name##_run(const type *p, int64_t n, double m)                                   \
    {                                                                                              \
        double lane[LANES] = {0};                                                                  \
        int64_t i = 0;                                                                             \
        (void)m;                                                                                   \
        for (; i + LANES <= n; i += LANES)                                                         \
            for (int k = 0; k < LANES; k++)                                                        \
                lane[k] += TERM((double)p[i + k], m);                                              \
        for (int k = 0; i + k < n; k++)                                                            \
            lane[k] += TERM((double)p[i + k], m);                                                  \
        for (int half = LANES / 2; half > 0; half /= 2)                                            \
            for (int k = 0; k < half; k++)                                                         \
                lane[k] += lane[k + half];                                                         \
        return lane[0];                                                                            \
    }                                                                                              \
                                                                                                   \
    static double name(const type *p, int64_t n, double m)                                         \
    {                                                                                              \
        if (n <= RUN)                                                                              \
            return name##_run(p, n, m);                                                            \
        int64_t half = half_of(n);                                                                 \
        return name(p, half, m) + name(p + half, n - half, m);                                     \
    }

/* What is folded into: sums, or means with squared deviations. */
typedef struct target {
    void *sums;
    double *mean, *squares;
} target;

/* A row of n numbers, `seen` numbers having come before it; stride 0: they come together. */
#define ROW(name)                                                                                  \
    static void name(const void *src, int64_t n, int64_t stride, int64_t seen, const target *to,   \
                     int64_t place)

#define DEFINE_SUM(kind, type)                                                                     \
    ROW(sum_##kind)                                                                                \
    {                                                                                              \
        const type *p = src;                                                                       \
        double *sums = (double *)to->sums + place;                                                 \
        (void)seen;                                                                                \
        if (stride == 0) {                                                                         \
            sums[0] += total_##kind(p, n, 0);                                                      \
            return;                                                                                \
        }                                                                                          \
        for (int64_t i = 0; i < n; i++)                                                            \
            sums[i] += (double)p[i];                                                               \
    }

/* Rows merge by the rule of Chan, Golub and LeVeque, single numbers by that of Welford. */
#define DEFINE_MOMENTS(kind, type)                                                                 \
    ROW(moments_##kind)                                                                            \
    {                                                                                              \
        const type *p = src;                                                                       \
        double *mean = to->mean + place, *squares = to->squares + place;                           \
        if (stride == 0) {                                                                         \
            double own = total_##kind(p, n, 0) / (double)n;                                        \
            double away = own - mean[0], share = (double)n / (double)(seen + n);                   \
            squares[0] += squares_##kind(p, n, own);                                               \
            if (seen) {                                                                            \
                squares[0] += away * away * ((double)seen * share);                                \
                own = mean[0] + away * share;                                                      \
            }                                                                                      \
            mean[0] = own;                                                                         \
            return;                                                                                \
        }                                                                                          \
        double share = 1 / (double)(seen + 1);                                                     \
        for (int64_t i = 0; i < n; i++) {                                                          \
            double x = (double)p[i], away = x - mean[i], now = mean[i] + away * share;             \
            squares[i] += away * (x - now);                                                        \
            mean[i] = now;                                                                         \
        }                                                                                          \
    }

#define DEFINE_INTEGERS(kind, type)                                                                \
    ROW(integers_##kind)                                                                           \
    {                                                                                              \
        const type *p = src;                                                                       \
        uint64_t *sums = (uint64_t *)to->sums + place;                                             \
        uint64_t sum = 0;                                                                          \
        (void)seen;                                                                                \
        for (int64_t i = 0; i < n; i++) {                                                          \
            if (stride)                                                                            \
                sums[i] += (uint64_t)p[i];                                                         \
            else                                                                                   \
                sum += (uint64_t)p[i];                                                             \
        }                                                                                          \
        if (!stride)                                                                               \
            sums[0] += sum;                                                                        \
    }

/* Edges of about equal distance, and four tables of counts. */
typedef struct histogram {
    const double *edges;
    int32_t nbins;
    double scale; /* bins a unit */
    double blur;  /* how far, in parts of a bin, a guess may be from the truth */
    int64_t *counts[4];
} histogram;

#define NEAR (1 << 30) /* of a guess that is close to an edge */

/* The bin of a number; nbins for what is in none. */
static int32_t
find_bin(const histogram *h, double x)
{
    double low = h->edges[0];
    if (!(x >= low && x <= h->edges[h->nbins]))
        return h->nbins;
    int32_t bin = (int32_t)((x - low) * h->scale);
    bin = bin < h->nbins ? bin : h->nbins - 1;
    bin -= x < h->edges[bin];
    return bin + (x >= h->edges[bin + 1] && bin < h->nbins - 1);
}

/*
 * First the bins of a portion are guessed, which needs no branches; then they are
 * counted, in four tables, as neighbours often are in one bin.  Numbers close to
 * an edge are looked up.
 */
#define DEFINE_COUNT(name, type, real)                                                             \
    static void name##_guess(const histogram *h, const type *p, int n, int32_t *bins)              \
    {                                                                                              \
        real low = (real)h->edges[0], scale = (real)h->scale, blur = (real)h->blur;                \
        real least = -blur, far = 1 - blur, most = (real)h->nbins + blur;                          \
        int32_t outside = h->nbins;                                                                \
        for (int i = 0; i < n; i++) { /* as compilers vectorize it */                              \
            real place = ((real)p[i] - low) * scale;                                               \
            int32_t inside = -((place >= least) & (place <= most));                                \
            real kept = place > least ? place : least; /* NaN, too, fits an integer then */        \
            kept = kept < most ? kept : most;                                                      \
            int32_t bin = (int32_t)kept;                                                           \
            real rest = kept - (real)bin;                                                          \
            int32_t near = -((rest < blur) | (rest > far)) & NEAR;                                 \
            bins[i] = ((bin | near) & inside) | (outside & ~inside);                               \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void name(const histogram *h, const void *src, int64_t n)                               \
    {                                                                                              \
        const type *p = src;                                                                       \
        int32_t bins[PORTION];                                                                     \
        for (int64_t first = 0; first < n; first += PORTION, p += PORTION) {                       \
            int here = n - first < PORTION ? (int)(n - first) : PORTION;                           \
            name##_guess(h, p, here, bins);                                                        \
            int i = 0;                                                                             \
            for (; i + 4 <= here; i += 4) {                                                        \
                if ((bins[i] | bins[i + 1] | bins[i + 2] | bins[i + 3]) & NEAR)                    \
                    for (int k = i; k < i + 4; k++)                                                \
                        bins[k] = find_bin(h, (double)p[k]);                                       \
                h->counts[0][bins[i]]++;                                                           \
                h->counts[1][bins[i + 1]]++;                                                       \
                h->counts[2][bins[i + 2]]++;                                                       \
                h->counts[3][bins[i + 3]]++;                                                       \
            }                                                                                      \
            for (; i < here; i++)                                                                  \
                h->counts[0][find_bin(h, (double)p[i])]++;                                         \
        }                                                                                          \
    }

#define DEFINE_ALL(kind, type)                                                                     \
    DEFINE_TOGETHER(total_##kind, type, VALUE)                                                     \
    DEFINE_TOGETHER(squares_##kind, type, SQUARE)                                                  \
    DEFINE_SUM(kind, type)                                                                         \
    DEFINE_MOMENTS(kind, type)                                                                     \
    DEFINE_COUNT(count_##kind, type, double)

DEFINE_ALL(i1, int8_t)
DEFINE_ALL(i2, int16_t)
DEFINE_ALL(i4, int32_t)
DEFINE_ALL(i8, int64_t)
DEFINE_ALL(u1, uint8_t)
DEFINE_ALL(u2, uint16_t)
DEFINE_ALL(u4, uint32_t)
DEFINE_ALL(u8, uint64_t)
DEFINE_ALL(f4, float)
DEFINE_ALL(f8, double)
DEFINE_INTEGERS(i1, int8_t)
DEFINE_INTEGERS(i2, int16_t)
DEFINE_INTEGERS(i4, int32_t)
DEFINE_INTEGERS(u1, uint8_t)
DEFINE_INTEGERS(u2, uint16_t)
DEFINE_INTEGERS(u4, uint32_t)
DEFINE_INTEGERS(u8, uint64_t) /* of int64, too: they wrap alike */

DEFINE_COUNT(quick_i1, int8_t, float)
DEFINE_COUNT(quick_i2, int16_t, float)
DEFINE_COUNT(quick_u1, uint8_t, float)
DEFINE_COUNT(quick_u2, uint16_t, float)
DEFINE_COUNT(quick_f4, float, float)

typedef void (*row_fn)(const void *src, int64_t n, int64_t stride, int64_t seen, const target *to,
                       int64_t place);
typedef void (*count_fn)(const histogram *h, const void *src, int64_t n);

/* In the order of enum zp_number. */
static const struct {
    int64_t nbytes;
    row_fn sum, moments, integers;
    count_fn count, quick; /* quick: guesses by float, or NULL */
} kinds[ZP_NNUMBERS] = {
    {1, sum_i1, moments_i1, integers_i1, count_i1, quick_i1},
    {2, sum_i2, moments_i2, integers_i2, count_i2, quick_i2},
    {4, sum_i4, moments_i4, integers_i4, count_i4, NULL},
    {8, sum_i8, moments_i8, integers_u8, count_i8, NULL},
    {1, sum_u1, moments_u1, integers_u1, count_u1, quick_u1},
    {2, sum_u2, moments_u2, integers_u2, count_u2, quick_u2},
    {4, sum_u4, moments_u4, integers_u4, count_u4, NULL},
    {8, sum_u8, moments_u8, integers_u8, count_u8, NULL},
    {4, sum_f4, moments_f4, NULL, count_f4, quick_f4},
    {8, sum_f8, moments_f8, NULL, count_f8, NULL},
};

/* Call a function for numbers [first, first + n) of each row, which is the last axis. */
static void
fold_strip(const zp_fold *fold, row_fn row, const char *src, const target *to, int64_t first,
           int64_t n)
{
    int64_t index[ZP_MAX_NDIM] = {0}, weight[ZP_MAX_NDIM];
    int last = fold->ndim - 1;
    int64_t nbytes = kinds[fold->number].nbytes, row_nbytes = fold->shape[last] * nbytes;
    int64_t place = first * fold->strides[last], seen = fold->seen;
    int64_t together = fold->strides[last] ? 1 : fold->shape[last];

    for (int i = last - 1; i >= 0; i--) {
        weight[i] = fold->strides[i] ? 0 : together;
        together *= fold->strides[i] ? 1 : fold->shape[i];
    }
    src += first * nbytes;
    for (;;) {
        row(src, n, fold->strides[last], seen, to, place);
        src += row_nbytes;
        int axis = last - 1;
        for (; axis >= 0; axis--) {
            place += fold->strides[axis];
            seen += weight[axis];
            if (++index[axis] < fold->shape[axis])
                break;
            place -= fold->shape[axis] * fold->strides[axis];
            seen -= fold->shape[axis] * weight[axis];
            index[axis] = 0;
        }
        if (axis < 0)
            return;
    }
}

static void
fold_rows(const zp_fold *fold, row_fn row, const void *src, const target *to)
{
    int64_t n = fold->shape[fold->ndim - 1];
    int64_t strip = fold->strides[fold->ndim - 1] ? STRIP : n;

    for (int64_t first = 0; first < n; first += strip)
        fold_strip(fold, row, src, to, first, n - first < strip ? n - first : strip);
}

void
zp_fold_sum(const zp_fold *fold, const void *src, double *result)
{
    target to = {result, NULL, NULL};
    fold_rows(fold, kinds[fold->number].sum, src, &to);
}

void
zp_fold_moments(const zp_fold *fold, const void *src, double *mean, double *squares)
{
    target to = {NULL, mean, squares};
    fold_rows(fold, kinds[fold->number].moments, src, &to);
}

void
zp_fold_integers(const zp_fold *fold, const void *src, uint64_t *result)
{
    target to = {result, NULL, NULL};
    fold_rows(fold, kinds[fold->number].integers, src, &to);
}

void
zp_fold_count(int number, const void *src, int64_t n, const double *edges, int32_t nbins,
              double blur, int64_t *counts)
{
    double low = edges[0], high = edges[nbins];
    histogram h = {.edges = edges, .nbins = nbins, .scale = nbins / (high - low), .blur = blur};
    for (int k = 0; k < 4; k++)
        h.counts[k] = counts + k * (nbins + 1);

    /* What rounding to float can do to a guess: to the ends, and to the distance from one. */
    double furthest = fabs(low) > fabs(high) ? fabs(low) : fabs(high);
    double rough = blur + (furthest * h.scale + nbins) * 4 * FLT_EPSILON;
    if (kinds[number].quick && rough < 0.125) {
        h.blur = rough;
        kinds[number].quick(&h, src, n);
    } else {
        kinds[number].count(&h, src, n);
    }
}
