/*
 * fuzz_decode.c - damaged chunks for every decoder
 *
 *     fuzz_decode [EXECUTIONS [SEED]]
 *
 * Valid chunks are damaged in ways that get past first checks: bits flip, sizes
 * become extreme, parts move.  A decoder may refuse, or give bytes; it must not
 * leave its memory, which a wall behind each buffer and the sanitizers watch.
 */
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "check.h"
#include "zarrpy.h"

#define MAX_SEEDS 1200
#define MAX_NBYTES 60000 /* of a chunk, decoded */
#define MAX_ENCODED (2 * MAX_NBYTES)

typedef struct seed {
    zp_step step;
    uint8_t *encoded;
    size_t encoded_nbytes;
    size_t nbytes;
} seed;

static seed seeds[MAX_SEEDS];
static int nseeds;

static void
make_seeds(zp_worker *worker)
{
    static const size_t sizes[] = {0, 5, 64, 200, 1000, 9000, MAX_NBYTES};
    static uint8_t data[MAX_NBYTES];

    for (int kind = 0; kind < NKINDS; kind++)
        for (int i = 0; i < ncases(); i++)
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
                seed *each = &seeds[nseeds];
                *each = (seed){.step = case_step(i), .nbytes = sizes[s]};
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

/* A part of what is in memory only in part: what is not there makes no difference. */
static void
check_range(const seed *each, zp_worker *worker, const uint8_t *from, size_t nbytes, zp_part part)
{
    const zp_step *step = &each->step;
    static uint8_t out[2][MAX_NBYTES];
    int64_t n[2];

    for (int i = 0; i < 2; i++) {
        uint8_t *some = copy_range(step, worker, from, nbytes, &part, i ? 0xff : 0);
        part.context = out[i] + MAX_NBYTES;
        n[i] = step->codec->part(step, worker, some, nbytes, each->nbytes, &part);
        check_status(each, n[i], 0);
        free(some);
    }
    CHECK(n[0] == n[1] && memcmp(out[0], out[1], MAX_NBYTES) == 0,
          "%s: bytes that are not loaded count", step->codec->name);
    memset(out, 0, sizeof out);
}

int
main(int argc, char **argv)
{
    long executions = argc > 1 ? atol(argv[1]) : 100000;
    guarded source = guarded_new(MAX_ENCODED + 64), target = guarded_new(2 * MAX_NBYTES);
    zp_worker *worker = zp_worker_new();
    static uint8_t damaged[MAX_ENCODED + 64];
    long refused = 0;

    seed_random(argc > 2 ? (uint64_t)atoll(argv[2]) : 1);
    make_seeds(worker);
    for (long run = 0; run < executions; run++) {
        const seed *each = &seeds[random_below((uint32_t)nseeds)];
        const zp_codec *codec = each->step.codec;
        size_t nbytes = each->encoded_nbytes;
        size_t room = random_below(4) ? each->nbytes : random_below(2 * MAX_NBYTES);

        memcpy(damaged, each->encoded, nbytes);
        for (uint32_t i = 1 + random_below(4); i > 0; i--)
            nbytes = damage(damaged, nbytes, sizeof damaged);
        uint8_t *from = guarded_end(&source, nbytes), *to = guarded_end(&target, room);
        memcpy(from, damaged, nbytes);

        int64_t n = codec->decode(&each->step, worker, from, nbytes, to, room);
        check_status(each, n, room);
        refused += n < 0;
        if (codec->part) {
            zp_part part = {random_below((uint32_t)each->nbytes + 1), 0, take,
                            guarded_end(&target, 0), 0};
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
    }
    printf("fuzz_decode: %ld executions over %d seeds, %ld refused\n", executions, nseeds, refused);
    for (int i = 0; i < nseeds; i++)
        free(seeds[i].encoded);
    zp_worker_free(worker);
    guarded_free(&source);
    guarded_free(&target);
    return report("fuzz_decode");
}
