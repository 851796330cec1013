/*
 * files.c - chunks in files: the engine beside open and pread
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"
#include "zarrpy.h"

#define MAX_CHUNKS 4096
#define TOTAL_NBYTES ((size_t)16 << 20)

typedef struct files {
    char folder[64];
    int fd;
    size_t chunk_nbytes;
    int64_t nchunks;
    zp_step step;
    int nsteps;
    int writing;
    char *array;
    char *buffer;
    zp_worker *worker;
    uint8_t outcome[MAX_CHUNKS];
} files;

static void
run_engine(void *context)
{
    static const float fill = -1;
    static const int64_t stride = 4;
    files *f = context;
    int64_t n = (int64_t)f->chunk_nbytes / stride;
    zp_stretch stretch;
    zp_axis axis = zp_axis_regular(&stretch, n, n * f->nchunks, 0, n * f->nchunks, 1);
    zp_directory directory = {f->fd, f->folder, 0};
    zp_batch batch = {
        .kind = f->writing ? ZP_WRITE : ZP_READ,
        .ndim = 1,
        .axes = &axis,
        .last = f->nchunks,
        .chain = {.steps = &f->step, .nsteps = f->nsteps, .ndim = 1, .itemsize = 4},
        .block = f->array,
        .strides = &stride,
        .fill = &fill,
        .stored_fill = &fill,
        .keep_empty = 1,
        .lock_timeout_ms = 1000,
        .keys = {"", "0", '/', NULL},
        .directory = &directory,
        .outcome = f->outcome,
    };

    zp_batch_run(&batch, f->worker);
    must(!batch.failed, batch.error.detail ? batch.error.detail : "a batch of files");
}

static void
run_pread(void *context)
{
    files *f = context;
    char name[32];

    for (int64_t i = 0; i < f->nchunks; i++) {
        struct stat about;
        snprintf(name, sizeof name, "%lld", (long long)i);
        int fd = openat(f->fd, name, O_RDONLY | O_CLOEXEC);
        must(fd >= 0 && fstat(fd, &about) == 0, "open a chunk");
        must(pread(fd, f->buffer, (size_t)about.st_size, 0) == about.st_size, "read a chunk");
        close(fd);
    }
}

static void
measure_chunks(files *f, const char *name, size_t chunk_nbytes)
{
    f->chunk_nbytes = chunk_nbytes;
    f->nchunks = (int64_t)(TOTAL_NBYTES / chunk_nbytes);

    f->writing = 1;
    double write_seconds = fastest(run_engine, f);
    f->writing = 0;
    double pread_seconds = fastest(run_pread, f);
    double read_seconds = fastest(run_engine, f);
    double each = 1e6 / (double)f->nchunks, total = (double)f->nchunks * (double)chunk_nbytes / 1e9;

    table_text(name);
    table_number((double)chunk_nbytes / 1024, 0);
    table_number(write_seconds * each, 1);
    table_number(pread_seconds * each, 1);
    table_number(read_seconds * each, 1);
    table_number(total / write_seconds, 2);
    table_number(total / read_seconds, 2);
    table_row_end();
    for (int64_t i = 0; i < f->nchunks; i++) {
        char path[32];
        snprintf(path, sizeof path, "%lld", (long long)i);
        unlinkat(f->fd, path, 0);
    }
}

int
main(int argc, char **argv)
{
    static const size_t sizes[] = {4 << 10, 64 << 10, 1 << 20};
    static files f = {.folder = "/tmp/zarrpy-bench-XXXXXX"};

    read_options(argc, argv);
    must(mkdtemp(f.folder) != NULL, "a directory below /tmp");
    f.fd = open(f.folder, O_RDONLY | O_DIRECTORY);
    f.array = malloc(TOTAL_NBYTES);
    f.buffer = malloc(TOTAL_NBYTES);
    f.worker = zp_worker_new();
    must(f.fd >= 0 && f.array && f.buffer && f.worker, "memory");
    make_field((float *)(void *)f.array, TOTAL_NBYTES / 4);
    table_begin("chunks in files of a cached file system",
                "codec KiB write-us pread-us read-us write-GB/s read-GB/s");
    for (int codec = 0; codec < 2; codec++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            f.nsteps = codec;
            f.step = (zp_step){.codec = zp_codec_find("lz4"), .level = 1};
            measure_chunks(&f, codec ? "lz4" : "bytes", sizes[s]);
        }
    rmdir(f.folder);
    close(f.fd);
    free(f.array);
    free(f.buffer);
    zp_worker_free(f.worker);
    report_end();
    return 0;
}
