/*
 * cache.c - decoded chunks kept in memory
 *
 * An entry is found by the state of the file that it was read from: device,
 * inode, size and both times.  Whoever asks has just opened the file and knows
 * its state, so that an entry never outlives what it was made of, whoever
 * changed it: a file put in its place has another inode or a later time, a file
 * changed in place has later times.  Times have ticks, though: a file that
 * changes twice within one looks the same.  Therefore a file is kept only when
 * its last change lies further back than any tick.
 *
 * Entries hang in a table of chains and in one list from the least to the most
 * recently used, both guarded by one short lock that is never held while bytes
 * are copied.  Whoever uses an entry holds it; what is dropped meanwhile is freed
 * by the last who lets go.
 */
#include "cache.h"
#include "atomic.h"

#include <string.h>

#define NCHAINS ((size_t)1 << 14)
/* Bytes that an entry costs beside its data. */
#define OVERHEAD 256
#define ALIGNMENT 64

struct zp_entry {
    zp_cache_key key;
    zp_entry *next_in_chain;
    zp_entry *older, *newer;
    int64_t nholders;
    int32_t is_kept;
    /* key.nbytes of data lie behind */
};

struct zp_cache {
    volatile int32_t lock;
    int64_t settle_ns;
    zp_cache_stats stats;
    zp_entry *oldest, *newest;
    zp_entry *chains[NCHAINS];
};

static void
enter(zp_cache *cache)
{
    for (int attempt = 0; zp_atomic_exchange(&cache->lock, 1); attempt++)
        if (attempt > 1000)
            zp_pause_ms(0); /* its holder was put to sleep: let it run */
}

static void
leave(zp_cache *cache)
{
    zp_atomic_exchange(&cache->lock, 0);
}

zp_cache *
zp_cache_new(void)
{
    zp_cache *cache = zp_malloc(sizeof *cache);
    if (cache) {
        memset(cache, 0, sizeof *cache);
        cache->settle_ns = (int64_t)1000 * 1000 * 1000;
    }
    return cache;
}

static zp_entry **
chain_of(zp_cache *cache, const zp_cache_key *key)
{
    uint64_t hash = key->file.inode * 0x9E3779B97F4A7C15u;
    hash = (hash ^ (uint64_t)key->position) * 0xC2B2AE3D27D4EB4Fu;
    hash = (hash ^ key->chain ^ (uint64_t)key->file.changed_ns) * 0x9E3779B97F4A7C15u;
    return &cache->chains[(hash >> 40) % NCHAINS];
}

static int
is_same(const zp_cache_key *a, const zp_cache_key *b)
{
    return a->file.inode == b->file.inode && a->file.device == b->file.device &&
           a->file.size == b->file.size && a->file.modified_ns == b->file.modified_ns &&
           a->file.changed_ns == b->file.changed_ns && a->chain == b->chain &&
           a->position == b->position && a->nbytes == b->nbytes;
}

static void
unlink_age(zp_cache *cache, zp_entry *entry)
{
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
}

static void
link_newest(zp_cache *cache, zp_entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void
unlink_chain(zp_cache *cache, zp_entry *entry)
{
    zp_entry **link = chain_of(cache, &entry->key);
    while (*link != entry)
        link = &(*link)->next_in_chain;
    *link = entry->next_in_chain;
}

/* Take an entry out; its memory goes now, or with its last holder. */
static void
drop(zp_cache *cache, zp_entry *entry)
{
    unlink_age(cache, entry);
    unlink_chain(cache, entry);
    entry->is_kept = 0;
    cache->stats.nbytes -= entry->key.nbytes + OVERHEAD;
    cache->stats.nentries--;
    if (entry->nholders == 0)
        zp_free(entry);
}

static void
shrink_to(zp_cache *cache, int64_t nbytes)
{
    while (cache->oldest && cache->stats.nbytes > nbytes) {
        drop(cache, cache->oldest);
        cache->stats.nevicted++;
    }
}

zp_entry *
zp_cache_find(zp_cache *cache, const zp_cache_key *key)
{
    enter(cache);
    zp_entry *entry = *chain_of(cache, key);
    while (entry && !is_same(&entry->key, key))
        entry = entry->next_in_chain;
    if (entry) {
        entry->nholders++;
        unlink_age(cache, entry);
        link_newest(cache, entry);
    }
    if (key->position != ZP_POSITION_INDEX)
        *(entry ? &cache->stats.nhits : &cache->stats.nmisses) += 1;
    leave(cache);
    return entry;
}

zp_entry *
zp_cache_reserve(zp_cache *cache, const zp_cache_key *key)
{
    enter(cache);
    int fits = key->nbytes <= cache->stats.limit - OVERHEAD;
    leave(cache);
    zp_entry *entry = fits ? zp_malloc(sizeof *entry + ALIGNMENT + (size_t)key->nbytes) : NULL;
    if (entry) {
        memset(entry, 0, sizeof *entry);
        entry->nholders = 1;
        entry->key = *key;
    }
    return entry;
}

static int
is_settled(const zp_cache *cache, const zp_stat *file)
{
    int64_t latest = file->changed_ns > file->modified_ns ? file->changed_ns : file->modified_ns;
    return zp_clock_ns() - latest > cache->settle_ns;
}

void
zp_cache_keep(zp_cache *cache, zp_entry *entry)
{
    enter(cache);
    zp_entry **chain = chain_of(cache, &entry->key);
    zp_entry *same = *chain;
    while (same && !is_same(&same->key, &entry->key))
        same = same->next_in_chain;
    if (!same && is_settled(cache, &entry->key.file)) {
        entry->is_kept = 1;
        entry->next_in_chain = *chain;
        *chain = entry;
        link_newest(cache, entry);
        cache->stats.nbytes += entry->key.nbytes + OVERHEAD;
        cache->stats.nentries++;
        shrink_to(cache, cache->stats.limit);
    }
    leave(cache);
}

void
zp_cache_release(zp_cache *cache, zp_entry *entry)
{
    enter(cache);
    int is_last = --entry->nholders == 0 && !entry->is_kept;
    leave(cache);
    if (is_last)
        zp_free(entry);
}

char *
zp_entry_data(zp_entry *entry)
{
    uintptr_t behind = (uintptr_t)(entry + 1);
    return (char *)entry + sizeof *entry + (ALIGNMENT - behind % ALIGNMENT) % ALIGNMENT;
}

void
zp_cache_limit(zp_cache *cache, int64_t limit, int64_t settle_ns)
{
    enter(cache);
    cache->stats.limit = limit;
    if (settle_ns >= 0)
        cache->settle_ns = settle_ns;
    shrink_to(cache, limit);
    leave(cache);
}

void
zp_cache_clear(zp_cache *cache)
{
    enter(cache);
    while (cache->oldest)
        drop(cache, cache->oldest);
    int64_t limit = cache->stats.limit;
    cache->stats = (zp_cache_stats){.limit = limit};
    leave(cache);
}

zp_cache_stats
zp_cache_look(zp_cache *cache)
{
    enter(cache);
    zp_cache_stats stats = cache->stats;
    leave(cache);
    return stats;
}

void
zp_cache_after_fork(zp_cache *cache)
{
    /* Another thread may have held the lock, or entries: what hangs together is given up whole. */
    int64_t limit = cache->stats.limit;
    cache->oldest = cache->newest = NULL;
    memset(cache->chains, 0, sizeof cache->chains);
    cache->stats = (zp_cache_stats){.limit = limit};
    leave(cache);
}
