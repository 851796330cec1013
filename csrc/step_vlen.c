/*
 * step_vlen.c - the codec "vlen-utf8": texts one after the other, each with its size before it
 *
 * Decoding makes a zp_text of each element, which refers to the stream: that has
 * to stay where it is.  There is no encoder: texts are gathered by their owner.
 */
#include <string.h>

#include "codec.h"
#include "texts.h"
#include "vlen.h"
#include "worker.h"

/* Room for sizes and texts of this many bytes; for longer ones it grows. */
#define USUAL_NBYTES 16

static int64_t
bound(const zp_step *step, size_t decoded_nbytes)
{
    int64_t nelems = (int64_t)(decoded_nbytes / sizeof(zp_text));

    (void)step;
    if (nelems > (INT64_MAX - 4) / (4 + USUAL_NBYTES))
        return ZP_ERR_TOO_LARGE;
    return 4 + nelems * (4 + USUAL_NBYTES);
}

static int64_t
encode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    (void)step, (void)src, (void)src_nbytes, (void)dst, (void)dst_nbytes;
    return zp_fail(worker, ZP_ERR_UNSUPPORTED, "texts are encoded by their owner");
}

static int64_t
decode(const zp_step *step, zp_worker *worker, const void *src, size_t src_nbytes, void *dst,
       size_t dst_nbytes)
{
    size_t nelems = dst_nbytes / sizeof(zp_text);
    zp_text *texts = dst;
    int64_t *starts = dst; /* the first part of the same memory */
    int64_t where;

    (void)step;
    int status = zp_vlen_scan(src, src_nbytes, (int64_t)nelems, 1, starts, &where);
    if (status < 0)
        return zp_fail_numbers(worker, status, (int64_t)nelems, where);
    for (size_t i = nelems; i-- > 0;) { /* from the last on, so that no start is lost */
        int64_t start;
        memcpy(&start, (const char *)dst + i * sizeof start, sizeof start);
        const char *bytes = (const char *)src + start;
        zp_text text = {zp_vlen_nbytes(bytes), bytes};
        memcpy(&texts[i], &text, sizeof text);
    }
    return (int64_t)(nelems * sizeof(zp_text));
}

const zp_codec zp_codec_vlen_utf8 = {
    .name = "vlen-utf8",
    .encode = encode,
    .decode = decode,
    .bound = bound,
    .flags = ZP_ANY_LENGTH,
};
