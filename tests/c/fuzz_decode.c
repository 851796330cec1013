/*
 * fuzz_decode.c - damaged chunks for every decoder
 *
 *     fuzz_decode [EXECUTIONS [SEED [CORPUS]]]
 *
 * Valid chunks are damaged in ways that get past first checks: bits flip, sizes
 * become extreme, parts move.  A decoder may refuse, or give bytes; it must not
 * leave its memory, which a wall behind each buffer and the sanitizers watch.
 *
 * What led to an outcome that was not seen before is damaged further, and where
 * the engine is compiled to tell its ways, what led it on a new one.  A corpus
 * is a file of such inputs: they are tried first, new ones are added at its end,
 * and one that ends the program is written beside it, to CORPUS.crash.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "check.h"
#include "trace.h"
#include "zarrpy.h"

#define MAX_SEEDS 20000
#define MAX_NBYTES 60000 /* of a chunk, decoded */
#define MAX_ENCODED (2 * MAX_NBYTES)
#define MAX_KEPT 400 /* bytes of an input that a corpus keeps */
#define MAX_CASES 64
#define NSTATUS 24

typedef struct seed {
    int number; /* of the case */
    zp_step step;
    uint8_t *encoded;
    size_t encoded_nbytes;
    size_t nbytes;
} seed;

static seed seeds[MAX_SEEDS];
static int nseeds;
static char seen[MAX_CASES][NSTATUS][64];
static const char *corpus; /* NULL: nothing is kept */
static long nkept;

/* What is being tried, for the case that it is the last. */
static seed current;

/* How an input is stored: the number of its case, the bytes decoded and encoded, and the bytes. */
static int
write_input(const char *path, const char *mode, const seed *input)
{
    uint32_t head[3] = {(uint32_t)input->number, (uint32_t)input->nbytes,
                        (uint32_t)input->encoded_nbytes};
    FILE *file = fopen(path, mode);
    int good = file && fwrite(head, sizeof head, 1, file) == 1 &&
               fwrite(input->encoded, 1, input->encoded_nbytes, file) == input->encoded_nbytes;
    return file && fclose(file) == 0 && good;
}

static void
keep_last(void)
{
    char path[4096];
    if (corpus && snprintf(path, sizeof path, "%s.crash", corpus) < (int)sizeof path)
        write_input(path, "wb", &current);
}

static void
keep_and_die(int number)
{
    keep_last();
    signal(number, SIG_DFL);
    raise(number);
}

void __asan_set_death_callback(void (*)(void)) __attribute__((weak));

static void
watch_for_the_end(void)
{
    if (__asan_set_death_callback) {
        __asan_set_death_callback(keep_last);
        return;
    }
    signal(SIGSEGV, keep_and_die);
    signal(SIGBUS, keep_and_die);
    signal(SIGABRT, keep_and_die);
}

static void
add_seed(const seed *input, const uint8_t *bytes)
{
    if (nseeds == MAX_SEEDS)
        return;
    seeds[nseeds] = *input;
    seeds[nseeds].encoded = malloc(input->encoded_nbytes + 1);
    memcpy(seeds[nseeds++].encoded, bytes, input->encoded_nbytes);
}

/* Read the inputs of a corpus as seeds; the first of them. */
static int
load_corpus(const char *path)
{
    uint32_t head[3];
    uint8_t bytes[MAX_ENCODED];
    int first = nseeds;
    FILE *file = fopen(path, "rb");

    while (file && fread(head, sizeof head, 1, file) == 1) {
        seed input = {.number = (int)head[0], .nbytes = head[1], .encoded_nbytes = head[2]};
        CHECK(input.number < ncases() && head[1] <= MAX_NBYTES && head[2] <= MAX_ENCODED &&
                  fread(bytes, 1, head[2], file) == head[2],
              "%s is no corpus", path);
        if (nfailed)
            break;
        input.step = case_step(input.number);
        if (input.step.codec)
            add_seed(&input, bytes);
    }
    if (file)
        fclose(file);
    return first;
}

/* Whether an outcome of a codec has not been seen before: its status, or how much it gives. */
static int
is_new(const seed *input, int64_t n)
{
    int status = n < 0 ? (int)(-n % NSTATUS) : 0, size = 0;
    size_t of = n < 0 ? input->encoded_nbytes : (size_t)n;

    while (of >> size)
        size++;
    char *mark = &seen[input->number % MAX_CASES][status][size % 64];
    return *mark ? 0 : (*mark = 1);
}

static void
note_outcome(int64_t n)
{
    int outcome = is_new(&current, n);
    if (!trace_new_steps() && !outcome)
        return;
    add_seed(&current, current.encoded);
    if (corpus && current.encoded_nbytes <= MAX_KEPT)
        nkept += write_input(corpus, "ab", &current);
}

static void
make_seeds(zp_worker *worker)
{
    static const size_t sizes[] = {0, 5, 64, 200, 1000, 9000, MAX_NBYTES};
    static uint8_t data[MAX_NBYTES];

    for (int kind = 0; kind < NKINDS; kind++)
        for (int i = 0; i < ncases(); i++)
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
                seed *each = &seeds[nseeds];
                *each = (seed){.number = i, .step = case_step(i), .nbytes = sizes[s]};
                if (!each->step.codec || nseeds == MAX_SEEDS)
                    continue;
                make_data(kind, data, sizes[s]);
                int64_t n = encode_case(&each->step, worker, data, sizes[s], &each->encoded);
                CHECK(n >= 0, "%s cannot encode a seed", each->step.codec->name);
                each->encoded_nbytes = (size_t)n;
                nseeds++;
            }
}

static void
put_word(uint8_t *p, size_t nbytes, size_t at)
{
    static const uint32_t words[] = {0,          1,          0xff,       0xffff,     0x7fffffff,
                                     0x80000000, 0xffffffff, 0xfffffff0, 0x7ffffff0, 0x00010000};
    uint32_t word = random_below(3) ? words[random_below(10)] : random_word();

    for (size_t i = 0; i < 4 && at + i < nbytes; i++)
        p[at + i] = (uint8_t)(word >> (8 * i));
}

/* Change p in one way; the new length, which may be up to `most`. */
static size_t
damage(uint8_t *p, size_t nbytes, size_t most)
{
    /* Most of what decides lies at the front. */
    size_t reach = random_below(2) && nbytes > 40 ? 40 : nbytes;
    size_t at = random_below((uint32_t)reach);
    size_t n = random_below(16);

    if (nbytes == 0)
        return random_below(2) && most ? (p[0] = (uint8_t)random_word(), 1) : 0;
    switch (random_below(7)) {
    case 0:
        p[at] ^= (uint8_t)(1 << random_below(8));
        return nbytes;
    case 1:
        p[at] = (uint8_t)random_word();
        return nbytes;
    case 2:
        put_word(p, nbytes, at & ~(size_t)3);
        return nbytes;
    case 3:
        return nbytes - random_below((uint32_t)(random_below(2) ? nbytes : 8 % (nbytes + 1)));
    case 4: /* a part goes */
        n = n < nbytes - at ? n : nbytes - at;
        memmove(p + at, p + at + n, nbytes - at - n);
        return nbytes - n;
    case 5: /* a part comes twice */
        n = n < most - nbytes ? n : most - nbytes;
        n = n < nbytes - at ? n : nbytes - at;
        memmove(p + at + n, p + at, nbytes - at);
        return nbytes + n;
    default: /* one part over another */
        n = n < nbytes - at ? n : nbytes - at;
        memmove(p + at, p + random_below((uint32_t)(nbytes - n + 1)), n);
        return nbytes;
    }
}

static void
check_status(const seed *each, int64_t n, size_t room)
{
    CHECK(n <= (int64_t)room, "%s: %lld bytes in room for %zu", each->step.codec->name,
          (long long)n, room);
    CHECK(n >= 0 || (n >= ZP_ERR_UNSUPPORTED && n != ZP_ERR_ARGUMENT) || n == ZP_ERR_TOO_LARGE,
          "%s: status %lld", each->step.codec->name, (long long)n);
}

/* Look at every byte of a piece, so that one outside of memory is noticed. */
static void
take(void *context, size_t start, const void *bytes, size_t nbytes)
{
    (void)start;
    memcpy((uint8_t *)context - nbytes, bytes, nbytes);
}

/* What is brought to memory when it is asked for. */
typedef struct brought {
    const uint8_t *from;
    uint8_t *to;
    size_t head, end;
} brought;

static int
bring(void *source, size_t from, size_t to)
{
    brought *b = source;
    if (to > b->end && to != SIZE_MAX)
        return ZP_ERR_CORRUPT;
    to = to < b->end ? to : b->end;
    from = from > b->head ? from : b->head;
    if (from < to)
        memcpy(b->to + from, b->from + from, to - from);
    return ZP_OK;
}

/*
 * A part of what is in memory only in part: what is not there makes no
 * difference, nor does when it gets there.
 */
static void
check_range(const seed *each, zp_worker *worker, const uint8_t *from, size_t nbytes, zp_part part)
{
    const zp_step *step = &each->step;
    static uint8_t out[3][MAX_NBYTES];
    int64_t n[3];

    for (int i = 0; i < 3; i++) {
        uint8_t *some = copy_range(step, worker, from, nbytes, &part, i ? 0xff : 0);
        brought b = {some, malloc(nbytes + 1), nbytes < 256 ? nbytes : 256, part.loaded};
        memset(b.to, 0x55, nbytes + 1);
        memcpy(b.to, some, b.head);
        part.need = i == 2 ? bring : NULL;
        part.source = &b;
        part.context = out[i] + MAX_NBYTES;
        n[i] = step->codec->part(step, worker, i == 2 ? b.to : some, nbytes, each->nbytes, &part);
        check_status(each, n[i], 0);
        free(some);
        free(b.to);
    }
    CHECK(n[0] == n[1] && memcmp(out[0], out[1], MAX_NBYTES) == 0,
          "%s: bytes that are not loaded count", step->codec->name);
    CHECK(n[0] == n[2] && memcmp(out[0], out[2], MAX_NBYTES) == 0,
          "%s: it counts when bytes are loaded", step->codec->name);
    memset(out, 0, sizeof out);
}

/* Have an input decoded in every way that its codec knows; what plain decoding said. */
static int64_t
try_input(const seed *each, zp_worker *worker, guarded *source, guarded *target, size_t room)
{
    const zp_codec *codec = each->step.codec;
    size_t nbytes = each->encoded_nbytes;
    uint8_t *from = guarded_end(source, nbytes), *to = guarded_end(target, room);
    memcpy(from, each->encoded, nbytes);

    int64_t n, decoded = codec->decode(&each->step, worker, from, nbytes, to, room);
    check_status(each, decoded, room);
    if (codec->part) {
        zp_part part = {.sink = take, .context = guarded_end(target, 0)};
        part.start = random_below((uint32_t)each->nbytes + 1);
        part.every = random_below(3) ? 0 : 1 + random_below(4096);
        part.wanted = 1 + part.every / 20;
        part.nbytes = random_below((uint32_t)(each->nbytes - part.start) + 1);
        n = codec->part(&each->step, worker, from, nbytes, each->nbytes, &part);
        check_status(each, n, 0);
        if (codec->range)
            check_range(each, worker, from, nbytes, part);
    }
    if (codec->view) {
        size_t offset = 0;
        n = codec->view(&each->step, worker, from, nbytes, &offset);
        CHECK(n < 0 || offset + (size_t)n <= nbytes, "%s: a view outside", codec->name);
    }
    return decoded;
}

int
main(int argc, char **argv)
{
    long executions = argc > 1 ? atol(argv[1]) : 100000;
    guarded source = guarded_new(MAX_ENCODED + 64), target = guarded_new(2 * MAX_NBYTES);
    zp_worker *worker = zp_worker_new();
    static uint8_t damaged[MAX_ENCODED + 64];
    long refused = 0;

    corpus = argc > 3 ? argv[3] : NULL;
    seed_random(argc > 2 ? (uint64_t)atoll(argv[2]) : 1);
    make_seeds(worker);
    watch_for_the_end();
    int first = corpus ? load_corpus(corpus) : nseeds, last = nseeds;
    for (int i = first; i < last; i++) {
        current = seeds[i];
        is_new(&current, try_input(&current, worker, &source, &target, current.nbytes));
    }
    trace_new_steps();
    for (long run = 0; run < executions && !nfailed; run++) {
        const seed *each = &seeds[random_below((uint32_t)nseeds)];
        size_t room = random_below(4) ? each->nbytes : random_below(2 * MAX_NBYTES);

        current = *each;
        current.encoded = damaged;
        memcpy(damaged, each->encoded, each->encoded_nbytes);
        for (uint32_t i = 1 + random_below(4); i > 0; i--)
            current.encoded_nbytes = damage(damaged, current.encoded_nbytes, sizeof damaged);
        int64_t n = try_input(&current, worker, &source, &target, room);
        note_outcome(n);
        refused += n < 0;
    }
    if (nfailed)
        keep_last();
    printf("fuzz_decode: %ld executions over %d seeds, %d from the corpus, %ld kept, %ld refused\n",
           executions, nseeds, last - first, nkept, refused);
    printf("fuzz_decode: %ld steps of the engine\n", trace_steps());
    for (int i = 0; i < nseeds; i++)
        free(seeds[i].encoded);
    zp_worker_free(worker);
    guarded_free(&source);
    guarded_free(&target);
    return report("fuzz_decode");
}
