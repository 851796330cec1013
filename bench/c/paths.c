/*
 * paths.c - the hot paths of the engine, for counting their instructions
 *
 *     paths                  prints the names
 *     paths NAME TIMES       goes one path so many times
 *
 * What costs time here is the engine, not a library: chunks of a three
 * dimensional array in memory, by one thread.  tools/instructions.py counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "zarrpy.h"

#define NDIM 3
#define LENGTH 64 /* of each axis of the array */
#define CHUNK 16  /* and of a chunk */
#define NCHUNKS ((LENGTH / CHUNK) * (LENGTH / CHUNK) * (LENGTH / CHUNK))
#define CHUNK_NBYTES (CHUNK * CHUNK * CHUNK * sizeof(float))

/* One way of selecting, of elements that are stored one way. */
typedef struct path {
    const char *name;
    enum zp_batch_kind kind;
    int64_t start, count, step; /* of every axis */
    const char *codec;          /* or NULL */
    zp_step options;
    int32_t swap;
} path;

#define WHOLE 0, LENGTH, 1
#define BLOSC {.compressor = ZP_LZ4, .level = 1, .shuffle = 1, .itemsize = 4, .split = 1}

static const path paths[] = {
    {"read whole chunks", ZP_READ, WHOLE, NULL, {0}, 0},
    {"read whole chunks, other byte order", ZP_READ, WHOLE, NULL, {0}, 4},
    {"read a window", ZP_READ, 5, 40, 1, NULL, {0}, 0},
    {"read every third element", ZP_READ, 1, 20, 3, NULL, {0}, 0},
    {"read one element", ZP_READ, 21, 1, 1, NULL, {0}, 0},
    {"read one element, blosc", ZP_READ, 21, 1, 1, "blosc", BLOSC, 0},
    {"read whole chunks, blosc", ZP_READ, WHOLE, "blosc", BLOSC, 0},
    {"read whole chunks, shuffle", ZP_READ, WHOLE, "shuffle", {.itemsize = 4}, 0},
    {"read whole chunks, crc32c", ZP_READ, WHOLE, "crc32c", {0}, 0},
    {"write whole chunks", ZP_WRITE, WHOLE, NULL, {0}, 0},
    {"write whole chunks, blosc", ZP_WRITE, WHOLE, "blosc", BLOSC, 0},
    {"write a window", ZP_WRITE, 5, 40, 1, NULL, {0}, 0},
};
#define NPATHS (sizeof paths / sizeof paths[0])

typedef struct state {
    const path *path;
    zp_step step;
    float *array;
    zp_bytes stored[NCHUNKS];
    zp_worker *worker;
} state;

/* Run a batch of all axes alike; what it encodes goes to `encoded`. */
static void
run_batch(state *s, enum zp_batch_kind kind, int64_t start, int64_t count, int64_t step,
          zp_bytes *encoded)
{
    static const float fill = -1;
    zp_stretch stretches[NDIM];
    zp_axis axes[NDIM];
    int64_t strides[NDIM] = {count * count * 4, count * 4, 4};
    zp_bytes given[NCHUNKS];
    for (int i = 0; i < NDIM; i++)
        axes[i] = zp_axis_regular(&stretches[i], CHUNK, LENGTH, start, count, step);
    zp_batch batch = {
        .kind = kind,
        .ndim = NDIM,
        .axes = axes,
        .last = zp_ntasks(NDIM, axes),
        .chain = {.steps = &s->step,
                  .nsteps = s->path->codec != NULL,
                  .ndim = NDIM,
                  .itemsize = 4,
                  .swap = s->path->swap,
                  .order = {0, 1, 2}},
        .block = (char *)s->array,
        .strides = strides,
        .fill = &fill,
        .stored_fill = &fill,
        .keys = {"c/", "c", '/', NULL},
        .stored = given,
        .encoded = encoded,
    };
    for (int64_t i = 0; i < batch.last; i++) /* the chunks are alike */
        given[i] = s->stored[i];
    zp_batch_run(&batch, s->worker);
    must(!batch.failed, batch.error.detail ? batch.error.detail : "a batch");
}

static void
go(state *s)
{
    const path *p = s->path;
    zp_bytes encoded[NCHUNKS] = {{NULL, 0}};
    run_batch(s, p->kind, p->start, p->count, p->step, encoded);
    for (int i = 0; i < NCHUNKS; i++)
        zp_free((void *)encoded[i].data);
}

static state *
prepare(const path *p)
{
    state *s = calloc(1, sizeof *s);
    must(s != NULL, "memory");
    s->path = p;
    s->step = p->options;
    s->array = malloc(NCHUNKS * CHUNK_NBYTES);
    s->worker = zp_worker_new();
    must(s->array && s->worker, "memory");
    if (p->codec) {
        s->step.codec = zp_codec_find(p->codec);
        must(s->step.codec != NULL, p->codec);
    }
    make_field(s->array, (size_t)LENGTH * LENGTH * LENGTH);
    run_batch(s, ZP_WRITE, WHOLE, s->stored);
    return s;
}

int
main(int argc, char **argv)
{
    int counting = argc == 3 && argv[1][0] != '-'; /* options are for programs that measure time */
    for (size_t i = 0; i < NPATHS; i++) {
        if (!counting) {
            printf("%s\n", paths[i].name);
        } else if (strcmp(argv[1], paths[i].name) == 0) {
            state *s = prepare(&paths[i]);
            for (int times = atoi(argv[2]); times > 0; times--)
                go(s);
            return 0;
        }
    }
    must(!counting, "a path of that name");
    return 0;
}
