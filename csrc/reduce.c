/*
 * reduce.c - sums, moments, extremes and counts of numbers
 *
 * A row of numbers that come together is added up in lanes, runs of such sums by
 * halves.  So the order of additions depends on the shape alone, the result is
 * the same on every machine, and the error grows with the logarithm of the
 * length.  Rows whose numbers stay apart are folded one row after the other, in
 * strips whose results stay in the nearest cache.
 *
 * Compilers make vectors of these loops.  On x86 there is all of it twice, once
 * for AVX2: the additions are the same, in the same order.
 */
#include "reduce.h"

#include <float.h>
#include <math.h>

#include "cpu.h"

#define LANES 16
#define RUN 1024    /* numbers that lanes add one after the other */
#define STRIP 1024  /* numbers of a row that stay apart, folded over all rows */
#define WIDE 32     /* numbers that are compared side by side */
#define DEPTH 4     /* rows that are folded in one go */
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

#define DEFINE_RUN(name, type, TARGET, TERM)                                                       \
    TARGET static double name(const type *p, int64_t n, double m)                                  \
    {                                                                                              \
        double lane[LANES], sum = 0;                                                               \
        int64_t i = LANES;                                                                         \
        (void)m;                                                                                   \
        if (n < LANES) {                                                                           \
            for (i = 0; i < n; i++)                                                                \
                sum += TERM((double)p[i], m);                                                      \
            return sum;                                                                            \
        }                                                                                          \
        for (int k = 0; k < LANES; k++)                                                            \
            lane[k] = TERM((double)p[k], m);                                                       \
        for (; i + LANES <= n; i += LANES)                                                         \
            for (int k = 0; k < LANES; k++)                                                        \
                lane[k] += TERM((double)p[i + k], m);                                              \
        for (int k = 0; i + k < n; k++)                                                            \
            lane[k] += TERM((double)p[i + k], m);                                                  \
        for (int k = 0; k < LANES / 2; k++) /* by halves: few steps wait for each other */         \
            lane[k] += lane[k + LANES / 2];                                                        \
        for (int k = 0; k < LANES / 4; k++)                                                        \
            lane[k] += lane[k + LANES / 4];                                                        \
        return (lane[0] + lane[2]) + (lane[1] + lane[3]);                                          \
    }

#define DEFINE_TOTAL(kind, type, TARGET)                                                           \
    TARGET static double total_##kind(const type *p, int64_t n)                                    \
    {                                                                                              \
        if (n <= RUN)                                                                              \
            return total_run_##kind(p, n, 0);                                                      \
        int64_t half = half_of(n);                                                                 \
        return total_##kind(p, half) + total_##kind(p + half, n - half);                           \
    }

/* Half of a row, or less, of which moments are known. */
typedef struct moments {
    int64_t n;
    double mean, squares;
} moments;

/* Moments of two halves as one (Chan, Golub and LeVeque). */
static moments
merged(moments a, moments b)
{
    double n = (double)(a.n + b.n), away = b.mean - a.mean, share = (double)b.n / n;

    a.squares += b.squares + away * away * ((double)a.n * share);
    a.mean += away * share;
    a.n += b.n;
    return a;
}

/*
 * Moments of numbers that come together.  Each run is gone through twice, while it
 * is near; nothing can come after a NaN.
 */
#define DEFINE_SPREAD(kind, type, TARGET)                                                          \
    TARGET static moments spread_##kind(const type *p, int64_t n)                                  \
    {                                                                                              \
        if (n <= RUN) {                                                                            \
            double mean = total_run_##kind(p, n, 0) / (double)n;                                   \
            return (moments){n, mean, squares_run_##kind(p, n, mean)};                             \
        }                                                                                          \
        int64_t half = half_of(n);                                                                 \
        moments first = spread_##kind(p, half);                                                    \
        return isnan(first.mean) ? first : merged(first, spread_##kind(p + half, n - half));       \
    }

/* What is folded into: sums, or means with squared deviations. */
typedef struct target {
    void *sums;
    double *mean, *squares;
} target;

/*
 * Rows of n numbers that stay apart, each `step` numbers after the one before; or,
 * where `nrows` is 0, n numbers that come together.  `seen` came before them.
 */
#define ROWS(name)                                                                                 \
    static void name(const void *src, int64_t n, int64_t nrows, int64_t step, int64_t seen,        \
                     const target *to, int64_t place)

#define DEFINE_SUM(kind, type, TARGET)                                                             \
    TARGET ROWS(sum_##kind)                                                                        \
    {                                                                                              \
        const type *restrict p = src;                                                              \
        double *restrict sums = (double *)to->sums + place;                                        \
        (void)seen;                                                                                \
        if (nrows == 0)                                                                            \
            sums[0] += total_##kind(p, n);                                                         \
        for (; nrows >= DEPTH; nrows -= DEPTH, p += DEPTH * step) {                                \
            const type *q = p + step, *r = q + step, *s = r + step;                                \
            for (int64_t i = 0; i < n; i++)                                                        \
                sums[i] = sums[i] + (double)p[i] + (double)q[i] + (double)r[i] + (double)s[i];     \
        }                                                                                          \
        for (; nrows > 0; nrows--, p += step)                                                      \
            for (int64_t i = 0; i < n; i++)                                                        \
                sums[i] += (double)p[i];                                                           \
    }

/*
 * Rows merge by the rule of Chan, Golub and LeVeque: DEPTH of them, whose distances
 * are from the first of them, so that little is lost however far all are from 0.
 * What is left goes one row after another, by the rule of Welford.
 */
#define DEFINE_MOMENTS(kind, type, TARGET)                                                         \
    TARGET ROWS(moments_##kind)                                                                    \
    {                                                                                              \
        const type *restrict p = src;                                                              \
        double *restrict mean = to->mean + place, *restrict squares = to->squares + place;         \
        if (nrows == 0) {                                                                          \
            moments all = spread_##kind(p, n);                                                     \
            all = seen ? merged((moments){seen, mean[0], squares[0]}, all) : all;                  \
            mean[0] = all.mean;                                                                    \
            squares[0] = all.squares;                                                              \
        }                                                                                          \
        for (; nrows >= DEPTH; nrows -= DEPTH, p += DEPTH * step, seen += DEPTH) {                 \
            const type *q = p + step, *r = q + step, *s = r + step;                                \
            double share = DEPTH / (double)(seen + DEPTH), weight = (double)seen * share;          \
            for (int64_t i = 0; i < n; i++) {                                                      \
                double first = (double)p[i];                                                       \
                double b = (double)q[i] - first, c = (double)r[i] - first,                         \
                       d = (double)s[i] - first;                                                   \
                double from = (b + c + d) / DEPTH, away = first + from - mean[i];                  \
                squares[i] += b * b + c * c + d * d - DEPTH * from * from + away * weight * away;  \
                mean[i] += away * share;                                                           \
            }                                                                                      \
        }                                                                                          \
        for (; nrows > 0; nrows--, p += step, seen++) {                                            \
            double share = 1 / (double)(seen + 1);                                                 \
            for (int64_t i = 0; i < n; i++) {                                                      \
                double away = (double)p[i] - mean[i], now = mean[i] + away * share;                \
                squares[i] += away * ((double)p[i] - now);                                         \
                mean[i] = now;                                                                     \
            }                                                                                      \
        }                                                                                          \
    }

#define DEFINE_INTEGERS(kind, type, TARGET)                                                        \
    TARGET ROWS(integers_##kind)                                                                   \
    {                                                                                              \
        const type *restrict p = src;                                                              \
        uint64_t *restrict sums = (uint64_t *)to->sums + place;                                    \
        uint64_t sum = 0;                                                                          \
        (void)seen;                                                                                \
        for (int64_t i = 0; nrows == 0 && i < n; i++)                                              \
            sum += (uint64_t)p[i];                                                                 \
        if (nrows == 0)                                                                            \
            sums[0] += sum;                                                                        \
        for (; nrows > 0; nrows--, p += step)                                                      \
            for (int64_t i = 0; i < n; i++)                                                        \
                sums[i] += (uint64_t)p[i];                                                         \
    }

/* Whether the best so far stays beside another number; a NaN does, and no number beside it. */
#define LESS(best, x) ((best) <= (x))
#define MORE(best, x) ((best) >= (x))
#define LESS_OR_NAN(best, x) (((best) <= (x)) | ((best) != (best)))
#define MORE_OR_NAN(best, x) (((best) >= (x)) | ((best) != (best)))

#define DEFINE_EXTREME(name, type, TARGET, STAYS)                                                  \
    TARGET ROWS(name)                                                                              \
    {                                                                                              \
        const type *restrict p = src;                                                              \
        type *restrict best = (type *)to->sums + place;                                            \
        type lane[WIDE];                                                                           \
        int64_t i = 0;                                                                             \
        (void)seen;                                                                                \
        for (int k = 0; k < WIDE; k++)                                                             \
            lane[k] = best[0];                                                                     \
        for (; nrows == 0 && i + WIDE <= n; i += WIDE)                                             \
            for (int k = 0; k < WIDE; k++)                                                         \
                lane[k] = STAYS(lane[k], p[i + k]) ? lane[k] : p[i + k];                           \
        for (; nrows == 0 && i < n; i++)                                                           \
            best[0] = STAYS(best[0], p[i]) ? best[0] : p[i];                                       \
        for (int k = 0; nrows == 0 && k < WIDE; k++)                                               \
            best[0] = STAYS(best[0], lane[k]) ? best[0] : lane[k];                                 \
        for (; nrows > 0; nrows--, p += step)                                                      \
            for (i = 0; i < n; i++)                                                                \
                best[i] = STAYS(best[i], p[i]) ? best[i] : p[i];                                   \
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
#define DEFINE_COUNT(name, type, real, TARGET)                                                     \
    TARGET static void name##_guess(const histogram *h, const type *p, int n, int32_t *bins)       \
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
    TARGET static void name(const histogram *h, const void *src, int64_t n)                        \
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

#define DEFINE_NUMBERS(kind, type, TARGET)                                                         \
    DEFINE_RUN(total_run_##kind, type, TARGET, VALUE)                                              \
    DEFINE_RUN(squares_run_##kind, type, TARGET, SQUARE)                                           \
    DEFINE_TOTAL(kind, type, TARGET)                                                               \
    DEFINE_SPREAD(kind, type, TARGET)                                                              \
    DEFINE_SUM(kind, type, TARGET)                                                                 \
    DEFINE_MOMENTS(kind, type, TARGET)                                                             \
    DEFINE_COUNT(count_##kind, type, double, TARGET)

#define DEFINE_EXTREMES(kind, type, TARGET, LEAST, MOST)                                           \
    DEFINE_EXTREME(least_##kind, type, TARGET, LEAST)                                              \
    DEFINE_EXTREME(greatest_##kind, type, TARGET, MOST)

#define DEFINE_WHOLE(kind, type, TARGET)                                                           \
    DEFINE_NUMBERS(kind, type, TARGET)                                                             \
    DEFINE_EXTREMES(kind, type, TARGET, LESS, MORE)                                                \
    DEFINE_INTEGERS(kind, type, TARGET)

#define DEFINE_FLOATS(kind, type, TARGET)                                                          \
    DEFINE_NUMBERS(kind, type, TARGET)                                                             \
    DEFINE_EXTREMES(kind, type, TARGET, LESS_OR_NAN, MORE_OR_NAN)

typedef void (*rows_fn)(const void *src, int64_t n, int64_t nrows, int64_t step, int64_t seen,
                        const target *to, int64_t place);
typedef void (*count_fn)(const histogram *h, const void *src, int64_t n);

/* What is done with numbers of one kind. */
typedef struct kind {
    int64_t nbytes;
    rows_fn sum, moments, least, greatest, integers;
    count_fn count, quick; /* quick: guesses by float, or NULL */
} kind;

/* Functions for every kind of number, and a table of them in the order of enum zp_number. */
#define DEFINE_KINDS(table, level, TARGET)                                                         \
    DEFINE_WHOLE(i1##level, int8_t, TARGET)                                                        \
    DEFINE_WHOLE(i2##level, int16_t, TARGET)                                                       \
    DEFINE_WHOLE(i4##level, int32_t, TARGET)                                                       \
    DEFINE_NUMBERS(i8##level, int64_t, TARGET)                                                     \
    DEFINE_EXTREMES(i8##level, int64_t, TARGET, LESS, MORE)                                        \
    DEFINE_WHOLE(u1##level, uint8_t, TARGET)                                                       \
    DEFINE_WHOLE(u2##level, uint16_t, TARGET)                                                      \
    DEFINE_WHOLE(u4##level, uint32_t, TARGET)                                                      \
    DEFINE_WHOLE(u8##level, uint64_t, TARGET)                                                      \
    DEFINE_FLOATS(f4##level, float, TARGET)                                                        \
    DEFINE_FLOATS(f8##level, double, TARGET)                                                       \
    DEFINE_COUNT(quick_i2##level, int16_t, float, TARGET)                                          \
    DEFINE_COUNT(quick_u2##level, uint16_t, float, TARGET)                                         \
    DEFINE_COUNT(quick_f4##level, float, float, TARGET)                                            \
    static const kind table[ZP_NNUMBERS] = {                                                       \
        {1, NAMES(i1##level), integers_i1##level, count_i1##level, NULL},                          \
        {2, NAMES(i2##level), integers_i2##level, count_i2##level, quick_i2##level},               \
        {4, NAMES(i4##level), integers_i4##level, count_i4##level, NULL},                          \
        {8, NAMES(i8##level), integers_u8##level, count_i8##level, NULL}, /* they wrap alike */    \
        {1, NAMES(u1##level), integers_u1##level, count_u1##level, NULL},                          \
        {2, NAMES(u2##level), integers_u2##level, count_u2##level, quick_u2##level},               \
        {4, NAMES(u4##level), integers_u4##level, count_u4##level, NULL},                          \
        {8, NAMES(u8##level), integers_u8##level, count_u8##level, NULL},                          \
        {4, NAMES(f4##level), NULL, count_f4##level, quick_f4##level},                             \
        {8, NAMES(f8##level), NULL, count_f8##level, NULL},                                        \
    };
#define NAMES(name) sum_##name, moments_##name, least_##name, greatest_##name

DEFINE_KINDS(portable, , )
#if ZP_X86 && (defined(__GNUC__) || defined(__clang__))
DEFINE_KINDS(avx2, _avx2, ZP_TARGET("avx2"))
#else
#define avx2 portable
#endif

static const kind *
kind_of(int number)
{
    return (zp_cpu() & ZP_CPU_AVX2 ? avx2 : portable) + number;
}

/* Call a function for numbers [first, first + n) of each row, which is the last axis. */
static void
fold_strip(const zp_fold *fold, rows_fn rows, const char *src, const target *to, int64_t first,
           int64_t n)
{
    int64_t index[ZP_MAX_NDIM] = {0}, weight[ZP_MAX_NDIM];
    int last = fold->ndim - 1, outer = last - 1;
    int64_t length = fold->shape[last], nbytes = kind_of(fold->number)->nbytes;
    int64_t place = first * fold->strides[last], seen = fold->seen;
    int64_t nrows = fold->strides[last] ? 1 : 0, together = nrows ? 1 : length;

    if (nrows && outer >= 0 && fold->strides[outer] == 0)
        together = nrows = fold->shape[outer--];
    for (int i = outer; i >= 0; i--) {
        weight[i] = fold->strides[i] ? 0 : together;
        together *= fold->strides[i] ? 1 : fold->shape[i];
    }
    src += first * nbytes;
    for (;;) {
        rows(src, n, nrows, length, seen, to, place);
        src += (nrows ? nrows : 1) * length * nbytes;
        int axis = outer;
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
fold_rows(const zp_fold *fold, rows_fn rows, const void *src, const target *to)
{
    int64_t n = fold->shape[fold->ndim - 1];
    int64_t strip = fold->strides[fold->ndim - 1] ? STRIP : n;

    for (int64_t first = 0; first < n; first += strip)
        fold_strip(fold, rows, src, to, first, n - first < strip ? n - first : strip);
}

void
zp_fold_sum(const zp_fold *fold, const void *src, double *result)
{
    target to = {result, NULL, NULL};
    fold_rows(fold, kind_of(fold->number)->sum, src, &to);
}

void
zp_fold_moments(const zp_fold *fold, const void *src, double *mean, double *squares)
{
    target to = {NULL, mean, squares};
    fold_rows(fold, kind_of(fold->number)->moments, src, &to);
}

void
zp_fold_extreme(const zp_fold *fold, int greatest, const void *src, void *result)
{
    target to = {result, NULL, NULL};
    const kind *numbers = kind_of(fold->number);
    fold_rows(fold, greatest ? numbers->greatest : numbers->least, src, &to);
}

void
zp_fold_integers(const zp_fold *fold, const void *src, uint64_t *result)
{
    target to = {result, NULL, NULL};
    fold_rows(fold, kind_of(fold->number)->integers, src, &to);
}

/* Bytes: each of their 256 values is looked up once. */
static void
count_bytes(const histogram *h, const uint8_t *p, int64_t n, int sign)
{
    int64_t found[4][256] = {0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++) /* four tables, as neighbours often are alike */
            found[k][p[i + k]]++;
    for (; i < n; i++)
        found[0][p[i]]++;
    for (int value = 0; value < 256; value++) {
        int32_t bin = find_bin(h, sign ? (double)(int8_t)value : (double)value);
        for (int k = 0; k < 4; k++)
            h->counts[k][bin] += found[k][value];
    }
}

void
zp_fold_count(int number, const void *src, int64_t n, const double *edges, int32_t nbins,
              double blur, int64_t *counts)
{
    double low = edges[0], high = edges[nbins];
    histogram h = {.edges = edges, .nbins = nbins, .scale = nbins / (high - low), .blur = blur};
    for (int k = 0; k < 4; k++)
        h.counts[k] = counts + k * (nbins + 1);

    if (kind_of(number)->nbytes == 1 && n > 1024) {
        count_bytes(&h, src, n, number == ZP_INT8);
        return;
    }

    /* What rounding to float can do to a guess: to the ends, and to the distance from one. */
    double furthest = fabs(low) > fabs(high) ? fabs(low) : fabs(high);
    double rough = blur + (furthest * h.scale + nbins) * 4 * FLT_EPSILON;
    const kind *numbers = kind_of(number);
    if (numbers->quick && rough < 0.125) {
        h.blur = rough;
        numbers->quick(&h, src, n);
    } else {
        numbers->count(&h, src, n);
    }
}
