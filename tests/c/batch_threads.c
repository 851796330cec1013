/*
 * batch_threads.c - one batch, many threads
 *
 * Chunks of a two-dimensional array, cut at both edges, are encoded and decoded
 * by several threads that share one batch, in memory and in files.  What is
 * read must be what was written, each chunk once, and the first error must be
 * one of those that happened.  Run it under ThreadSanitizer: make test-sanitize.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "tally.h"
#include "zarrpy.h"

#define NTHREADS 8
#define NROWS 37
#define NCOLUMNS 53
#define CHUNK 5
#define ROW_CHUNKS ((NROWS + CHUNK - 1) / CHUNK)
#define COLUMN_CHUNKS ((NCOLUMNS + CHUNK - 1) / CHUNK)
#define NTASKS (ROW_CHUNKS * COLUMN_CHUNKS)

static float values[NROWS][NCOLUMNS];
static float result[NROWS][NCOLUMNS];
static const float fill = -1.0f;
static const int64_t strides[2] = {sizeof values[0], sizeof values[0][0]};

/* What the batches have in common; `kind` says which way they go. */
static zp_batch
make_batch(int kind, const zp_axis *axes, const zp_step *steps, int nsteps, uint8_t *outcome)
{
    zp_batch batch = {
        .kind = kind,
        .ndim = 2,
        .axes = axes,
        .last = NTASKS,
        .chain = {.steps = steps, .nsteps = nsteps, .ndim = 2, .itemsize = sizeof fill},
        .block = kind == ZP_READ ? (char *)result : (char *)values,
        .strides = strides,
        .fill = &fill,
        .stored_fill = &fill,
        .lock_timeout_ms = 60000,
        .keys = {.prefix = "c/", .zero = "c", .separator = '/'},
        .outcome = outcome,
    };
    batch.chain.order[1] = 1;
    batch.error.step = -1;
    memset(outcome, ZP_PENDING, NTASKS);
    return batch;
}

static void *
work(void *argument)
{
    zp_worker *worker = zp_worker_new();
    int status = worker == NULL ? ZP_ERR_MEMORY : zp_batch_run(argument, worker);
    zp_worker_free(worker);
    return (void *)(intptr_t)status;
}

/* Run a batch on all threads at once; returns how many of them met an error. */
static int
run(zp_batch *batch)
{
    pthread_t threads[NTHREADS];
    int nfailing = 0;
    batch->nlanes = NTHREADS;
    for (int i = 0; i < NTHREADS; i++)
        if (pthread_create(&threads[i], NULL, work, batch) != 0)
            abort();
    for (int i = 0; i < NTHREADS; i++) {
        void *status;
        pthread_join(threads[i], &status);
        nfailing += (intptr_t)status < 0;
    }
    return nfailing;
}

static int
count_outcomes(const uint8_t *outcome, int kind)
{
    int n = 0;
    for (int i = 0; i < NTASKS; i++)
        n += outcome[i] == kind;
    return n;
}

/* Write and read through buffers; the first chunk is nothing but fill values and goes. */
static void
in_memory(const zp_axis *axes, const zp_step *steps, int nsteps)
{
    static zp_bytes encoded[NTASKS];
    uint8_t outcome[NTASKS];
    memset(encoded, 0, sizeof encoded);
    zp_batch batch = make_batch(ZP_WRITE, axes, steps, nsteps, outcome);
    batch.encoded = encoded;
    CHECK(run(&batch) == 0 && !batch.failed, "encode: %s", zp_strerror(batch.error.status));
    CHECK(count_outcomes(outcome, ZP_DONE) == NTASKS - 1, "each chunk once");
    CHECK(outcome[0] == ZP_DELETED && encoded[0].data == NULL, "a chunk of fill values goes");

    batch = make_batch(ZP_READ, axes, steps, nsteps, outcome);
    batch.stored = encoded;
    memset(result, 0, sizeof result);
    CHECK(run(&batch) == 0 && !batch.failed, "decode: %s", zp_strerror(batch.error.status));
    CHECK(memcmp(values, result, sizeof values) == 0, "what is read is what was written");
    CHECK(batch.nabsent == 1, "one chunk was absent, not %lld", (long long)batch.nabsent);

    /* Every chunk cut short: any may be the first to fail, and its error is kept whole. */
    for (int i = 1; i < NTASKS; i++)
        encoded[i].nbytes /= 2;
    batch = make_batch(ZP_READ, axes, steps, nsteps, outcome);
    batch.stored = encoded;
    run(&batch);
    CHECK(batch.failed && batch.error.status < 0, "a chunk cut short is an error");
    CHECK(batch.error.task >= 1 && batch.error.task < NTASKS, "it names its chunk");
    for (int i = 0; i < NTASKS; i++)
        zp_free((void *)encoded[i].data);
}

/* What the workers counted is what there was to do, whoever did it. */
static void
check_counts(const zp_tally *written, const zp_tally *read)
{
    const int64_t *w = written->sums, *r = read->sums;
    CHECK(w[ZP_CHUNKS_WRITTEN] == NTASKS - 1 && w[ZP_CHUNKS_EMPTY] == 1, "chunks written");
    CHECK(w[ZP_SETS] == NTASKS - 1 && w[ZP_GETS] == 0, "requests of writing");
    CHECK(r[ZP_CHUNKS_READ] == NTASKS - 1 && r[ZP_CHUNKS_ABSENT] == 1, "chunks read");
    CHECK(r[ZP_GETS] == NTASKS && r[ZP_SETS] == 0, "requests of reading");
    CHECK(r[ZP_BYTES_READ] == w[ZP_BYTES_WRITTEN], "what is read is what was written");
    /* of chunks that reach beyond the array, no more than is needed may be decoded */
    CHECK(r[ZP_BYTES_DECODED] > 0 && r[ZP_BYTES_DECODED] <= w[ZP_BYTES_ENCODED], "bytes decoded");
    CHECK(r[ZP_NS_STORE] > 0 && r[ZP_NS_CODEC] > 0, "time was spent");
}

/* Write and read files, twice, so that the second time replaces them. */
static void
in_files(const zp_axis *axes, const zp_step *steps, int nsteps, const zp_directory *directory)
{
    uint8_t outcome[NTASKS];
    for (int time = 0; time < 2; time++) {
        zp_tally written = {.what = ZP_NS_PLAN}, read = written;
        zp_batch batch = make_batch(ZP_WRITE, axes, steps, nsteps, outcome);
        batch.directory = directory;
        batch.tally = &written;
        CHECK(run(&batch) == 0, "write: %s", zp_strerror(batch.error.status));
        batch = make_batch(ZP_READ, axes, steps, nsteps, outcome);
        batch.directory = directory;
        batch.tally = &read;
        memset(result, 0, sizeof result);
        CHECK(run(&batch) == 0, "read: %s", zp_strerror(batch.error.status));
        CHECK(memcmp(values, result, sizeof values) == 0, "what is read is what was written");
        check_counts(&written, &read);
    }
}

/* A cancel from outside ends the batch, early or at its end, and harms nothing. */
static void *
cancel(void *argument)
{
    zp_batch *batch = argument;
    __atomic_store_n(&batch->cancel, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void
cancelled(const zp_axis *axes, const zp_step *steps, int nsteps, const zp_directory *directory)
{
    uint8_t outcome[NTASKS];
    zp_batch batch = make_batch(ZP_WRITE, axes, steps, nsteps, outcome);
    batch.directory = directory;
    pthread_t canceller;
    if (pthread_create(&canceller, NULL, cancel, &batch) != 0)
        abort();
    run(&batch);
    pthread_join(canceller, NULL);
    CHECK(batch.error.status == ZP_OK || batch.error.status == ZP_ERR_CANCELLED, "%s",
          zp_strerror(batch.error.status));
}

/* Remove what the batches wrote: c/ROW/COLUMN below the directory. */
static void
remove_files(const char *root)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    CHECK(system(command) == 0, "%s", command);
}

int
main(void)
{
    zp_stretch rows, columns;
    zp_axis axes[2] = {zp_axis_regular(&rows, CHUNK, NROWS, 0, NROWS, 1),
                       zp_axis_regular(&columns, CHUNK, NCOLUMNS, 0, NCOLUMNS, 1)};
    for (int i = 0; i < NROWS; i++)
        for (int j = 0; j < NCOLUMNS; j++)
            values[i][j] = i < CHUNK && j < CHUNK ? fill : (float)(i * NCOLUMNS + j);

    char root[] = "/tmp/zarrpy-batch-XXXXXX";
    if (mkdtemp(root) == NULL)
        abort();
    zp_directory directory = {open(root, O_RDONLY | O_DIRECTORY), root, 0};

    zp_step zstd = {.codec = zp_codec_find("zstd"), .level = 1, .checksum = 1};
    zp_step gzip = {.codec = zp_codec_find("gzip"), .level = 1};
    zp_step lz4 = {.codec = zp_codec_find("lz4"), .level = 1};
    zp_step crc32c = {.codec = zp_codec_find("crc32c")};
    zp_step shuffle = {.codec = zp_codec_find("shuffle"), .itemsize = sizeof fill};
    zp_step blosc = {.codec = zp_codec_find("blosc"),
                     .level = 5,
                     .itemsize = sizeof fill,
                     .shuffle = ZP_BITSHUFFLE,
                     .compressor = ZP_LZ4};
    zp_step chains[][2] = {{zstd, crc32c}, {shuffle, gzip}, {blosc, crc32c}, {shuffle, lz4}};
    for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
        in_memory(axes, chains[i], 2);
        in_files(axes, chains[i], 2, &directory);
        cancelled(axes, chains[i], 2, &directory);
    }
    close(directory.fd);
    remove_files(root);
    return report("batch_threads");
}
