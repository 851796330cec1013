/*
 * merge.c - two partial reductions become one
 *
 * In one pass over memory: results of which many are kept are as large as what
 * they were made from.
 */
#include "reduce.h"

void
zp_merge_sums(int64_t n, double *restrict sums, double *restrict lost, const double *restrict later)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = sums[i] + later[i];
        double shown = sum - sums[i];
        lost[i] += (sums[i] - (sum - shown)) + (later[i] - shown);
        sums[i] = sum;
    }
}

void
zp_merge_moments(int64_t n, double seen, double share, double *restrict mean,
                 double *restrict squares, const double *restrict later_mean,
                 const double *restrict later_squares)
{
    double weight = seen * share;
    for (int64_t i = 0; i < n; i++) {
        double away = later_mean[i] - mean[i];
        mean[i] += away * share;
        squares[i] = squares[i] + later_squares[i] + away * away * weight;
    }
}
