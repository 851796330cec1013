/* cache.h - decoded chunks kept in memory, and what tells that they are still true */
#ifndef ZP_CACHE_H
#define ZP_CACHE_H

#include "file.h"

/* Decoded chunks of files, kept in memory for all arrays and threads; see cache.c. */
typedef struct zp_cache zp_cache;

typedef struct zp_cache_stats {
    int64_t limit; /* bytes that may be kept */
    int64_t nbytes;
    int64_t nentries;
    int64_t nhits;
    int64_t nmisses;
    int64_t nevicted;
} zp_cache_stats;

zp_cache *zp_cache_new(void); /* keeps nothing until it has a limit; NULL when out of memory */

/* Set what may be kept, and, unless negative, how long a file must have been left alone for it. */
void zp_cache_limit(zp_cache *cache, int64_t limit, int64_t settle_ns);
void zp_cache_clear(zp_cache *cache);
zp_cache_stats zp_cache_look(zp_cache *cache);
void zp_cache_after_fork(zp_cache *cache); /* in the child, whose other threads are gone */

/* What a chunk was decoded from, and how. */
typedef struct zp_cache_key {
    zp_stat file;     /* the file and its state when it was read */
    uint64_t chain;   /* which chain decoded it: zp_batch.chain_number */
    int64_t position; /* in the index of its shard; -1: the file is the chunk, -2: the index */
    int64_t nbytes;   /* of what was decoded */
} zp_cache_key;

#define ZP_POSITION_FILE -1
#define ZP_POSITION_INDEX -2

typedef struct zp_entry zp_entry;

/*
 * The kept bytes, or NULL.  They stay as they are until zp_cache_release(),
 * whatever becomes of the entry.
 */
zp_entry *zp_cache_find(zp_cache *cache, const zp_cache_key *key);

/* Room to decode into, held by the caller; NULL when it is too large, or without memory. */
zp_entry *zp_cache_reserve(zp_cache *cache, const zp_cache_key *key);

/* Keep what was decoded, if the file is old enough to tell a later change from this state. */
void zp_cache_keep(zp_cache *cache, zp_entry *entry);

void zp_cache_release(zp_cache *cache, zp_entry *entry);

char *zp_entry_data(zp_entry *entry);

#endif
