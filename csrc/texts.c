/*
 * texts.c - put texts of any length where they belong
 *
 * A decoded chunk of texts has a zp_text for each element, so that it is cut,
 * turned and picked from as any other chunk.  Only its last copy is another:
 * the text is handed over to whoever owns the block's elements, which are opened
 * once a chunk, so that two workers never work on them at once.
 */
#include "texts.h"
#include "atomic.h"
#include "batch.h"
#include "file.h"
#include "tally.h"
#include "threads.h"

/* A process that forks waits so long for texts that are being put, in milliseconds. */
#define PATIENCE 1000

/* The selected part of a chunk, on its way into a block that is open. */
typedef struct passage {
    const zp_texts *texts;
    void *opened;
    int ndim;
    const int64_t *count;
    const int64_t *from, *to; /* strides of the chunk and of the block */
    const zp_text *same;      /* for all places, in the stead of the chunk's; or NULL */
} passage;

static int
put_axes(const passage *p, int axis, const char *element, char *place)
{
    if (axis == p->ndim)
        return p->texts->put(p->opened, place, (const zp_text *)element);
    for (int64_t i = 0; i < p->count[axis]; i++) {
        int status = put_axes(p, axis + 1, element, place);
        if (status < 0)
            return status;
        element += p->from[axis];
        place += p->to[axis];
    }
    return ZP_OK;
}

static int
put_at_point(void *context, const char *element, char *place)
{
    const passage *p = context;
    return put_axes(p, 0, p->same ? (const char *)p->same : element, place);
}

/* ---------------------------------------------------------------- forks ---- */

/*
 * What an owner has opened would stay so in a forked process, where nobody is
 * left to close it: a process forks when nothing is open.
 */
static zp_mutex lock = ZP_MUTEX_FREE; /* had while one opens, and while a process forks */
static volatile int64_t nopen;

/* Not for ever: who has opened texts may wait for who forks, without our knowledge. */
static void
settle(void)
{
    for (int i = 0; i < PATIENCE && zp_atomic_add(&nopen, 0) > 0; i++)
        zp_pause_ms(1);
}

static void
in_child(void)
{
    lock = (zp_mutex)ZP_MUTEX_FREE;
    nopen = 0;
}

ZP_MIND_FORKS(lock, settle(), in_child)

static void *
open_texts(const zp_texts *texts)
{
    zp_acquire(&lock);
    mind_forks();
    zp_atomic_add(&nopen, 1);
    zp_release(&lock);
    return texts->open(texts->owner);
}

static void
close_texts(const zp_texts *texts, void *opened)
{
    texts->close(opened);
    zp_atomic_add(&nopen, -1);
}

/* -------------------------------------------------------------- putting ---- */

/* Put the elements of a chunk, the first selected of which is given, or the same one everywhere. */
static int
put_texts(const zp_batch *batch, const zp_task *t, const char *selected, const zp_text *same,
          zp_error *error)
{
    static const int64_t nowhere[ZP_MAX_NDIM];
    passage p = {.texts = batch->texts,
                 .ndim = batch->ndim,
                 .count = t->scattered ? t->picked.count : t->count,
                 .from = same ? nowhere : t->selected,
                 .to = batch->strides,
                 .same = same};
    zp_tally_turn(t->tally, ZP_NS_COPY);
    p.opened = open_texts(p.texts);
    int status = t->scattered ? zp_picked_each(&t->picked, selected, t->place, put_at_point, &p)
                              : put_axes(&p, 0, selected, t->place);
    close_texts(p.texts, p.opened);
    return status < 0 ? zp_task_fail(error, status, NULL) : ZP_OK;
}

int
zp_task_put_texts(const zp_batch *batch, const zp_task *t, const char *selected, zp_error *error)
{
    return put_texts(batch, t, selected, NULL, error);
}

int
zp_task_fill_texts(const zp_batch *batch, const zp_task *t, zp_error *error)
{
    return put_texts(batch, t, (const char *)batch->fill, batch->fill, error);
}
