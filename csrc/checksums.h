/*
 * checksums.h - checksums beside crc32c; not part of the public interface
 */
#ifndef ZP_CHECKSUMS_H
#define ZP_CHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

/* As zlib's: start with 0, continue with the result so far. */
uint32_t zp_crc32(uint32_t crc, const void *data, size_t nbytes);

/* As zlib's: start with 1, continue with the result so far. */
uint32_t zp_adler32(uint32_t adler, const void *data, size_t nbytes);

uint32_t zp_fletcher32(const void *data, size_t nbytes);

/* Of the prefix and the data after it, as if they were one. */
uint32_t zp_lookup3(uint32_t initial, const void *prefix, size_t prefix_nbytes, const void *data,
                    size_t nbytes);

#endif
