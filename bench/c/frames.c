/*
 * frames.c - what a read of cubes of Zstandard costs: decoding them, and putting them in place
 *
 * A cube of 64x64x64 float32 goes into a result that is larger than the cache. Either its frame is
 * decoded whole and then copied, as the engine does; or block by block, each copied while it is in
 * the nearest cache.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "proto_zstd.h"
#include "zarrpy.h"

#define SIDE 64
#define NITEMS ((size_t)SIDE * SIDE * SIDE)
#define NBYTES (NITEMS * sizeof(float))
#define CUBES 4 /* along each of the last two axes of the result */
#define NCUBES (CUBES * CUBES * 2)

/* Of the library, for frames whose blocks are taken one after the other. */
size_t ZSTD_decompressBegin(ZSTD_DCtx *context);
size_t ZSTD_nextSrcSizeToDecompress(ZSTD_DCtx *context);
size_t ZSTD_decompressContinue(ZSTD_DCtx *context, void *dst, size_t dst_nbytes, const void *src,
                               size_t src_nbytes);

typedef struct cubes {
    ZSTD_DCtx *context;
    char *frames[NCUBES];
    size_t nbytes[NCUBES];
    char *decoded;
    char *result;
    void (*put)(const struct cubes *all, int number, const zp_window *window);
} cubes;

static zp_window
window_of(const cubes *all, int number)
{
    const int64_t row = CUBES * SIDE * sizeof(float), plane = row * CUBES * SIDE;
    const int64_t across = number % CUBES, down = number / CUBES % CUBES;
    const int64_t deep = number / CUBES / CUBES;
    char *dst = all->result + deep * SIDE * plane + down * SIDE * row;

    return (zp_window){
        .ndim = 3,
        .itemsize = sizeof(float),
        .dst = dst + across * SIDE * (int64_t)sizeof(float),
        .extent = {SIDE, SIDE, SIDE},
        .count = {SIDE, SIDE, SIDE},
        .strides = {plane, row, sizeof(float)},
        .stream = 1,
    };
}

static void
decode(const cubes *all, int number, const zp_window *window)
{
    (void)window;
    must(ZSTD_decompressDCtx(all->context, all->decoded, NBYTES, all->frames[number],
                             all->nbytes[number]) == NBYTES,
         "a frame");
}

static void
decode_and_copy(const cubes *all, int number, const zp_window *window)
{
    decode(all, number, window);
    zp_scatter(window, 0, all->decoded, NBYTES);
}

static void
copy_each_block(const cubes *all, int number, const zp_window *window)
{
    const char *src = all->frames[number];
    size_t done = 0, next;

    must(!ZSTD_isError(ZSTD_decompressBegin(all->context)), "a context");
    while ((next = ZSTD_nextSrcSizeToDecompress(all->context)) > 0) {
        size_t n = ZSTD_decompressContinue(all->context, all->decoded + done, NBYTES - done, src,
                                           next);
        must(!ZSTD_isError(n), "a block");
        zp_scatter(window, done, all->decoded + done, n);
        src += next;
        done += n;
    }
    must(done == NBYTES, "a whole frame");
}

static void
put_all(void *context)
{
    const cubes *all = context;

    for (int i = 0; i < NCUBES; i++) {
        zp_window window = window_of(all, i);
        all->put(all, i, &window);
    }
}

static void
make_frames(cubes *all, float *values)
{
    size_t bound = ZSTD_compressBound(NBYTES);
    ZSTD_CCtx *context = ZSTD_createCCtx();

    must(context != NULL, "memory");
    make_field(values, NCUBES * NITEMS);
    for (size_t i = 0; i < NCUBES * NITEMS; i++)
        values[i] = roundf(values[i] * 256) / 256;
    for (int i = 0; i < NCUBES; i++) {
        all->frames[i] = malloc(bound);
        must(all->frames[i] != NULL, "memory");
        all->nbytes[i] = ZSTD_compressCCtx(context, all->frames[i], bound, values + i * NITEMS,
                                           NBYTES, 3);
        must(!ZSTD_isError(all->nbytes[i]), "a frame");
    }
    ZSTD_freeCCtx(context);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*put)(const cubes *all, int number, const zp_window *window);
    } ways[] = {
        {"decoded", decode},
        {"whole, then copied", decode_and_copy},
        {"copied block by block", copy_each_block},
    };
    cubes all = {.context = ZSTD_createDCtx()};

    read_options(argc, argv);
    all.decoded = malloc(NBYTES);
    all.result = malloc(NCUBES * NBYTES);
    must(all.context && all.decoded && all.result, "memory");
    make_frames(&all, (float *)(void *)all.result);
    table_begin("cubes of 1 MiB, Zstandard 3", "way us");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        all.put = ways[i].put;
        table_text(ways[i].name);
        table_number(fastest(put_all, &all) * 1e6 / NCUBES, 0);
        table_row_end();
    }
    report_end();
    for (int i = 0; i < NCUBES; i++)
        free(all.frames[i]);
    free(all.decoded);
    free(all.result);
    ZSTD_freeDCtx(all.context);
    return 0;
}
