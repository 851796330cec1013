/*
 * test_texts.c - chunks of texts, read for an owner
 *
 * The owner here keeps a copy of each text at its place.  Streams are whole, cut
 * off anywhere, and damaged; they end at a wall, so that reading on is seen.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "texts.h"

#define NROWS 5
#define NCOLUMNS 7
#define CHUNK 3
#define NTASKS 6
#define NELEMS (CHUNK * CHUNK)
#define MAX_STREAM 4096
#define ROUNDS 20000

typedef struct owner {
    int nopen;
    int64_t nput;
    int64_t failing; /* the put that fails; -1: none */
} owner;

/* A place of the block: its text, which is as long as is told. */
typedef struct cell {
    size_t nbytes;
    char *bytes;
} cell;

static cell block[NROWS][NCOLUMNS];
static const int64_t strides[2] = {sizeof block[0], sizeof block[0][0]};
static const zp_text fill = {4, "fill"};

static void *
open_cells(void *whose)
{
    ((owner *)whose)->nopen++;
    return whose;
}

static int
put(void *opened, char *place, const zp_text *text)
{
    owner *o = opened;
    cell *c = (cell *)place;
    if (o->nput++ == o->failing)
        return ZP_ERR_MEMORY;
    free(c->bytes);
    c->nbytes = text->nbytes;
    c->bytes = malloc(text->nbytes + 1);
    if (!c->bytes)
        abort();
    memcpy(c->bytes, text->bytes, text->nbytes);
    return ZP_OK;
}

static void
close_cells(void *opened)
{
    ((owner *)opened)->nopen--;
}

/* Lengths differ, so that no element may be taken for another. */
static size_t
text_of(int64_t task, int64_t element, char *text)
{
    size_t nbytes = (size_t)(element * 5 % 23);
    for (size_t i = 0; i < nbytes; i++)
        text[i] = (char)('a' + (task * NELEMS + element + (int64_t)i) % 26);
    return nbytes;
}

static void
put_number(char *at, size_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(number >> (8 * i) & 0xff);
}

static size_t
make_stream(int64_t task, char *stream)
{
    size_t nbytes = 4;
    put_number(stream, NELEMS);
    for (int64_t i = 0; i < NELEMS; i++) {
        size_t n = text_of(task, i, stream + nbytes + 4);
        put_number(stream + nbytes, n);
        nbytes += 4 + n;
    }
    return nbytes;
}

static zp_batch
make_batch(const zp_axis *axes, const zp_step *step, const zp_texts *texts, const zp_bytes *stored)
{
    zp_batch batch = {
        .kind = ZP_READ,
        .ndim = 2,
        .axes = axes,
        .last = NTASKS,
        .chain = {.steps = step,
                  .nsteps = 1,
                  .ndim = 2,
                  .itemsize = sizeof(zp_text),
                  .limit = MAX_STREAM},
        .block = (char *)block,
        .strides = strides,
        .fill = &fill,
        .stored_fill = &fill,
        .stored = stored,
        .texts = texts,
    };
    batch.chain.order[1] = 1;
    batch.error.step = -1;
    return batch;
}

static int
run(zp_batch *batch, zp_worker *worker)
{
    int status = zp_batch_run(batch, worker);
    CHECK(((owner *)batch->texts->owner)->nopen == 0, "what was opened is closed");
    return status;
}

static void
check_block(int64_t absent)
{
    char text[64];
    for (int64_t row = 0; row < NROWS; row++)
        for (int64_t column = 0; column < NCOLUMNS; column++) {
            int64_t task = row / CHUNK * 3 + column / CHUNK;
            size_t nbytes = text_of(task, row % CHUNK * CHUNK + column % CHUNK, text);
            const char *expected = task == absent ? fill.bytes : text;
            const cell *found = &block[row][column];
            nbytes = task == absent ? fill.nbytes : nbytes;
            CHECK(found->nbytes == nbytes && memcmp(found->bytes, expected, nbytes) == 0,
                  "element %d, %d", (int)row, (int)column);
        }
}

/* Chunks are cut at both edges, and one is absent. */
static void
whole(const zp_axis *axes, const zp_step *step, zp_worker *worker, zp_bytes *stored)
{
    owner o = {.failing = -1};
    zp_texts texts = {&o, open_cells, put, close_cells};
    zp_bytes kept = stored[4];
    stored[4] = (zp_bytes){NULL, 0};
    zp_batch batch = make_batch(axes, step, &texts, stored);
    CHECK(run(&batch, worker) == ZP_OK, "%s", zp_strerror(batch.error.status));
    CHECK(batch.nabsent == 1 && o.nput == NROWS * NCOLUMNS, "each element once");
    check_block(4);
    stored[4] = kept;
}

/* Of chunks that are there, and of one that is absent. */
static void
without_memory(const zp_axis *axes, const zp_step *step, zp_worker *worker, zp_bytes *stored)
{
    zp_bytes kept = stored[4];
    stored[4] = (zp_bytes){NULL, 0};
    for (int64_t nth = 0; nth < NROWS * NCOLUMNS; nth++) {
        owner o = {.failing = nth};
        zp_texts texts = {&o, open_cells, put, close_cells};
        zp_batch batch = make_batch(axes, step, &texts, stored);
        CHECK(run(&batch, worker) == ZP_ERR_MEMORY && batch.failed, "put %d", (int)nth);
    }
    stored[4] = kept;
}

static void
without_owner(const zp_axis *axes, const zp_step *step, zp_worker *worker, zp_bytes *stored)
{
    owner o = {.failing = -1};
    zp_texts texts = {&o, open_cells, put, close_cells};
    zp_step shuffle = {.codec = zp_codec_find("shuffle"), .itemsize = sizeof(zp_text)};
    zp_batch batch = make_batch(axes, step, NULL, stored);
    CHECK(zp_batch_run(&batch, worker) == ZP_ERR_ARGUMENT, "texts without an owner");
    batch = make_batch(axes, &shuffle, &texts, stored);
    CHECK(zp_batch_run(&batch, worker) == ZP_ERR_ARGUMENT, "an owner of no texts");
    batch = make_batch(axes, step, &texts, stored);
    batch.kind = ZP_WRITE;
    CHECK(zp_batch_run(&batch, worker) == ZP_ERR_ARGUMENT, "texts are not written");
}

/* Cut off anywhere, and with bytes changed: an error, or as many texts as there should be. */
static void
damaged(const zp_axis *axes, const zp_step *step, zp_worker *worker, zp_bytes *stored)
{
    guarded memory = guarded_new(MAX_STREAM);
    const char *whole_stream = stored[0].data;
    size_t nbytes = (size_t)stored[0].nbytes;
    for (int round = 0; round < ROUNDS; round++) {
        owner o = {.failing = -1};
        zp_texts texts = {&o, open_cells, put, close_cells};
        size_t n = round < (int)nbytes ? (size_t)round : nbytes;
        char *stream = (char *)guarded_end(&memory, n);
        memcpy(stream, whole_stream, n);
        for (int i = 0; round >= (int)nbytes && i < 1 + round % 3; i++)
            stream[random_below((uint32_t)n)] = (char)random_word();
        zp_bytes chunk = {stream, (int64_t)n};
        zp_batch batch = make_batch(axes, step, &texts, &chunk);
        batch.last = 1;
        int status = run(&batch, worker);
        CHECK(status == ZP_OK || (status <= ZP_ERR_VLEN_COUNT && status >= ZP_ERR_VLEN_UTF8),
              "round %d: %s", round, zp_strerror(status));
        CHECK((status == ZP_OK) == (o.nput == NELEMS), "all elements or none");
        CHECK(round >= (int)nbytes || status < 0, "%d of %d bytes", (int)n, (int)nbytes);
    }
    guarded_free(&memory);
}

int
main(void)
{
    static char streams[NTASKS][MAX_STREAM];
    zp_bytes stored[NTASKS];
    zp_stretch stretches[2];
    zp_axis axes[2] = {zp_axis_regular(&stretches[0], CHUNK, NROWS, 0, NROWS, 1),
                       zp_axis_regular(&stretches[1], CHUNK, NCOLUMNS, 0, NCOLUMNS, 1)};
    zp_step step = {.codec = zp_codec_find("vlen-utf8"), .itemsize = sizeof(zp_text)};
    zp_worker *worker = zp_worker_new();
    if (!worker || !step.codec || zp_ntasks(2, axes) != NTASKS)
        return 1;
    for (int64_t i = 0; i < NTASKS; i++)
        stored[i] = (zp_bytes){streams[i], (int64_t)make_stream(i, streams[i])};
    whole(axes, &step, worker, stored);
    without_memory(axes, &step, worker, stored);
    without_owner(axes, &step, worker, stored);
    damaged(axes, &step, worker, stored);
    for (int row = 0; row < NROWS; row++)
        for (int column = 0; column < NCOLUMNS; column++)
            free(block[row][column].bytes);
    zp_worker_free(worker);
    return report("test_texts");
}
