/*
 * proto_zfp.h - what is used of zfp (1.0)
 */
#ifndef ZP_PROTO_ZFP_H
#define ZP_PROTO_ZFP_H

#include <stddef.h>

typedef struct bitstream bitstream;
typedef struct zfp_stream zfp_stream;
typedef struct zfp_field zfp_field;

enum { ZFP_INT32 = 1, ZFP_INT64 = 2, ZFP_FLOAT = 3, ZFP_DOUBLE = 4 };
enum { ZFP_WHOLE_HEADER = 7 };

extern const char *const zfp_version_string;

bitstream *stream_open(void *buffer, size_t nbytes);
void stream_close(bitstream *stream);

zfp_stream *zfp_stream_open(bitstream *stream);
void zfp_stream_close(zfp_stream *stream);
void zfp_stream_rewind(zfp_stream *stream);
size_t zfp_stream_maximum_size(const zfp_stream *stream, const zfp_field *field);

void zfp_stream_set_reversible(zfp_stream *stream);
double zfp_stream_set_rate(zfp_stream *stream, double rate, int type, unsigned ndim, int align);
unsigned zfp_stream_set_precision(zfp_stream *stream, unsigned precision);
double zfp_stream_set_accuracy(zfp_stream *stream, double tolerance);
int zfp_stream_set_params(zfp_stream *stream, unsigned minbits, unsigned maxbits, unsigned maxprec,
                          int minexp);

zfp_field *zfp_field_1d(void *data, int type, size_t nx);
zfp_field *zfp_field_2d(void *data, int type, size_t nx, size_t ny);
zfp_field *zfp_field_3d(void *data, int type, size_t nx, size_t ny, size_t nz);
zfp_field *zfp_field_4d(void *data, int type, size_t nx, size_t ny, size_t nz, size_t nw);
zfp_field *zfp_field_alloc(void);
void zfp_field_free(zfp_field *field);
int zfp_field_type(const zfp_field *field);
unsigned zfp_field_dimensionality(const zfp_field *field);
size_t zfp_field_size(const zfp_field *field, size_t *size);

size_t zfp_write_header(zfp_stream *stream, const zfp_field *field, unsigned mask);
size_t zfp_read_header(zfp_stream *stream, zfp_field *field, unsigned mask);
size_t zfp_compress(zfp_stream *stream, const zfp_field *field);
size_t zfp_decompress(zfp_stream *stream, zfp_field *field);

#endif
