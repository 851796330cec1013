/*
 * chains.c - the engine beside the bare codecs
 *
 * Bare: the codec in a loop over chunks, as fast as its library goes.  The
 * other rows: the same chunks as one batch of the engine, gathered from and
 * scattered to one array, by one worker, by two and by one for each processor.
 * What the engine costs is the difference.  Microseconds are those of a chunk
 * beside which the other workers do theirs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure.h"
#include "workers.h"

#define MAX_STEPS 3
#define TOTAL_NBYTES ((size_t)8 << 20)
#define TURN 0.02 /* seconds of one figure: there are many */

typedef struct recipe {
    const char *name;
    const char *codecs[MAX_STEPS];
    zp_step steps[MAX_STEPS];
    double error; /* of a number that comes back; infinite where bits are left out */
} recipe;

#define BLOSC(c, l, f, s) .compressor = c, .level = l, .shuffle = f, .itemsize = 4, .split = s
#define FLOATS_TO(kind) .variant = ZP_FLOAT32 | (kind) << 8

/* More parameters, laid out as the codecs say. */
static const double scaling[7] = {285, 100, 285, 100}, quantum = 128;
static const int32_t booleans[6] = {0, 1, 1, 0, 0, 1};
static struct {
    int32_t reversible, header, ndim, minexp;
    uint32_t bits[4];
    double parameter;
    uint64_t shape[4];
} zfp = {.ndim = 1};
/* Every byte but 0 as a label of its own. */
static struct {
    uint64_t nlabels, nkeys;
    uint8_t texts[255], keys[255];
    uint8_t numbers[255 * sizeof(uint64_t)];
} labels;

static const recipe recipes[] = {
    {"bytes", {NULL}, {{0}}},
    {"crc32c", {"crc32c"}, {{0}}},
    {"crc32", {"crc32"}, {{.at_start = 1}}},
    {"adler32", {"adler32"}, {{.at_start = 1}}},
    {"fletcher32", {"fletcher32"}, {{0}}},
    {"jenkins_lookup3", {"jenkins_lookup3"}, {{0}}},
    {"byteswap", {"byteswap"}, {{.itemsize = 4}}},
    {"delta", {"delta"}, {{.variant = ZP_INT32 | ZP_INT32 << 8}}},
    {"bitround 10", {"bitround"}, {{.level = 10, .itemsize = 4, .variant = 23}}, 0.25},
    {"quantize 2", {"quantize"}, {{FLOATS_TO(ZP_FLOAT32), .aux = &quantum}}, 0.01},
    {"fixedscaleoffset int16",
     {"fixedscaleoffset"},
     {{FLOATS_TO(ZP_INT16), .itemsize = 4, .aux = scaling}},
     0.01},
    {"packbits", {"packbits"}, {{.itemsize = 1, .aux = booleans}}, INFINITY},
    {"categorize", {"categorize"}, {{.itemsize = 1, .variant = ZP_UINT8, .aux = &labels}}},
    {"zfp reversible", {"zfp"}, {{.variant = 3, .aux = &zfp}}},
    {"shuffle", {"shuffle"}, {{.itemsize = 4}}},
    {"base64", {"base64"}, {{0}}},
    {"astype float64", {"astype"}, {{FLOATS_TO(ZP_FLOAT64)}}},
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
    {"blosc lz4hc 5 shuffle", {"blosc"}, {{BLOSC(ZP_LZ4HC, 5, 1, 1)}}},
    {"blosc snappy 5 shuffle", {"blosc"}, {{BLOSC(ZP_SNAPPY, 5, 1, 1)}}},
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

/* Bytes for whatever lies between two steps. */
static size_t
room_of(const bench *b)
{
    size_t nbytes = b->chunk_nbytes, most = nbytes;

    for (int i = 0; i < b->nsteps; i++) {
        const zp_step *step = &b->recipe.steps[i];
        nbytes = (size_t)step->codec->bound(step, nbytes);
        most = nbytes > most ? nbytes : most;
    }
    return most;
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
    size_t nbytes = (size_t)stored->nbytes, room = room_of(b);

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
    run_batch(&b->batch, b->workers, b->nworkers);
}

/* ------------------------------------------------------------------ tables -- */

/* How many workers, in turn; the first is the bare loop. */
static int counts[4] = {0, 1, 2}, ncounts = 3;

/* Seconds of each way, in the direction that is set. */
static void
time_ways(bench *b, double *seconds)
{
    seconds[0] = fastest_within(TURN, run_raw, b);
    for (int i = 1; i < ncounts; i++) {
        b->nworkers = counts[i];
        seconds[i] = fastest_within(TURN, run_engine, b);
    }
}

/* End the program where what came back is not what it was. */
static void
compare(const bench *b, const char *before)
{
    const float *was = (const float *)(const void *)before;
    const float *is = (const float *)(const void *)b->array;
    size_t nbytes = (size_t)b->nchunks * b->chunk_nbytes;

    if (b->recipe.error == 0) {
        must(memcmp(before, b->array, nbytes) == 0, "what came back differs");
        return;
    }
    for (size_t i = 0; isfinite(b->recipe.error) && i < nbytes / sizeof *was; i++)
        must(fabs((double)was[i] - (double)is[i]) <= b->recipe.error, "what came back is far off");
}

static void
rows(bench *b)
{
    double encoding[4], decoding[4], stored = 0;
    size_t nbytes = (size_t)b->nchunks * b->chunk_nbytes;
    char *before = malloc(nbytes);

    must(before != NULL, "memory");
    memcpy(before, b->array, nbytes);
    b->encoding = 1;
    time_ways(b, encoding);
    for (int64_t i = 0; i < b->nchunks; i++)
        stored += (double)b->encoded[i].nbytes;
    b->encoding = 0;
    memset(b->array, 0, nbytes);
    time_ways(b, decoding);
    compare(b, before);
    free_encoded(b);
    free(before);
    for (int i = 0; i < ncounts; i++) {
        char workers[16];
        snprintf(workers, sizeof workers, "%d", counts[i]);
        table_text(b->recipe.name);
        table_text(i ? workers : "bare");
        table_number((double)nbytes / stored, 2);
        table_number((double)nbytes / encoding[i] / 1e9, 3);
        table_number(encoding[i] / (double)b->nchunks * 1e6, 2);
        table_number((double)nbytes / decoding[i] / 1e9, 3);
        table_number(decoding[i] / (double)b->nchunks * 1e6, 2);
        table_row_end();
    }
}

/* Whether all of it is in this build: also the compressor in a container. */
static int
find_codecs(bench *b, const recipe *r)
{
    uint8_t room[64];

    for (int i = 0; i < MAX_STEPS && r->codecs[i]; i++) {
        zp_step *step = &b->recipe.steps[i];
        step->codec = zp_codec_find(r->codecs[i]);
        if (!step->codec || (step->compressor && step->codec->encode(step, NULL, room, 0, room,
                                                                     64) == ZP_ERR_UNSUPPORTED))
            return 0;
        b->nsteps++;
    }
    return 1;
}

static void
run_recipe(const recipe *r, size_t chunk_nbytes, size_t total_nbytes, char *array,
           zp_worker **workers)
{
    bench b = {.recipe = *r, .chunk_nbytes = chunk_nbytes, .array = array};

    if (!find_codecs(&b, r))
        return;
    zfp.shape[0] = chunk_nbytes / sizeof(float);
    b.nchunks = (int64_t)(total_nbytes / chunk_nbytes);
    memcpy(b.workers, workers, sizeof b.workers);
    b.encoded = calloc((size_t)b.nchunks, sizeof *b.encoded);
    b.outcome = calloc((size_t)b.nchunks, 1);
    b.buffers[0] = malloc(room_of(&b));
    b.buffers[1] = malloc(room_of(&b));
    must(b.encoded && b.outcome && b.buffers[0] && b.buffers[1], "memory");
    rows(&b);
    free(b.encoded);
    free(b.outcome);
    free(b.buffers[0]);
    free(b.buffers[1]);
}

static void
make_labels(void)
{
    labels.nlabels = labels.nkeys = 255;
    for (uint64_t i = 0; i < 255; i++) {
        uint64_t number = i + 1;
        labels.texts[i] = labels.keys[i] = (uint8_t)number;
        memcpy(labels.numbers + i * sizeof number, &number, sizeof number);
    }
}

/* One worker for each processor, where these are more than two. */
static void
count_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    if (n > 2)
        counts[ncounts++] = n < MAX_WORKERS ? (int)n : MAX_WORKERS;
}

/* All chains over chunks of one size. */
static void
table(size_t chunk_nbytes, size_t total_nbytes, char *array, zp_worker **workers)
{
    char title[100];

    snprintf(title, sizeof title, "chunks of %zu KiB, GB/s of decoded bytes", chunk_nbytes >> 10);
    table_begin(title, "codecs workers ratio enc-GB/s enc-us dec-GB/s dec-us");
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        make_field((float *)(void *)array, total_nbytes / sizeof(float));
        run_recipe(&recipes[i], chunk_nbytes, total_nbytes, array, workers);
    }
}

int
main(int argc, char **argv)
{
    static const size_t sizes[] = {64 << 10, 4 << 10, 1 << 20};
    char *array = malloc(TOTAL_NBYTES);
    zp_worker *workers[MAX_WORKERS];

    read_options(argc, argv);
    must(array != NULL, "memory");
    make_labels();
    count_processors();
    for (int i = 0; i < MAX_WORKERS; i++)
        must((workers[i] = zp_worker_new()) != NULL, "a worker");
    for (size_t s = 0; s < (quick ? 1 : sizeof sizes / sizeof sizes[0]); s++)
        table(sizes[s], quick ? TOTAL_NBYTES / 8 : TOTAL_NBYTES, array, workers);
    for (int i = 0; i < MAX_WORKERS; i++)
        zp_worker_free(workers[i]);
    free(array);
    report_end();
    return 0;
}
