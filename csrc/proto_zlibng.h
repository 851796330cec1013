/*
 * proto_zlibng.h - what is used of zlib-ng (2.x, native names)
 */
#ifndef ZP_PROTO_ZLIBNG_H
#define ZP_PROTO_ZLIBNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct zng_stream {
    const uint8_t *next_in;
    uint32_t avail_in;
    size_t total_in;
    uint8_t *next_out;
    uint32_t avail_out;
    size_t total_out;
    const char *msg;
    void *state;
    void *(*zalloc)(void *opaque, unsigned items, unsigned size);
    void (*zfree)(void *opaque, void *address);
    void *opaque;
    int data_type;
    uint32_t adler;
    unsigned long reserved;
} zng_stream;

enum { ZNG_NO_FLUSH = 0, ZNG_FINISH = 4 };
enum { ZNG_OK = 0, ZNG_STREAM_END = 1, ZNG_MEM_ERROR = -4, ZNG_BUF_ERROR = -5 };
enum { ZNG_DEFLATED = 8, ZNG_MEM_LEVEL = 8, ZNG_DEFAULT_STRATEGY = 0 };

int32_t zng_deflateInit2(zng_stream *stream, int32_t level, int32_t method, int32_t window_bits,
                         int32_t mem_level, int32_t strategy);
int32_t zng_deflate(zng_stream *stream, int32_t flush);
int32_t zng_deflateEnd(zng_stream *stream);
unsigned long zng_deflateBound(zng_stream *stream, unsigned long nbytes);
size_t zng_compressBound(size_t nbytes);

int32_t zng_inflateInit2(zng_stream *stream, int32_t window_bits);
int32_t zng_inflateReset2(zng_stream *stream, int32_t window_bits);
int32_t zng_inflate(zng_stream *stream, int32_t flush);
int32_t zng_inflateEnd(zng_stream *stream);

uint32_t zng_crc32_z(uint32_t crc, const uint8_t *data, size_t nbytes);
uint32_t zng_adler32_z(uint32_t adler, const uint8_t *data, size_t nbytes);
const char *zlibng_version(void);

#endif
