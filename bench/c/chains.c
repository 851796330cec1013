/*
 * chains.c - the engine beside the bare codecs
 *
 * Raw: the codec in a loop over chunks, as fast as its library goes.  Engine:
 * the same chunks as one batch, gathered from and scattered to one array, by
 * one worker and by two.  What the engine costs is the difference.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "zarrpy.h"

#define MAX_WORKERS 8
#define MAX_STEPS 3
#define TOTAL_NBYTES ((size_t)16 << 20)

typedef struct recipe {
    const char *name;
    const char *codecs[MAX_STEPS];
    zp_step steps[MAX_STEPS];
} recipe;

#define BLOSC(c, l, f, s) .compressor = c, .level = l, .shuffle = f, .itemsize = 4, .split = s

static const recipe recipes[] = {
    {"bytes", {NULL}, {{0}}},
    {"crc32c", {"crc32c"}, {{0}}},
    {"shuffle", {"shuffle"}, {{.itemsize = 4}}},
    {"base64", {"base64"}, {{0}}},
    {"astype float64", {"astype"}, {{.variant = ZP_FLOAT32 | ZP_FLOAT64 << 8}}},
    {"zstd 1", {"zstd"}, {{.level = 1}}},
    {"zstd 3", {"zstd"}, {{.level = 3}}},
    {"zstd 3, checksum", {"zstd"}, {{.level = 3, .checksum = 1}}},
    {"shuffle, zstd 3, crc32c",
     {"shuffle", "zstd", "crc32c"},
     {{.itemsize = 4}, {.level = 3}, {0}}},
    {"lz4", {"lz4"}, {{.level = 1}}},
    {"snappy", {"snappy"}, {{0}}},
    {"gzip 1", {"gzip"}, {{.level = 1}}},
    {"gzip 6", {"gzip"}, {{.level = 6}}},
    {"gzip 9", {"gzip"}, {{.level = 9}}},
    {"zlib 6", {"zlib"}, {{.level = 6}}},
    {"blosc lz4 5 shuffle", {"blosc"}, {{BLOSC(ZP_LZ4, 5, 1, 1)}}},
    {"blosc lz4 5 bitshuffle", {"blosc"}, {{BLOSC(ZP_LZ4, 5, 2, 1)}}},
    {"blosc blosclz 5 shuffle", {"blosc"}, {{BLOSC(ZP_BLOSCLZ, 5, 1, 1)}}},
    {"blosc zlib 5 shuffle", {"blosc"}, {{BLOSC(ZP_ZLIB, 5, 1, 1)}}},
    {"blosc zstd 1 whole", {"blosc"}, {{BLOSC(ZP_ZSTD, 1, 1, 0)}}},
    {"blosc zstd 1 split", {"blosc"}, {{BLOSC(ZP_ZSTD, 1, 1, 1)}}},
    {"blosc zstd 3 whole", {"blosc"}, {{BLOSC(ZP_ZSTD, 3, 1, 0)}}},
    {"blosc zstd 3 split", {"blosc"}, {{BLOSC(ZP_ZSTD, 3, 1, 1)}}},
    {"blosc zstd 5 whole", {"blosc"}, {{BLOSC(ZP_ZSTD, 5, 1, 0)}}},
    {"blosc zstd 5 split", {"blosc"}, {{BLOSC(ZP_ZSTD, 5, 1, 1)}}},
};

typedef struct bench {
    recipe recipe;
    int nsteps;
    size_t chunk_nbytes;
    int64_t nchunks;
    int nworkers;
    int encoding;
    char *array;       /* what the engine encodes, or decodes into */
    zp_bytes *encoded; /* made by the engine, read by both */
    uint8_t *outcome;
    zp_worker *workers[MAX_WORKERS];
    uint8_t *buffers[2]; /* of the raw loop */
    zp_batch batch;
} bench;

/* ------------------------------------------------------------- raw codecs -- */

static size_t
bound_of(const bench *b, size_t nbytes)
{
    for (int i = 0; i < b->nsteps; i++) {
        const zp_step *step = &b->recipe.steps[i];
        nbytes = (size_t)step->codec->bound(step, nbytes);
    }
    return nbytes;
}

static void
raw_encode(bench *b, const char *chunk)
{
    const void *src = chunk;
    size_t nbytes = b->chunk_nbytes;

    for (int i = 0; i < b->nsteps; i++) {
        const zp_step *step = &b->recipe.steps[i];
        size_t room = (size_t)step->codec->bound(step, nbytes);
        int64_t n = step->codec->encode(step, b->workers[0], src, nbytes, b->buffers[i % 2], room);
        must(n >= 0, "encode");
        src = b->buffers[i % 2];
        nbytes = (size_t)n;
    }
    if (b->nsteps == 0)
        memcpy(b->buffers[0], src, nbytes);
}

static void
raw_decode(bench *b, const zp_bytes *stored)
{
    const void *src = stored->data;
    size_t nbytes = (size_t)stored->nbytes, room = bound_of(b, b->chunk_nbytes);

    for (int i = b->nsteps - 1; i >= 0; i--) {
        const zp_step *step = &b->recipe.steps[i];
        int64_t n = step->codec->decode(step, b->workers[0], src, nbytes, b->buffers[i % 2], room);
        must(n >= 0, "decode");
        src = b->buffers[i % 2];
        nbytes = (size_t)n;
    }
    if (b->nsteps == 0)
        memcpy(b->buffers[0], src, nbytes);
}

static void
run_raw(void *context)
{
    bench *b = context;

    for (int64_t i = 0; i < b->nchunks; i++) {
        if (b->encoding)
            raw_encode(b, b->array + (size_t)i * b->chunk_nbytes);
        else
            raw_decode(b, &b->encoded[i]);
    }
}

/* ----------------------------------------------------------------- engine -- */

typedef struct thread {
    bench *bench;
    int number;
} thread;

static void *
work(void *context)
{
    thread *t = context;

    zp_batch_run(&t->bench->batch, t->bench->workers[t->number]);
    return NULL;
}

static void
free_encoded(bench *b)
{
    for (int64_t i = 0; i < b->nchunks; i++) {
        zp_free((void *)b->encoded[i].data);
        b->encoded[i] = (zp_bytes){NULL, 0};
    }
}

static void
run_engine(void *context)
{
    static const float fill = -1;
    static const int64_t stride = 4;
    bench *b = context;
    int64_t n = (int64_t)b->chunk_nbytes / stride;
    zp_stretch stretch;
    zp_axis axis = zp_axis_regular(&stretch, n, n * b->nchunks, 0, n * b->nchunks, 1);
    pthread_t threads[MAX_WORKERS];
    thread each[MAX_WORKERS];

    if (b->encoding)
        free_encoded(b);
    memset(b->outcome, 0, (size_t)b->nchunks);
    b->batch = (zp_batch){
        .kind = b->encoding ? ZP_WRITE : ZP_READ,
        .ndim = 1,
        .axes = &axis,
        .last = b->nchunks,
        .chain = {.steps = b->recipe.steps, .nsteps = b->nsteps, .ndim = 1, .itemsize = 4},
        .block = b->array,
        .strides = &stride,
        .fill = &fill,
        .stored_fill = &fill,
        .keep_empty = 1,
        .keys = {"c/", "c", '/', NULL},
        .stored = b->encoding ? NULL : b->encoded,
        .encoded = b->encoded,
        .outcome = b->outcome,
    };
    for (int i = 1; i < b->nworkers; i++) {
        each[i] = (thread){b, i};
        must(pthread_create(&threads[i], NULL, work, &each[i]) == 0, "a thread");
    }
    zp_batch_run(&b->batch, b->workers[0]);
    for (int i = 1; i < b->nworkers; i++)
        pthread_join(threads[i], NULL);
    must(!b->batch.failed, b->batch.error.detail ? b->batch.error.detail : "a batch");
}

/* ------------------------------------------------------------------ tables -- */

static double
speed(bench *b, work_fn run)
{
    return (double)b->nchunks * (double)b->chunk_nbytes / fastest(run, b) / 1e9;
}

static void
row(bench *b)
{
    double ratio = 0, speeds[6];
    static char *before;

    before = before ? before : malloc(TOTAL_NBYTES);
    memcpy(before, b->array, TOTAL_NBYTES);
    b->encoding = 1;
    speeds[0] = speed(b, run_raw);
    for (b->nworkers = 1; b->nworkers <= 2; b->nworkers++)
        speeds[b->nworkers] = speed(b, run_engine);
    for (int64_t i = 0; i < b->nchunks; i++)
        ratio += (double)b->encoded[i].nbytes;
    ratio = (double)b->nchunks * (double)b->chunk_nbytes / ratio;

    b->encoding = 0;
    speeds[3] = speed(b, run_raw);
    memset(b->array, 0, (size_t)b->nchunks * b->chunk_nbytes);
    for (b->nworkers = 1; b->nworkers <= 2; b->nworkers++)
        speeds[3 + b->nworkers] = speed(b, run_engine);
    must(memcmp(before, b->array, TOTAL_NBYTES) == 0, "what came back differs");
    free_encoded(b);

    table_text(b->recipe.name);
    table_number(ratio, 2);
    for (int i = 0; i < 6; i++)
        table_number(speeds[i], 3);
    table_number((double)b->chunk_nbytes / speeds[1] / 1e3, 1);
    table_number((double)b->chunk_nbytes / speeds[4] / 1e3, 1);
    table_row_end();
}

static void
run_recipe(const recipe *r, size_t chunk_nbytes, char *array, zp_worker **workers)
{
    bench b = {.recipe = *r, .chunk_nbytes = chunk_nbytes, .array = array};

    for (int i = 0; i < MAX_STEPS && r->codecs[i]; i++) {
        b.recipe.steps[i].codec = zp_codec_find(r->codecs[i]);
        if (!b.recipe.steps[i].codec)
            return;
        b.nsteps++;
    }
    b.nchunks = (int64_t)(TOTAL_NBYTES / chunk_nbytes);
    memcpy(b.workers, workers, sizeof b.workers);
    b.encoded = calloc((size_t)b.nchunks, sizeof *b.encoded);
    b.outcome = calloc((size_t)b.nchunks, 1);
    b.buffers[0] = malloc(bound_of(&b, chunk_nbytes));
    b.buffers[1] = malloc(bound_of(&b, chunk_nbytes));
    must(b.encoded && b.outcome && b.buffers[0] && b.buffers[1], "memory");
    row(&b);
    free(b.encoded);
    free(b.outcome);
    free(b.buffers[0]);
    free(b.buffers[1]);
}

int
main(int argc, char **argv)
{
    static const size_t sizes[] = {4 << 10, 64 << 10, 1 << 20};
    char *array = malloc(TOTAL_NBYTES);
    zp_worker *workers[MAX_WORKERS];

    read_options(argc, argv);
    must(array != NULL, "memory");
    for (int i = 0; i < MAX_WORKERS; i++)
        must((workers[i] = zp_worker_new()) != NULL, "a worker");
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        char title[100];
        snprintf(title, sizeof title, "chunks of %zu KiB, GB/s of decoded bytes", sizes[s] >> 10);
        table_begin(title, "codecs ratio enc-raw enc-engine enc-2workers dec-raw dec-engine "
                           "dec-2workers enc-us dec-us");
        for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
            make_field((float *)(void *)array, TOTAL_NBYTES / 4);
            run_recipe(&recipes[i], sizes[s], array, workers);
        }
    }
    for (int i = 0; i < MAX_WORKERS; i++)
        zp_worker_free(workers[i]);
    free(array);
    report_end();
    return 0;
}
