/*
 * limit.c - how fast a whole array can be read at all
 *
 *     limit ARRAY ROW.json REPEATS     prints {"wall": [...], "cpu": [...]}, for bench/py
 *     limit [--quick] [--json FILE]    prints a table, of arrays of its own
 *
 * Threads take the next chunk, pread its file, decode into scratch memory that
 * is used again, or straight into the result, and copy it into place: what must
 * be done, without plans, locks, errors and Python.  Result memory is new each
 * time, as NumPy's is.  The first result must be that of the engine's own batch.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "atomic.h"
#include "document.h"
#include "measure.h"
#include "zarrpy.h"

#define MAX_NTHREADS 64

/* An array, where it is, and who reads it. */
typedef struct reading {
    stored_array array;
    zp_directory directory;
    zp_chain chain;
    zp_piece *pieces[MAX_NDIM];
    zp_stretch stretches[MAX_NDIM];
    zp_axis axes[MAX_NDIM];
    int64_t strides[MAX_NDIM];       /* of the result, in bytes */
    int64_t chunk_strides[MAX_NDIM]; /* of a chunk */
    int64_t ntasks;
    size_t nbytes;       /* of the array */
    size_t chunk_nbytes; /* decoded */
    size_t room;         /* more than any stored chunk needs */
    char *result;
    int nthreads, nworkers;
    zp_worker *workers[MAX_NTHREADS];
    volatile int64_t cursor;
    zp_batch *batch; /* read by the engine instead, where not NULL */
} reading;

typedef struct thread {
    pthread_t id;
    reading *reading;
    zp_worker *worker;
} thread;

/* ------------------------------------------------------------ the loop ---- */

/* Read the file of a chunk; returns its size, at most `room`. */
static size_t
read_file(const reading *r, const char *key, void *into, size_t room)
{
    int fd = openat(r->directory.fd, key, O_RDONLY | O_CLOEXEC);
    must(fd >= 0, key);
    ssize_t n = pread(fd, into, room, 0);
    must(n >= 0, key);
    close(fd);
    return (size_t)n;
}

static void
read_chunk(const reading *r, zp_worker *worker, int64_t number)
{
    int64_t index[MAX_NDIM], count[MAX_NDIM];
    char key[ZP_MAX_KEY], *place = r->result;
    int direct = 1;

    for (int i = r->array.ndim - 1; i >= 0; i--) {
        index[i] = number % r->axes[i].npieces;
        number /= r->axes[i].npieces;
        const zp_piece *piece = &r->pieces[i][index[i]];
        count[i] = piece->count;
        place += piece->out * r->strides[i];
        direct &= piece->count == piece->extent;
        direct &= piece->count == 1 || r->strides[i] == r->chunk_strides[i];
    }
    must(zp_key_format(&r->array.keys, r->array.ndim, index, key) > 0, "a key");
    int stored_raw = r->chain.nsteps == 0;
    char *chunk = direct ? place : zp_worker_scratch(worker, ZP_SLOT_CHUNK, r->chunk_nbytes);
    char *file = stored_raw ? chunk : zp_worker_scratch(worker, ZP_SLOT_FILE, r->room);
    must(chunk && file, "memory");
    size_t n = read_file(r, key, file, stored_raw ? r->chunk_nbytes : r->room);
    if (stored_raw) {
        must(n == r->chunk_nbytes, key);
    } else {
        zp_error error;
        must(zp_chain_decode(&r->chain, worker, file, n, chunk, r->chunk_nbytes, &error) >= 0, key);
    }
    if (!direct)
        zp_copy(r->array.ndim, count, chunk, r->chunk_strides, place, r->strides, r->array.itemsize,
                0);
}

static void *
work(void *context)
{
    thread *self = context;
    reading *r = self->reading;

    if (r->batch) {
        zp_batch_run(r->batch, self->worker);
        return NULL;
    }
    for (int64_t i; (i = zp_atomic_add(&r->cursor, 1)) < r->ntasks;)
        read_chunk(r, self->worker, i);
    return NULL;
}

/* Read everything on all threads, this one among them. */
static void
run_threads(reading *r)
{
    thread threads[MAX_NTHREADS];

    r->cursor = 0;
    for (int i = 0; i < r->nthreads; i++) {
        threads[i] = (thread){.reading = r, .worker = r->workers[i]};
        if (i > 0)
            must(pthread_create(&threads[i].id, NULL, work, &threads[i]) == 0, "a thread");
    }
    work(&threads[0]);
    for (int i = 1; i < r->nthreads; i++)
        pthread_join(threads[i].id, NULL);
}

/* --------------------------------------------------------- the setting ---- */

static int
usable_cores(void)
{
    int n = (int)sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
#endif
    return n < 1 ? 1 : n > MAX_NTHREADS ? MAX_NTHREADS : n;
}

static void
cut_axis(reading *r, int axis)
{
    int64_t length = r->array.shape[axis], extent = r->array.chunk[axis];
    int64_t n = (length + extent - 1) / extent;
    zp_piece *pieces = calloc((size_t)n, sizeof *pieces);

    must(pieces != NULL, "memory");
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = length - i * extent, inside = rest < extent ? rest : extent;
        pieces[i] = (zp_piece){i, extent, inside, 0, inside, i * extent};
    }
    r->pieces[axis] = pieces;
    r->axes[axis] = zp_axis_regular(&r->stretches[axis], extent, length, 0, length, 1);
}

/* Everything that follows from the array's document. */
static void
set_up(reading *r, const char *path)
{
    const stored_array *array = &r->array;

    r->directory = (zp_directory){open(path, O_RDONLY | O_DIRECTORY), path, 0};
    must(r->directory.fd >= 0, path);
    r->chain = (zp_chain){.steps = array->steps,
                          .nsteps = array->nsteps,
                          .ndim = array->ndim,
                          .itemsize = array->itemsize};
    r->nbytes = r->chunk_nbytes = array->itemsize;
    for (int i = array->ndim - 1; i >= 0; i--) {
        r->chain.order[i] = (uint8_t)i;
        r->strides[i] = (int64_t)r->nbytes;
        r->chunk_strides[i] = (int64_t)r->chunk_nbytes;
        r->nbytes *= (size_t)array->shape[i];
        r->chunk_nbytes *= (size_t)array->chunk[i];
        cut_axis(r, i);
    }
    r->ntasks = zp_ntasks(array->ndim, r->axes);
    r->room = r->chunk_nbytes;
    for (int i = 0; i < array->nsteps; i++) {
        const zp_step *step = &array->steps[i];
        int64_t bound = step->codec->bound(step, r->room);
        must(bound >= 0, "chunks that are not too large for their codecs");
        r->room = (size_t)bound;
    }
    r->nthreads = r->nworkers = usable_cores();
    for (int i = 0; i < r->nworkers; i++)
        must((r->workers[i] = zp_worker_new()) != NULL, "memory");
}

static void
tear_down(reading *r)
{
    for (int i = 0; i < r->nworkers; i++)
        zp_worker_free(r->workers[i]);
    for (int i = 0; i < r->array.ndim; i++)
        free(r->pieces[i]);
    close(r->directory.fd);
}

static void
new_result(reading *r)
{
    r->result = mmap(NULL, r->nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(r->result != MAP_FAILED, "memory for the result");
#if defined(MADV_HUGEPAGE)
    madvise(r->result, r->nbytes, MADV_HUGEPAGE); /* as NumPy asks for; a refusal does no harm */
#endif
}

static void
free_result(reading *r)
{
    munmap(r->result, r->nbytes);
}

/* Run the engine's own batch over the whole array. */
static void
run_engine(reading *r, int kind)
{
    static const char fill[16];
    zp_batch batch = {
        .kind = kind,
        .ndim = r->array.ndim,
        .axes = r->axes,
        .last = r->ntasks,
        .chain = r->chain,
        .block = r->result,
        .strides = r->strides,
        .fill = fill,
        .stored_fill = fill,
        .keep_empty = 1,
        .lock_timeout_ms = 60000,
        .keys = r->array.keys,
        .directory = &r->directory,
    };

    r->batch = &batch;
    run_threads(r);
    r->batch = NULL;
    must(!batch.failed, zp_strerror(batch.error.status));
}

/* What the loop reads must be what the engine reads. */
static void
compare_with_engine(reading *r)
{
    new_result(r);
    run_threads(r);
    char *bare = r->result;
    new_result(r);
    run_engine(r, ZP_READ);
    must(memcmp(bare, r->result, r->nbytes) == 0, "the loop and the engine read the same");
    free_result(r);
    munmap(bare, r->nbytes);
}

/* ----------------------------------------------------------- measuring ---- */

static double
cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
print_list(const char *name, const double *values, int n)
{
    printf("\"%s\": [", name);
    for (int i = 0; i < n; i++)
        printf("%s%.9f", i ? ", " : "", values[i]);
    printf("]");
}

static int
measure_array(const char *path, const char *row, const char *repeats)
{
    reading r = {0};
    int n = atoi(repeats);
    char *text = read_text(row);

    must(n > 0, "REPEATS is a number above 0");
    double *wall = calloc((size_t)n, sizeof *wall), *cpu = calloc((size_t)n, sizeof *cpu);
    must(wall && cpu, "memory");
    parse_document(text, &r.array);
    set_up(&r, path);
    compare_with_engine(&r);
    for (int i = 0; i < n; i++) {
        double begin = now(), begin_cpu = cpu_now();
        new_result(&r);
        run_threads(&r);
        wall[i] = now() - begin;
        cpu[i] = cpu_now() - begin_cpu;
        free_result(&r);
    }
    printf("{");
    print_list("wall", wall, n);
    printf(", ");
    print_list("cpu", cpu, n);
    printf("}\n");
    tear_down(&r);
    free(text);
    free(wall);
    free(cpu);
    return 0;
}

static void
read_bare(void *context)
{
    new_result(context);
    run_threads(context);
    free_result(context);
}

static void
read_by_engine(void *context)
{
    new_result(context);
    run_engine(context, ZP_READ);
    free_result(context);
}

/* Rows of an array below `folder`: the loop beside the engine, on one thread and on all. */
static void
measure_own(const char *folder, const char *codec, const char *document, const zp_step *step)
{
    reading r = {0};
    char path[80];

    snprintf(path, sizeof path, "%s/%s", folder, codec);
    must(mkdir(path, 0700) == 0, path);
    parse_document(document, &r.array);
    if (step->codec)
        r.array.steps[0] = *step;
    set_up(&r, path);
    new_result(&r);
    make_field((float *)(void *)r.result, r.nbytes / 4);
    run_engine(&r, ZP_WRITE);
    free_result(&r);
    compare_with_engine(&r);
    for (int all = 0; all <= (r.nworkers > 1); all++) {
        r.nthreads = all ? r.nworkers : 1;
        double bare = fastest(read_bare, &r), engine = fastest(read_by_engine, &r);
        table_text(codec);
        table_number(r.nthreads, 0);
        table_number((double)r.nbytes / bare / 1e9, 2);
        table_number((double)r.nbytes / engine / 1e9, 2);
        table_number(bare / engine, 3);
        table_row_end();
    }
    tear_down(&r);
}

#define DOCUMENT(codec)                                                                            \
    "{\"shape\": [64, 256, 256], \"data_type\": \"float32\","                                      \
    " \"chunk_grid\": {\"name\": \"regular\", \"configuration\": {\"chunk_shape\": [64, 64, "      \
    "60]}},"                                                                                       \
    " \"chunk_key_encoding\": {\"name\": \"default\"}, \"codecs\": [{\"name\": \"bytes\"}" codec   \
    "]}"

static int
measure_table(int argc, char **argv)
{
    char folder[] = "/tmp/zarrpy-bench-XXXXXX", command[80];
    zp_step none = {0}, blosc = {.codec = zp_codec_find("blosc"),
                                 .level = 5,
                                 .itemsize = 4,
                                 .shuffle = ZP_BYTESHUFFLE,
                                 .compressor = ZP_LZ4};
    zp_step zstd = {.codec = zp_codec_find("zstd"), .level = 3};

    read_options(argc, argv);
    must(mkdtemp(folder) != NULL, "a directory below /tmp");
    table_begin("whole reads of 16 MiB in chunks of 1 MB, from a cached file system",
                "codec threads bare-GB/s engine-GB/s engine/bare");
    measure_own(folder, "bytes", DOCUMENT(""), &none);
    measure_own(folder, "blosc", DOCUMENT(", {\"name\": \"blosc\"}"), &blosc);
    measure_own(folder, "zstd", DOCUMENT(", {\"name\": \"zstd\"}"), &zstd);
    report_end();
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    must(system(command) == 0, command);
    return 0;
}

int
main(int argc, char **argv)
{
    if (argc == 4 && argv[1][0] != '-')
        return measure_array(argv[1], argv[2], argv[3]);
    return measure_table(argc, argv);
}
