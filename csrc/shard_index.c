/*
 * shard_index.c - the index of a shard
 *
 * Whatever an index says is checked before it is believed: a range that is not
 * wholly inside the part of the shard where chunks lie is an error, whether by
 * damage or by intent, and sums are taken so that they cannot overflow.
 */
#include "shard.h"
#include "tally.h"

#include <string.h>

#define EMPTY UINT64_MAX

static int
fail(zp_error *error, int status, const char *detail)
{
    error->status = status;
    error->step = ZP_STEP_SHARD;
    error->detail = detail;
    return status;
}

zp_bounds
zp_shard_bounds(const zp_shard *shard, int64_t shard_nbytes)
{
    zp_bounds bounds = {0, shard_nbytes};
    if (shard->index_at_start)
        bounds.first = shard->index_nbytes;
    else if (shard_nbytes != INT64_MAX)
        bounds.end = shard_nbytes - shard->index_nbytes;
    return bounds;
}

static size_t
entries_nbytes(const zp_shard *shard)
{
    return (size_t)shard->nchunks * 2 * sizeof(uint64_t);
}

uint64_t *
zp_index_room(const zp_shard *shard, zp_worker *worker)
{
    return zp_worker_scratch(worker, ZP_SLOT_INDEX, 2 * entries_nbytes(shard));
}

int
zp_index_decode(const zp_shard *shard, zp_worker *worker, const void *stored, int64_t stored_nbytes,
                uint64_t *entries, zp_error *error)
{
    size_t nbytes = entries_nbytes(shard);
    if (stored_nbytes != shard->index_nbytes) {
        error->expected = shard->index_nbytes;
        error->actual = stored_nbytes;
        return fail(error, ZP_ERR_SIZE, "the shard is shorter than its index");
    }
    zp_tally_turn(zp_worker_tally(worker), ZP_NS_CODEC);
    int status = zp_chain_decode(&shard->index, worker, stored, (size_t)stored_nbytes, entries,
                                 nbytes, error);
    if (status < 0)
        return fail(error, status, "the index of the shard is damaged");
    if (shard->index.swap)
        zp_byteswap(entries, entries, nbytes, sizeof(uint64_t));
    return ZP_OK;
}

int
zp_index_encode(const zp_shard *shard, zp_worker *worker, uint64_t *entries, void *target,
                zp_error *error)
{
    size_t nbytes = entries_nbytes(shard);
    const void *encoded;
    zp_tally_turn(zp_worker_tally(worker), ZP_NS_CODEC);
    if (shard->index.swap)
        zp_byteswap(entries, entries, nbytes, sizeof(uint64_t));
    int64_t n = zp_chain_encode(&shard->index, worker, entries, nbytes, &encoded, error);
    if (n >= 0 && n != shard->index_nbytes)
        n = ZP_ERR_ARGUMENT;
    if (n < 0)
        return fail(error, (int)n, "the index of the shard cannot be encoded");
    memcpy(target, encoded, (size_t)n);
    return ZP_OK;
}

int
zp_index_find(const uint64_t *entries, int64_t position, zp_bounds bounds, zp_place *place,
              zp_error *error)
{
    uint64_t offset = entries[2 * position], nbytes = entries[2 * position + 1];
    uint64_t first = (uint64_t)bounds.first, end = (uint64_t)bounds.end;
    if (offset == EMPTY && nbytes == EMPTY)
        return 0;
    if (offset < first || offset > end || nbytes > end - offset) {
        error->position = position;
        return fail(error, ZP_ERR_CORRUPT, "the index of the shard points outside of it");
    }
    place->offset = (int64_t)offset;
    place->nbytes = (int64_t)nbytes;
    return 1;
}

void
zp_index_clear(const zp_shard *shard, uint64_t *entries)
{
    memset(entries, 0xff, entries_nbytes(shard));
}
