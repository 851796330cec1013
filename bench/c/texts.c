/*
 * texts.c - chunks of texts of any length, read for an owner
 *
 * Bare: what is stored is checked and taken apart.  The other rows: the same
 * chunks as one batch of the engine, by one worker and by two, for an owner who
 * copies each text behind the one before, as NumPy does.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "texts.h"
#include "workers.h"

#define NWORKERS 2
#define TEXT_NBYTES 24
#define NELEMS ((size_t)250000)

/* One who has memory for all texts, for one worker at a time. */
typedef struct owner {
    pthread_mutex_t lock;
    char *memory;
    size_t used;
} owner;

typedef struct bench {
    zp_step step;
    size_t chunk_nelems;
    int64_t nchunks;
    int nworkers; /* 0: bare */
    char *stream; /* of each chunk, as all are the same */
    size_t stream_nbytes;
    zp_text *decoded; /* of the bare loop */
    zp_text *block;
    zp_bytes *stored;
    owner owner;
    zp_worker *workers[NWORKERS];
    zp_batch batch;
} bench;

static void *
open_texts(void *whose)
{
    owner *o = whose;
    pthread_mutex_lock(&o->lock);
    return o;
}

static int
put(void *opened, char *place, const zp_text *text)
{
    owner *o = opened;
    zp_text *made = (zp_text *)place;
    made->nbytes = text->nbytes;
    made->bytes = memcpy(o->memory + o->used, text->bytes, text->nbytes);
    o->used += text->nbytes;
    return ZP_OK;
}

static void
close_texts(void *opened)
{
    pthread_mutex_unlock(&((owner *)opened)->lock);
}

static void
run_bare(bench *b)
{
    size_t room = b->chunk_nelems * sizeof *b->decoded;
    for (int64_t i = 0; i < b->nchunks; i++)
        must(b->step.codec->decode(&b->step, b->workers[0], b->stream, b->stream_nbytes, b->decoded,
                                   room) == (int64_t)room,
             "decode");
}

static void
run(void *context)
{
    static const int64_t stride = sizeof(zp_text);
    static const zp_text fill = {0, ""};
    bench *b = context;
    zp_texts texts = {&b->owner, open_texts, put, close_texts};
    int64_t n = (int64_t)b->chunk_nelems;
    zp_stretch stretch;
    zp_axis axis = zp_axis_regular(&stretch, n, n * b->nchunks, 0, n * b->nchunks, 1);

    if (b->nworkers == 0) {
        run_bare(b);
        return;
    }
    b->owner.used = 0;
    b->batch = (zp_batch){
        .kind = ZP_READ,
        .ndim = 1,
        .axes = &axis,
        .last = b->nchunks,
        .chain = {.steps = &b->step, .nsteps = 1, .ndim = 1, .itemsize = sizeof(zp_text)},
        .block = (char *)b->block,
        .strides = &stride,
        .fill = &fill,
        .stored_fill = &fill,
        .stored = b->stored,
        .texts = &texts,
    };
    b->batch.chain.limit = (int64_t)b->stream_nbytes;
    run_batch(&b->batch, b->workers, b->nworkers);
    must(b->owner.used == NELEMS * TEXT_NBYTES, "each text once");
}

static void
put_number(char *at, size_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(number >> (8 * i) & 0xff);
}

/* One stream, which each chunk has. */
static void
make_stream(bench *b)
{
    char *at = b->stream;
    put_number(at, b->chunk_nelems);
    at += 4;
    for (size_t i = 0; i < b->chunk_nelems; i++) {
        put_number(at, TEXT_NBYTES);
        memset(at + 4, 'a' + (int)(i % 26), TEXT_NBYTES);
        at += 4 + TEXT_NBYTES;
    }
    b->stream_nbytes = (size_t)(at - b->stream);
    for (int64_t i = 0; i < b->nchunks; i++)
        b->stored[i] = (zp_bytes){b->stream, (int64_t)b->stream_nbytes};
}

int
main(int argc, char **argv)
{
    static const size_t sizes[] = {1000, 62500};
    bench b = {.step = {.codec = zp_codec_find("vlen-utf8"), .itemsize = sizeof(zp_text)}};

    read_options(argc, argv);
    b.stream = malloc(NELEMS * (4 + TEXT_NBYTES));
    b.decoded = malloc(NELEMS * sizeof *b.decoded);
    b.block = malloc(NELEMS * sizeof *b.block);
    b.stored = malloc(NELEMS * sizeof *b.stored);
    b.owner.memory = malloc(NELEMS * TEXT_NBYTES);
    must(b.stream && b.decoded && b.block && b.stored && b.owner.memory, "memory");
    pthread_mutex_init(&b.owner.lock, NULL);
    for (int i = 0; i < NWORKERS; i++)
        must((b.workers[i] = zp_worker_new()) != NULL, "a worker");
    table_begin("vlen-utf8, texts of 24 bytes, GB/s of text", "texts workers dec-GB/s dec-us");
    for (size_t s = 0; s < 2; s++) {
        b.chunk_nelems = sizes[s];
        b.nchunks = (int64_t)(NELEMS / sizes[s]);
        make_stream(&b);
        for (b.nworkers = 0; b.nworkers <= NWORKERS; b.nworkers++) {
            char words[2][24];
            double seconds = fastest(run, &b);
            snprintf(words[0], sizeof words[0], "%zu", sizes[s]);
            snprintf(words[1], sizeof words[1], "%d", b.nworkers);
            table_text(words[0]);
            table_text(b.nworkers ? words[1] : "bare");
            table_number((double)(b.nchunks * (int64_t)sizes[s] * TEXT_NBYTES) / seconds / 1e9, 3);
            table_number(seconds / (double)b.nchunks * 1e6, 2);
            table_row_end();
        }
    }
    report_end();
    for (int i = 0; i < NWORKERS; i++)
        zp_worker_free(b.workers[i]);
    free(b.stream);
    free(b.decoded);
    free(b.block);
    free(b.stored);
    free(b.owner.memory);
    return 0;
}
