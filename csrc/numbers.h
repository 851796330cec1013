/*
 * numbers.h - kinds of numbers, and conversion between any two; not part of the public interface
 */
#ifndef ZP_NUMBERS_H
#define ZP_NUMBERS_H

#include <stddef.h>
#include <stdint.h>

#include "zarrpy.h"

/* Convert n numbers; neither side need be aligned, and they do not overlap. */
typedef void (*zp_cast_fn)(const uint8_t *src, uint8_t *dst, size_t n);

/* Bytes of a kind of number; 0 for what is none. */
size_t zp_number_nbytes(int number);

/*
 * The function that converts `from` into `to`, or NULL for what is no number.
 * Integers wrap around.  A float loses its fraction; where what is left does not
 * fit, and for NaN, the result is what x86 gives, on every machine.
 */
zp_cast_fn zp_cast(int from, int to);

#endif
