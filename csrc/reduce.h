/* reduce.h - sums, moments, extremes and counts of numbers; not part of the public interface */
#ifndef ZP_REDUCE_H
#define ZP_REDUCE_H

#include "zarrpy.h"

/*
 * A block of numbers in C order, and a result with the same axes.  Along an axis
 * that is reduced the result has stride 0; strides count elements.
 */
typedef struct zp_fold {
    int number; /* enum zp_number */
    int ndim;
    int64_t shape[ZP_MAX_NDIM]; /* none is 0 */
    int64_t strides[ZP_MAX_NDIM];
    int64_t seen; /* numbers that each element of the result has already */
} zp_fold;

/* Add numbers to a result. */
void zp_fold_sum(const zp_fold *fold, const void *src, double *result);

/* Take numbers into means and sums of squared deviations, which lie alike. */
void zp_fold_moments(const zp_fold *fold, const void *src, double *mean, double *squares);

/* Compare numbers with the least or the greatest so far, of their own type; a NaN is both. */
void zp_fold_extreme(const zp_fold *fold, int greatest, const void *src, void *result);

/* Add integers to a result of 64 bits, around which they wrap. */
void zp_fold_integers(const zp_fold *fold, const void *src, uint64_t *result);

/*
 * Add sums of later numbers, and what rounding takes from the result to `lost`
 * (the sum of two numbers and its error by Knuth).
 */
void zp_merge_sums(int64_t n, double *sums, double *lost, const double *later);

/*
 * Take in means and sums of squared deviations of later numbers, which are `share`
 * of all; `seen` came before (Chan, Golub and LeVeque).
 */
void zp_merge_moments(int64_t n, double seen, double share, double *mean, double *squares,
                      const double *later_mean, const double *later_squares);

/*
 * Count numbers between `nbins` + 1 ascending edges of equal distance: bin i has
 * those from edge i up to, but not including, edge i + 1; the last has those at
 * its end, too.  Others, and NaN, come to number `nbins`.  No edge is further than
 * `blur` of a bin, less than 1/4, from where equal distances would have it; there
 * are less than 2^30.  Four tables of nbins + 1 counts are to be added up.
 */
void zp_fold_count(int number, const void *src, int64_t n, const double *edges, int32_t nbins,
                   double blur, int64_t *counts);

#endif
