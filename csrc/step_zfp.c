/*
 * step_zfp.c - the codec "zfp": blocks of 4 by 4 by ... numbers, with or without a header
 *
 * The library reads as far as its parameters let it, whatever the stream holds.
 * So a stream is decoded from a copy that is as long as any stream of these
 * parameters can be, and what was read is compared with what was there.
 */
#include "codec.h"
#include "worker.h"

#if ZP_HAVE_ZFP
#include <string.h>

#include "proto_zfp.h"

enum mode { REVERSIBLE = 0, EXPERT = 1, FIXED_RATE = 2, FIXED_PRECISION = 3, FIXED_ACCURACY = 4 };

/* As step->aux has it; step->variant is the type of the library. */
typedef struct settings {
    int32_t mode; /* enum mode */
    int32_t header;
    int32_t ndim;
    int32_t minexp;
    uint32_t minbits;
    uint32_t maxbits;
    uint32_t maxprec;
    uint32_t padding;
    double parameter;  /* rate or tolerance */
    uint64_t shape[4]; /* the axis that varies fastest first */
} settings;

typedef struct job {
    settings set;
    bitstream *bits;
    zfp_stream *stream;
    zfp_field *field;
    size_t nbytes; /* of the numbers */
} job;

static void
end(job *j)
{
    if (j->field)
        zfp_field_free(j->field);
    if (j->stream)
        zfp_stream_close(j->stream);
    if (j->bits)
        stream_close(j->bits);
}

static zfp_field *
make_field(const settings *s, int type, void *data)
{
    size_t nx = (size_t)s->shape[0], ny = (size_t)s->shape[1];
    size_t nz = (size_t)s->shape[2], nw = (size_t)s->shape[3];

    switch (s->ndim) {
    case 1:
        return zfp_field_1d(data, type, nx);
    case 2:
        return zfp_field_2d(data, type, nx, ny);
    case 3:
        return zfp_field_3d(data, type, nx, ny, nz);
    default:
        return zfp_field_4d(data, type, nx, ny, nz, nw);
    }
}

static int
set_mode(const settings *s, int type, zfp_stream *stream)
{
    switch (s->mode) {
    case REVERSIBLE:
        zfp_stream_set_reversible(stream);
        return 1;
    case EXPERT:
        return zfp_stream_set_params(stream, s->minbits, s->maxbits, s->maxprec, s->minexp);
    case FIXED_RATE:
        return zfp_stream_set_rate(stream, s->parameter, type, (unsigned)s->ndim, 0) > 0;
    case FIXED_PRECISION:
        zfp_stream_set_precision(stream, s->maxprec);
        return 1;
    case FIXED_ACCURACY:
        zfp_stream_set_accuracy(stream, s->parameter);
        return 1;
    default:
        return 0;
    }
}

/* Bytes of the numbers, or 0 for a shape or type that cannot be. */
static size_t
field_nbytes(const settings *s, int type)
{
    size_t nbytes = type == ZFP_INT32 || type == ZFP_FLOAT ? 4 : 8;

    if (type < ZFP_INT32 || type > ZFP_DOUBLE || s->ndim < 1 || s->ndim > 4)
        return 0;
    for (int i = 0; i < s->ndim; i++) {
        if (s->shape[i] == 0 || nbytes > (size_t)(INT64_MAX / 1024) / s->shape[i])
            return 0;
        nbytes *= (size_t)s->shape[i];
    }
    return nbytes;
}

/* Everything but the stream of bits; a negative zp_status when it cannot be. */
static int64_t
begin(const zp_step *step, zp_worker *worker, void *data, job *j)
{
    *j = (job){0};
    if (!step->aux)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "no settings");
    memcpy(&j->set, step->aux, sizeof j->set);
    j->nbytes = field_nbytes(&j->set, step->variant);
    if (j->nbytes == 0)
        return zp_fail(worker, ZP_ERR_ARGUMENT, "a shape or type that zfp does not have");
    j->stream = zfp_stream_open(NULL);
    j->field = make_field(&j->set, step->variant, data);
    if (!j->stream || !j->field)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    if (!set_mode(&j->set, step->variant, j->stream))
        return zp_fail(worker, ZP_ERR_ARGUMENT, "parameters that zfp does not take");
    return ZP_OK;
}

/* Let the job's stream read or write these bytes. */
static int
attach(job *j, const zp_step *step, void *buffer, size_t nbytes)
{
    zfp_stream_close(j->stream);
    j->bits = stream_open(buffer, nbytes);
    j->stream = j->bits ? zfp_stream_open(j->bits) : NULL;
    return j->stream && set_mode(&j->set, step->variant, j->stream);
}

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    job j;
    int64_t n = begin(step, NULL, NULL, &j);

    if (n == ZP_OK)
        n = j.nbytes == decoded_nbytes ? (int64_t)zfp_stream_maximum_size(j.stream, j.field)
                                       : ZP_ERR_ENCODE;
    end(&j);
    return n;
}

static int64_t
compress(const zp_step *step, zp_worker *worker, job *j, size_t src_nbytes, void *dst,
         size_t dst_nbytes)
{
    if (src_nbytes != j->nbytes)
        return zp_fail(worker, ZP_ERR_ENCODE, "the chunk has another shape");
    if (zfp_stream_maximum_size(j->stream, j->field) > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, "no room for the worst case");
    if (!attach(j, step, dst, dst_nbytes))
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    if (j->set.header && zfp_write_header(j->stream, j->field, ZFP_WHOLE_HEADER) == 0)
        return zp_fail(worker, ZP_ERR_ENCODE, "the shape does not fit the header");
    size_t n = zfp_compress(j->stream, j->field);
    return n ? (int64_t)n : zp_fail(worker, ZP_ERR_ENCODE, "zfp cannot compress this");
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    job j;
    int64_t n = begin(step, worker, (void *)(uintptr_t)src, &j); /* zfp only reads it */

    if (n == ZP_OK)
        n = compress(step, worker, &j, src_nbytes, dst, dst_nbytes);
    end(&j);
    return n;
}

/* Read a header and compare it with the field that is wanted; it also sets the mode. */
static int64_t
check_header(const zp_step *step, zp_worker *worker, job *j)
{
    size_t shape[4] = {0}, wanted[4] = {0};
    zfp_field *found = zfp_field_alloc();

    if (!found)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    int same = zfp_read_header(j->stream, found, ZFP_WHOLE_HEADER) != 0;
    if (same) {
        zfp_field_size(found, shape);
        zfp_field_size(j->field, wanted);
        same = zfp_field_type(found) == step->variant &&
               zfp_field_dimensionality(found) == (unsigned)j->set.ndim &&
               memcmp(shape, wanted, sizeof(size_t) * (size_t)j->set.ndim) == 0;
    }
    zfp_field_free(found);
    return same ? ZP_OK : zp_fail(worker, ZP_ERR_CORRUPT, "the header is not that of this chunk");
}

/* The most bytes of a stream with a header, whatever mode that tells. */
static size_t
largest_stream(const zp_step *step, const job *j)
{
    if (!j->set.header)
        return zfp_stream_maximum_size(j->stream, j->field);
    zfp_stream_set_params(j->stream, 1, 16658, 64, -1075);
    size_t any = zfp_stream_maximum_size(j->stream, j->field);
    zfp_stream_set_reversible(j->stream);
    size_t exact = zfp_stream_maximum_size(j->stream, j->field);
    set_mode(&j->set, step->variant, j->stream);
    return any > exact ? any : exact;
}

static int64_t
decompress(const zp_step *step, zp_worker *worker, job *j, const void *src, size_t src_nbytes,
           size_t dst_nbytes)
{
    if (j->nbytes > dst_nbytes)
        return zp_fail(worker, ZP_ERR_SIZE, NULL);
    size_t most = largest_stream(step, j);
    if (src_nbytes > most || src_nbytes == 0)
        return zp_fail(worker, ZP_ERR_CORRUPT, "no stream of this shape has so many bytes");
    uint8_t *copy = zp_worker_scratch(worker, ZP_SLOT_BLOCK, most + 16);
    if (!copy)
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    memcpy(copy, src, src_nbytes);
    memset(copy + src_nbytes, 0, most + 16 - src_nbytes);
    if (!attach(j, step, copy, most + 16))
        return zp_fail(worker, ZP_ERR_MEMORY, NULL);
    if (j->set.header && check_header(step, worker, j) < 0)
        return ZP_ERR_CORRUPT;
    if (j->set.header && zfp_stream_maximum_size(j->stream, j->field) > most)
        return zp_fail(worker, ZP_ERR_CORRUPT, "the header has parameters that zfp does not write");
    size_t used = zfp_decompress(j->stream, j->field);
    if (used == 0)
        return zp_fail(worker, ZP_ERR_CORRUPT, NULL);
    if (used != src_nbytes)
        return zp_fail(worker, ZP_ERR_CORRUPT,
                       used > src_nbytes ? "the stream is truncated" : "bytes after the stream");
    return (int64_t)j->nbytes;
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    job j;
    int64_t n = begin(step, worker, dst, &j);

    if (n == ZP_OK)
        n = decompress(step, worker, &j, src, src_nbytes, dst_nbytes);
    end(&j);
    return n;
}

const zp_codec zp_codec_zfp = {
    .name = "zfp",
    .encode = encode,
    .decode = decode,
    .bound = bound,
};
#else
typedef int zp_nothing_here; /* ISO C wants a declaration in every file */
#endif
