/* spare.h - memory of large results, kept for the next one; not part of the public interface */
#ifndef ZP_SPARE_H
#define ZP_SPARE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory that begins with a cache line and holds anything, or NULL.  What was
 * given back before is taken first, where it is about as large.
 */
void *zp_spare_take(size_t nbytes);

/*
 * Give memory back.  Of what nobody uses at most `limit` bytes are kept, and the
 * system may take the pages of that whenever it is short of memory; 0: none.
 */
void zp_spare_give(void *memory, size_t limit);

/* Bytes of memory that was taken, as asked for. */
size_t zp_spare_nbytes(const void *memory);

/* Let go of all but `limit` bytes of what is kept; how many bytes are left. */
size_t zp_spare_trim(size_t limit);

#endif
