/*
 * vlen.h - streams of elements that have a length each; not part of the public interface
 */
#ifndef ZP_VLEN_H
#define ZP_VLEN_H

#include <stddef.h>
#include <stdint.h>

/* Whether a text is UTF-8: no overlong forms, no halves of pairs, nothing beyond U+10FFFF. */
int zp_is_utf8(const void *text, size_t nbytes);

/*
 * Check a stream of `nelems` elements (vlen.c) and tell where the bytes of each
 * begin; the size of each is the 32-bit number before them.  A zp_status, of
 * which `where` says more.
 */
int zp_vlen_scan(const void *src, size_t src_nbytes, int64_t nelems, int utf8, int64_t *starts,
                 int64_t *where);

/* The size of an element, given where its bytes begin. */
size_t zp_vlen_nbytes(const void *bytes);

#endif
