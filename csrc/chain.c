/*
 * chain.c - run the codecs of a chunk, forwards and backwards
 *
 * Forwards, bound(k) says how many bytes step k can give.  Backwards the same
 * bounds say how many bytes may come out of each step: exactly that many as
 * long as all steps before it have a fixed size, at most that many after a
 * compressor.  So no size that the data itself claims is ever believed.  Other
 * writers' compressors may have made more of a chunk than ours would: between
 * two steps the room grows up to the limit of the chain; of elements of any
 * length that limit alone holds.
 * Intermediate results alternate between two scratch buffers; the last step of
 * decoding writes where the caller wants the chunk.
 */
#include "kept.h"
#include "worker.h"

#include <string.h>

static int
is_of_stream(int64_t status)
{
    return status <= ZP_ERR_VLEN_COUNT && status >= ZP_ERR_VLEN_UTF8;
}

static int
fail(zp_error *error, zp_worker *worker, int64_t status, int step)
{
    error->status = (int32_t)status;
    error->step = step;
    error->detail = zp_worker_detail(worker);
    if (status == ZP_ERR_CHECKSUM || is_of_stream(status))
        zp_worker_numbers(worker, &error->expected, &error->actual);
    return (int)status;
}

static int
fail_size(zp_error *error, zp_worker *worker, int step, int64_t expected, int64_t actual)
{
    error->expected = expected;
    error->actual = actual;
    return fail(error, worker, ZP_ERR_SIZE, step);
}

int
zp_is_any_length(const zp_chain *chain)
{
    return chain->nsteps > 0 && (chain->steps[0].codec->flags & ZP_ANY_LENGTH);
}

static int
fail_limit(const zp_chain *chain, int step, zp_error *error)
{
    error->status = ZP_ERR_LIMIT;
    error->step = step;
    error->detail = NULL; /* of a codec that thinks of damage */
    error->expected = chain->limit;
    return ZP_ERR_LIMIT;
}

/* Bytes that may enter each step, and whether that many exactly. */
typedef struct sizes {
    int64_t limit[ZP_MAX_STEPS + 1];
    uint8_t exact[ZP_MAX_STEPS + 1];
} sizes;

static int
compute_sizes(const zp_chain *chain, zp_worker *worker, int64_t nbytes, sizes *s, zp_error *error)
{
    s->limit[0] = nbytes;
    s->exact[0] = 1;
    if (chain->nsteps > ZP_MAX_STEPS)
        return fail(error, worker, ZP_ERR_TOO_LARGE, -1);
    for (int i = 0; i < chain->nsteps; i++) {
        const zp_step *step = &chain->steps[i];
        int64_t bound = step->codec->bound(step, (size_t)s->limit[i]);
        if (bound < 0)
            return fail(error, worker, bound, i);
        s->limit[i + 1] = bound;
        s->exact[i + 1] = s->exact[i] && (step->codec->flags & ZP_EXACT);
    }
    return ZP_OK;
}

/* What one step made must have the size that the chain says. */
static int
check_size(const zp_chain *chain, const sizes *s, int i, int64_t actual, zp_worker *worker,
           zp_error *error)
{
    int64_t limit = s->limit[i];
    if (i > 0 && chain->limit > limit)
        limit = chain->limit;
    if (i > 0 && actual > limit && zp_is_any_length(chain))
        return fail_limit(chain, i, error);
    if (s->exact[i] ? actual != s->limit[i] : actual > limit)
        return fail_size(error, worker, i, s->limit[i], actual);
    return ZP_OK;
}

/* Room to begin with: what the memory has already does not have to grow. */
static int64_t
first_room(const zp_chain *chain, const sizes *s, int i, const zp_worker *worker, enum zp_slot slot)
{
    int64_t has = (int64_t)zp_worker_room(worker, slot);
    if (s->exact[i] || has <= s->limit[i])
        return s->limit[i];
    return has < chain->limit ? has : chain->limit > s->limit[i] ? chain->limit : s->limit[i];
}

/* Decode what is not yet the chunk into scratch memory, which grows as far as it may. */
static int64_t
decode_between(const zp_chain *chain, const sizes *s, int i, zp_worker *worker, const void *src,
               size_t src_nbytes, enum zp_slot slot, void **target)
{
    const zp_step *step = &chain->steps[i];
    int64_t room = first_room(chain, s, i, worker, slot);
    for (;;) {
        *target = zp_worker_scratch(worker, slot, (size_t)room);
        if (!*target)
            return ZP_ERR_MEMORY;
        int64_t n = step->codec->decode(step, worker, src, src_nbytes, *target, (size_t)room);
        if (n != ZP_ERR_SIZE || s->exact[i])
            return n;
        if (room >= chain->limit)
            return zp_is_any_length(chain) ? ZP_ERR_LIMIT : n;
        room = room < chain->limit / 4 ? 2 * room + 4096 : chain->limit;
    }
}

/*
 * One step backwards: in place where the codec only looks, else from *src into
 * `target` for the first step and into the scratch buffer `slot` for others.
 */
static int
undo_step(const zp_chain *chain, zp_worker *worker, const sizes *s, int i, const void **src,
          size_t *src_nbytes, void *target, enum zp_slot slot, zp_error *error)
{
    const zp_step *step = &chain->steps[i];
    int64_t n;

    if (step->codec->view) {
        size_t offset = 0;
        n = step->codec->view(step, worker, *src, *src_nbytes, &offset);
        *src = (const char *)*src + offset;
    } else if (i == 0) {
        n = step->codec->decode(step, worker, *src, *src_nbytes, target, (size_t)s->limit[i]);
        *src = target;
    } else {
        n = decode_between(chain, s, i, worker, *src, *src_nbytes, slot, &target);
        *src = target;
    }
    if (n == ZP_ERR_LIMIT)
        return fail_limit(chain, i, error);
    if (n < 0)
        return fail(error, worker, n, i);
    *src_nbytes = (size_t)n;
    return check_size(chain, s, i, n, worker, error);
}

/* All steps but the first, backwards, through scratch buffers. */
static int
undo_later_steps(const zp_chain *chain, zp_worker *worker, const sizes *s, const void **src,
                 size_t *src_nbytes, zp_error *error)
{
    enum zp_slot slot = ZP_SLOT_PING;

    if (s->exact[chain->nsteps] && (int64_t)*src_nbytes != s->limit[chain->nsteps])
        return fail_size(error, worker, chain->nsteps - 1, s->limit[chain->nsteps],
                         (int64_t)*src_nbytes);
    for (int i = chain->nsteps - 1; i > 0; i--) {
        int status = undo_step(chain, worker, s, i, src, src_nbytes, NULL, slot, error);
        if (status < 0)
            return status;
        if (!chain->steps[i].codec->view)
            slot = slot == ZP_SLOT_PING ? ZP_SLOT_PONG : ZP_SLOT_PING;
    }
    return ZP_OK;
}

/* Whether all steps but the first only look at what they get. */
static int
later_steps_look(const zp_chain *chain)
{
    for (int i = 1; i < chain->nsteps; i++)
        if (!chain->steps[i].codec->view)
            return 0;
    return 1;
}

int
zp_chain_decode_kept(const zp_chain *chain, zp_worker *worker, const void *src, size_t src_nbytes,
                     void *dst, size_t dst_nbytes, zp_kept *kept, zp_error *error)
{
    sizes s;
    zp_worker_explain(worker, NULL);
    int status = compute_sizes(chain, worker, (int64_t)dst_nbytes, &s, error);
    if (status == ZP_OK)
        status = undo_later_steps(chain, worker, &s, &src, &src_nbytes, error);
    if (status == ZP_OK && kept && later_steps_look(chain)) {
        kept->data = src;
        kept->nbytes = src_nbytes;
    }
    if (status == ZP_OK && chain->nsteps > 0)
        status = undo_step(chain, worker, &s, 0, &src, &src_nbytes, dst, ZP_SLOT_PING, error);
    if (status < 0)
        return status;
    if (src_nbytes != dst_nbytes)
        return fail_size(error, worker, -1, (int64_t)dst_nbytes, (int64_t)src_nbytes);
    if (src != dst)
        memcpy(dst, src, dst_nbytes);
    return ZP_OK;
}

int
zp_chain_decode(const zp_chain *chain, zp_worker *worker, const void *src, size_t src_nbytes,
                void *dst, size_t dst_nbytes, zp_error *error)
{
    return zp_chain_decode_kept(chain, worker, src, src_nbytes, dst, dst_nbytes, NULL, error);
}

int
zp_chain_has_parts(const zp_chain *chain)
{
    return chain->nsteps > 0 && chain->steps[0].codec->part != NULL;
}

int
zp_chain_decode_part(const zp_chain *chain, zp_worker *worker, const void *src, size_t src_nbytes,
                     size_t nbytes, const zp_part *part, zp_error *error)
{
    sizes s;
    const zp_step *first = &chain->steps[0];
    zp_worker_explain(worker, NULL);
    int status = compute_sizes(chain, worker, (int64_t)nbytes, &s, error);
    if (status == ZP_OK)
        status = undo_later_steps(chain, worker, &s, &src, &src_nbytes, error);
    if (status < 0)
        return status;
    int64_t n = first->codec->part(first, worker, src, src_nbytes, nbytes, part);
    return n < 0 ? fail(error, worker, n, 0) : ZP_OK;
}

/* Room that the buffer made by step i needs, counting the steps that will append to it. */
static int64_t
room_after(const zp_chain *chain, const sizes *s, int i)
{
    while (i + 1 < chain->nsteps && chain->steps[i + 1].codec->append)
        i++;
    return s->limit[i + 1];
}

int64_t
zp_chain_encode_kept(const zp_chain *chain, zp_worker *worker, const void *src, size_t src_nbytes,
                     const zp_kept *kept, const void **encoded, zp_error *error)
{
    sizes s;
    enum zp_slot slot = ZP_SLOT_PING;
    void *owned = NULL; /* `src`, once it is our scratch and may be appended to */
    zp_worker_explain(worker, NULL);
    int status = compute_sizes(chain, worker, (int64_t)src_nbytes, &s, error);
    if (status < 0)
        return status;
    for (int i = 0; i < chain->nsteps; i++) {
        const zp_step *step = &chain->steps[i];
        int64_t n;
        if (owned && step->codec->append) {
            n = step->codec->append(step, worker, owned, src_nbytes);
        } else {
            void *target = zp_worker_scratch(worker, slot, (size_t)room_after(chain, &s, i));
            if (!target)
                return fail(error, worker, ZP_ERR_MEMORY, i);
            zp_worker_keeps(worker, i == 0 ? kept : NULL);
            n = step->codec->encode(step, worker, src, src_nbytes, target, (size_t)s.limit[i + 1]);
            zp_worker_keeps(worker, NULL);
            owned = target;
            slot = slot == ZP_SLOT_PING ? ZP_SLOT_PONG : ZP_SLOT_PING;
        }
        if (n < 0)
            return fail(error, worker, n, i);
        src = owned;
        src_nbytes = (size_t)n;
    }
    *encoded = src;
    return (int64_t)src_nbytes;
}

int64_t
zp_chain_encode(const zp_chain *chain, zp_worker *worker, const void *src, size_t src_nbytes,
                const void **encoded, zp_error *error)
{
    return zp_chain_encode_kept(chain, worker, src, src_nbytes, NULL, encoded, error);
}
