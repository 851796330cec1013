/*
 * vlen.h - streams of elements that have a length each; not part of the public interface
 */
#ifndef ZP_VLEN_H
#define ZP_VLEN_H

#include <stddef.h>
#include <stdint.h>

/* What is wrong with a stream; the number `where` says more. */
enum zp_vlen_fault {
    ZP_VLEN_FINE = 0,
    ZP_VLEN_COUNT = -1, /* it has that many elements, or is too short to tell: -1 */
    ZP_VLEN_SHORT = -2, /* it ends within that element */
    ZP_VLEN_LONG = -3,  /* that many bytes are left behind the last element */
    ZP_VLEN_UTF8 = -4,  /* that element is not UTF-8 */
};

/* Whether a text is UTF-8: no overlong forms, no halves of pairs, nothing beyond U+10FFFF. */
int zp_is_utf8(const void *text, size_t nbytes);

/*
 * Check a stream of `nelems` elements (vlen.c) and tell where the bytes of each
 * begin; the size of each is the 32-bit number before them.
 */
int zp_vlen_scan(const void *src, size_t src_nbytes, int64_t nelems, int utf8, int64_t *starts,
                 int64_t *where);

#endif
