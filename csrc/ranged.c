/*
 * ranged.c - read a small part of a chunk out of a part of its file
 *
 * Of a chunk that is stored as it is, the selected bytes; of one whose codec
 * decodes block by block, the beginning, which says where the blocks lie, and
 * the blocks that are needed.  The beginning of the file is always there in
 * memory at its place, and so is what was read of the rest: decoding sees a
 * chunk of which some bytes are missing, and is told how far they reach.  Of
 * large blocks it may ask for what it needs itself, as often only the front is.
 *
 * A large chunk that is stored as it is, and whose rows go to places of their
 * own, is read in pieces, also all of it: each is copied while it is in the
 * nearest cache, and no memory is needed for the whole chunk.
 */
#include "atomic.h"
#include "batch.h"
#include "tally.h"

/* Smaller chunks are read whole: a second look at a file costs more than their bytes. */
#define MIN_CHUNK_NBYTES (32 << 10)
/* What is read of a file to learn where its blocks lie: places of a thousand. */
#define HEAD_NBYTES 4096

/* Less is brought to memory in one go: system calls cost as much. */
#define ASKED_FOR_NBYTES (64 << 10)

/* What is asked for brings so many bytes with it, which are often asked for next. */
#define ALONG_NBYTES 4096

/* Chunks stored as they are that do not fit the nearest cache are read in pieces that do. */
#define PIECEWISE_NBYTES (2 << 20)
#define PIECE_NBYTES ((int64_t)256 << 10)

/* A file whose bytes [from, to) are brought to memory when decoding asks for them. */
typedef struct source {
    zp_batch *batch;
    const zp_task *task;
    char *memory;
    size_t from, to;
    size_t had_from, had_to; /* what was brought last */
    int fd;
} source;

static int
is_piecewise(const zp_batch *batch, const zp_task *t)
{
    return batch->chain.nsteps == 0 && t->nbytes >= PIECEWISE_NBYTES && !t->direct &&
           zp_task_has_rows(batch, t);
}

int
zp_task_wants_range(const zp_batch *batch, const zp_task *t)
{
    const zp_chain *chain = &batch->chain;
    zp_part part;
    if (!batch->directory || batch->whole_chunks || t->nbytes < MIN_CHUNK_NBYTES)
        return 0;
    if (is_piecewise(batch, t))
        return 1;
    if (t->full)
        return 0;
    if (chain->nsteps > 1 || (chain->nsteps == 1 && !chain->steps[0].codec->range))
        return 0;
    zp_task_span(batch, t, &part);
    return part.nbytes <= (size_t)t->nbytes / 2;
}

/* Bytes [from, to) of a file; they count as a read of their own. */
static int64_t
load(zp_batch *batch, const zp_task *t, int fd, int64_t from, int64_t to, char *into,
     zp_error *error)
{
    int64_t n = zp_file_fill(fd, from, to - from, into, error);
    zp_tally_get(t->tally, n);
    if (n > 0)
        zp_atomic_add(&batch->nbytes_stored, n);
    return n;
}

/* Bytes [from, to) of a chunk in pieces, each to its places at once; how many, or a zp_status. */
static int64_t
place_pieces(const zp_batch *batch, zp_worker *worker, const zp_task *t, int fd, int64_t from,
             int64_t to, zp_error *error)
{
    zp_window window;
    char *memory = zp_worker_scratch(worker, ZP_SLOT_FILE, (size_t)PIECE_NBYTES);
    if (!memory)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    zp_task_window(batch, t, &window);
    for (int64_t at = from; at < to; at += PIECE_NBYTES) {
        int64_t nbytes = to - at < PIECE_NBYTES ? to - at : PIECE_NBYTES;
        zp_tally_turn(t->tally, ZP_NS_STORE);
        int64_t n = zp_file_fill(fd, at, nbytes, memory, error);
        if (n < 0)
            return n;
        zp_tally_turn(t->tally, ZP_NS_COPY);
        zp_scatter(&window, (size_t)at, memory, (size_t)nbytes);
    }
    return to - from;
}

/* The same through memory for all of them. */
static int64_t
place_span(const zp_batch *batch, zp_worker *worker, const zp_task *t, int fd, int64_t from,
           int64_t to, zp_error *error)
{
    char *memory = zp_worker_scratch(worker, ZP_SLOT_FILE, (size_t)(to - from));
    if (!memory)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    int64_t n = zp_file_fill(fd, from, to - from, memory, error);
    if (n >= 0)
        zp_task_scatter(batch, t, memory);
    return n;
}

/* A chunk without codecs: its bytes are the elements. */
static int
place_elements(zp_batch *batch, zp_worker *worker, const zp_task *t, int fd, const zp_stat *file,
               zp_error *error)
{
    zp_part part;
    if (file->size != t->nbytes) {
        error->expected = t->nbytes;
        error->actual = file->size;
        return zp_task_fail(error, ZP_ERR_SIZE, NULL);
    }
    zp_task_span(batch, t, &part);
    int64_t from = (int64_t)part.start, to = (int64_t)(part.start + part.nbytes);
    int pieces = is_piecewise(batch, t);
    /* what is read counts as the whole file, also where the array ends in it */
    if (pieces && t->covered) {
        from = 0;
        to = file->size;
    }
    int64_t n = pieces ? place_pieces(batch, worker, t, fd, from, to, error)
                       : place_span(batch, worker, t, fd, from, to, error);
    zp_tally_get(t->tally, n);
    if (n < 0)
        return (int)n;
    zp_atomic_add(&batch->nbytes_stored, n);
    zp_tally_decode(t->tally, n);
    return ZP_OK;
}

static int
need(void *context, size_t from, size_t to)
{
    source *s = context;
    if (from < s->from) /* those are there */
        from = s->from;
    if (to > s->to) {
        if (to != SIZE_MAX)
            return ZP_ERR_CORRUPT;
        to = s->to;
    }
    if (from >= to || (from >= s->had_from && to <= s->had_to))
        return ZP_OK;
    if (to - from < ALONG_NBYTES)
        to = s->to - from < ALONG_NBYTES ? s->to : from + ALONG_NBYTES;
    s->had_from = from;
    s->had_to = to;
    zp_error ignored = {0}; /* all of the file is tried then, and tells */
    zp_tally_turn(s->task->tally, ZP_NS_STORE);
    int64_t n = load(s->batch, s->task, s->fd, (int64_t)from, (int64_t)to, s->memory + from,
                     &ignored);
    zp_tally_turn(s->task->tally, ZP_NS_CODEC);
    if (n < 0)
        s->had_to = from; /* nothing */
    return n < 0 ? (int)n : ZP_OK;
}

/* The head of a file, at its place; what a part needs beyond it is now or later there, too. */
static int
load_blocks(zp_batch *batch, zp_worker *worker, zp_task *t, int64_t size, source *s,
            zp_error *error)
{
    char *memory = s->memory;
    int fd = s->fd;
    const zp_codec *codec = batch->chain.steps[0].codec;
    int64_t head = size < HEAD_NBYTES ? size : HEAD_NBYTES;
    size_t from = 0, to = (size_t)size;
    zp_part part = {0};
    int64_t n = load(batch, t, fd, 0, head, memory, error);
    if (n < 0)
        return (int)n;
    zp_task_span(batch, t, &part);
    /* what is wrong with it is told by decoding all of it */
    if (codec->range(worker, memory, (size_t)head, (size_t)size, &part, &from, &to) < 0 ||
        to - from > (size_t)size / 4 * 3) {
        from = 0;
        to = (size_t)size;
    }
    t->loaded = to == (size_t)size ? 0 : to < (size_t)head ? head : (int64_t)to;
    s->from = from < (size_t)head ? (size_t)head : from;
    s->to = to;
    if (s->from + ASKED_FOR_NBYTES <= to) {
        t->need = need;
        t->source = s;
    } else if (need(s, 0, SIZE_MAX) < 0) {
        t->loaded = head;
    }
    return ZP_OK;
}

/* A chunk of blocks; when they do not lie as they should, all of it is read as ever. */
static int
place_blocks(zp_batch *batch, zp_worker *worker, const zp_task *t, int fd, const zp_stat *file,
             zp_error *error)
{
    zp_task partly = *t;
    zp_error ignored = *error;
    source from = {.batch = batch, .task = t, .fd = fd};
    char *memory = NULL;
    if ((uint64_t)file->size <= SIZE_MAX / 2)
        memory = zp_worker_scratch(worker, ZP_SLOT_FILE, (size_t)file->size);
    if (!memory)
        return zp_task_fail(error, ZP_ERR_MEMORY, NULL);
    from.memory = memory;
    int status = load_blocks(batch, worker, &partly, file->size, &from, error);
    if (status < 0)
        return status;
    if (zp_task_place_part(batch, worker, &partly, memory, file->size, &ignored) == ZP_OK)
        return ZP_OK;
    zp_tally_turn(t->tally, ZP_NS_STORE);
    int64_t n = load(batch, t, fd, 0, file->size, memory, error);
    return n < 0 ? (int)n : zp_task_place_part(batch, worker, t, memory, file->size, error);
}

int
zp_task_read_range(zp_batch *batch, zp_worker *worker, const zp_task *t, int *found,
                   zp_error *error)
{
    zp_stat file;
    zp_tally_turn(t->tally, ZP_NS_STORE);
    int fd = zp_file_open(batch->directory, t->key, &file, found, error);
    if (fd < 0) {
        zp_tally_get(t->tally, 0);
        return *found ? error->status : ZP_OK;
    }
    int status = zp_task_admits(batch, t, file.size, error);
    if (status == ZP_OK)
        status = batch->chain.nsteps == 0 ? place_elements(batch, worker, t, fd, &file, error)
                                          : place_blocks(batch, worker, t, fd, &file, error);
    zp_close(fd);
    return status;
}
