/*
 * check.h - what the C tests share: checks that count, data to try, guarded memory
 */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

extern long ncheck, nfailed;

/* Count a check; when it fails, say where, and go on. */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        ncheck++;                                                                                  \
        if (!(condition)) {                                                                        \
            nfailed++;                                                                             \
            printf("%s:%d: %s: ", __FILE__, __LINE__, #condition);                                 \
            printf(__VA_ARGS__);                                                                   \
            printf("\n");                                                                          \
        }                                                                                          \
    } while (0)

/* Print the counts; the exit code of the program. */
int report(const char *program);

/* A generator of its own, so that a seed names a run on every machine. */
uint32_t random_word(void);
uint32_t random_below(uint32_t limit);
void seed_random(uint64_t seed);

/* Data of several kinds: 0 zeros, 1 noise, 2 slowly growing floats, 3 text-like repetition, 4 rows
 * of which each is the one before but for a byte. */
#define NKINDS 5
void make_data(int kind, uint8_t *data, size_t nbytes);

/*
 * Memory of which the first byte past the end cannot be touched, so that a
 * library that was not compiled with sanitizers is caught too.
 */
typedef struct guarded {
    uint8_t *pages;
    size_t nbytes;
} guarded;

guarded guarded_new(size_t nbytes);
uint8_t *guarded_end(const guarded *memory, size_t nbytes); /* the last nbytes of it */
void guarded_free(guarded *memory);

#endif
