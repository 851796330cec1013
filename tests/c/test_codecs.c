/*
 * test_codecs.c - what every codec promises: zp_step_fn of zarrpy.h, word by word
 */
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "check.h"
#include "zarrpy.h"

#define MOST 300000

static const size_t sizes[] = {0,   1,    3,    4,     15,    127,   128,
                               129, 1000, 4096, 65535, 65536, 70001, MOST};

static zp_worker *worker;
static guarded source, target;

/* Decode from and into memory that ends at a wall. */
static int64_t
decode(const zp_step *step, const uint8_t *encoded, size_t encoded_nbytes, size_t room)
{
    uint8_t *from = guarded_end(&source, encoded_nbytes);

    memcpy(from, encoded, encoded_nbytes);
    return step->codec->decode(step, worker, from, encoded_nbytes, guarded_end(&target, room),
                               room);
}

static void
test_round_trip(const zp_step *step, const char *label, const uint8_t *data, size_t nbytes,
                const uint8_t *encoded, size_t encoded_nbytes)
{
    int64_t n = decode(step, encoded, encoded_nbytes, nbytes);

    CHECK(n == (int64_t)nbytes, "%s of %zu bytes gave %lld", label, nbytes, (long long)n);
    CHECK(n != (int64_t)nbytes || memcmp(guarded_end(&target, nbytes), data, nbytes) == 0,
          "%s of %zu bytes came back changed", label, nbytes);
    if (nbytes)
        CHECK(decode(step, encoded, encoded_nbytes, nbytes - 1) == ZP_ERR_SIZE,
              "%s of %zu bytes into one less", label, nbytes);
    n = decode(step, encoded, encoded_nbytes, nbytes + 100);
    CHECK(n == (int64_t)nbytes, "%s of %zu bytes into more room", label, nbytes);
}

/* Nothing that is cut off or lengthened may pass for whole. */
static void
test_wrong_length(const zp_step *step, const char *label, size_t nbytes, const uint8_t *encoded,
                  size_t encoded_nbytes)
{
    for (size_t n = 0; n < encoded_nbytes; n += 1 + encoded_nbytes / 97) {
        int64_t status = decode(step, encoded, n, nbytes);
        CHECK(status < 0 || status != (int64_t)nbytes, "%s of %zu cut to %zu of %zu passed", label,
              nbytes, n, encoded_nbytes);
    }
    uint8_t *longer = malloc(encoded_nbytes + 1);
    memcpy(longer, encoded, encoded_nbytes);
    longer[encoded_nbytes] = 0x5a;
    CHECK(decode(step, longer, encoded_nbytes + 1, nbytes) < 0, "%s of %zu with a byte more", label,
          nbytes);
    free(longer);
}

/* Pieces come in order and without gaps. */
static void
collect(void *context, size_t start, const void *bytes, size_t nbytes)
{
    zp_part *wanted = context;

    CHECK(start == wanted->start && nbytes <= wanted->nbytes, "a piece at %zu, not %zu", start,
          wanted->start);
    memcpy(wanted->context, bytes, nbytes);
    wanted->context = (uint8_t *)wanted->context + nbytes;
    wanted->start += nbytes;
    wanted->nbytes -= nbytes;
}

static int64_t
decode_part(const zp_step *step, const uint8_t *encoded, size_t encoded_nbytes, size_t nbytes,
            size_t start, size_t n, uint8_t *out)
{
    zp_part rest = {.start = start, .nbytes = n, .context = out};
    zp_part part = {.start = start, .nbytes = n, .sink = collect, .context = &rest};
    int64_t status = step->codec->part(step, worker, encoded, encoded_nbytes, nbytes, &part);

    CHECK(status < 0 || rest.nbytes == 0, "%zu bytes were not handed over", rest.nbytes);
    return status;
}

/* The same with no more of the stored bytes than the part needs. */
static void
test_range(const zp_step *step, const char *label, const uint8_t *data, const uint8_t *encoded,
           size_t encoded_nbytes, size_t nbytes, size_t start, size_t n)
{
    uint8_t *out = guarded_end(&target, n);
    zp_part rest = {.start = start, .nbytes = n, .context = out};
    zp_part part = {.start = start, .nbytes = n, .sink = collect, .context = &rest};
    uint8_t *some = copy_range(step, worker, encoded, encoded_nbytes, &part, 0xa5);
    int64_t status = step->codec->part(step, worker, some, encoded_nbytes, nbytes, &part);

    CHECK(status == ZP_OK && memcmp(out, data + start, n) == 0, "range of %s [%zu, +%zu) of %zu",
          label, start, n, nbytes);
    free(some);
}

/* Elements of eight bytes far from each other; what lies between may be anything. */
static void
test_rhythm(const zp_step *step, const char *label, const uint8_t *data, size_t nbytes,
            const uint8_t *encoded, size_t encoded_nbytes)
{
    size_t wanted = 8 + 8 * random_below(3), sparse = 16 + random_below(100u << random_below(8));
    size_t every = wanted * sparse; /* may be longer than blocks are */
    size_t start = 8 * random_below((uint32_t)nbytes / 8 + 1), n = nbytes - start;
    uint8_t *out = guarded_end(&target, n);
    zp_part rest = {.start = start, .nbytes = n, .context = out};
    zp_part part = {start, n, collect, &rest, 0, every, wanted};

    memset(out, 0xa5, n);
    int64_t status = step->codec->part(step, worker, encoded, encoded_nbytes, nbytes, &part);
    CHECK(status == ZP_OK && rest.nbytes == 0, "%s by rhythm: %d", label, (int)status);
    for (size_t i = 0; i < n; i += every) {
        size_t here = n - i < wanted ? n - i : wanted;
        CHECK(memcmp(out + i, data + start + i, here) == 0, "%s, each %zu of %zu from %zu: at %zu",
              label, wanted, every, start, i);
    }
}

static void
test_part(const zp_step *step, const char *label, const uint8_t *data, size_t nbytes,
          const uint8_t *encoded, size_t encoded_nbytes)
{
    for (int i = 0; i < 20; i++) {
        size_t start = random_below((uint32_t)nbytes + 1);
        size_t n = random_below((uint32_t)(nbytes - start) + 1);
        uint8_t *out = guarded_end(&target, n);
        int64_t status = decode_part(step, encoded, encoded_nbytes, nbytes, start, n, out);
        CHECK(status == ZP_OK && memcmp(out, data + start, n) == 0, "%s [%zu, +%zu) of %zu", label,
              start, n, nbytes);
        size_t few = n < 40 ? n : 40; /* are looked for one by one */
        status = decode_part(step, encoded, encoded_nbytes, nbytes, start, few, out);
        CHECK(status == ZP_OK && memcmp(out, data + start, few) == 0, "%s %zu of %zu at %zu", label,
              few, nbytes, start);
        test_rhythm(step, label, data, nbytes, encoded, encoded_nbytes);
        if (step->codec->range)
            test_range(step, label, data, encoded, encoded_nbytes, nbytes, start, n);
    }
    CHECK(decode_part(step, encoded, encoded_nbytes, nbytes + 1, 0, 0, target.pages) == ZP_ERR_SIZE,
          "%s of another size", label);
    CHECK(decode_part(step, encoded, encoded_nbytes, nbytes, nbytes, 1, target.pages) ==
              ZP_ERR_ARGUMENT,
          "%s beyond its end", label);
}

static void
test_in_place(const zp_step *step, const char *label, const uint8_t *data, size_t nbytes,
              const uint8_t *encoded, size_t encoded_nbytes)
{
    size_t offset = 0;
    int64_t n = step->codec->view(step, worker, encoded, encoded_nbytes, &offset);
    uint8_t *buffer = malloc(encoded_nbytes);

    CHECK(n == (int64_t)nbytes && memcmp(encoded + offset, data, nbytes) == 0, "view of %s", label);
    memcpy(buffer, data, nbytes);
    n = step->codec->append(step, worker, buffer, nbytes);
    CHECK(n == (int64_t)encoded_nbytes && memcmp(buffer, encoded, encoded_nbytes) == 0,
          "append of %s", label);
    buffer[encoded_nbytes / 2] ^= 1;
    CHECK(step->codec->view(step, worker, buffer, encoded_nbytes, &offset) == ZP_ERR_CHECKSUM,
          "a flipped bit in %s of %zu", label, nbytes);
    free(buffer);
}

static void
test_case(int i, const uint8_t *data, size_t nbytes)
{
    zp_step step = case_step(i);
    uint8_t *encoded = NULL;

    if (!step.codec)
        return;
    const char *label = step.codec->name;
    int64_t n = encode_case(&step, worker, data, nbytes, &encoded);
    CHECK(n >= 0, "%s cannot encode %zu bytes: %lld", label, nbytes, (long long)n);
    if (n >= 0) {
        int64_t bound = step.codec->bound(&step, nbytes);
        CHECK(n <= bound, "%s is over its bound", label);
        CHECK(!(step.codec->flags & ZP_EXACT) || n == bound, "%s says its bound is exact", label);
        test_round_trip(&step, label, data, nbytes, encoded, (size_t)n);
        test_wrong_length(&step, label, nbytes, encoded, (size_t)n);
        if (step.codec->part)
            test_part(&step, label, data, nbytes, encoded, (size_t)n);
        if (step.codec->view)
            test_in_place(&step, label, data, nbytes, encoded, (size_t)n);
    }
    free(encoded);
}

/* Whatever allocation fails, a codec says so and works again afterwards. */
static void
test_out_of_memory(int i, const uint8_t *data, size_t nbytes)
{
    zp_step step = case_step(i);

    if (!step.codec)
        return;
    for (int nth = 1; nth < 6; nth++) {
        zp_worker *fresh = zp_worker_new();
        uint8_t *encoded = NULL;
        zp_fail_allocation(nth);
        int64_t n = encode_case(&step, fresh, data, nbytes, &encoded);
        zp_fail_allocation(0);
        CHECK(n >= 0 || n == ZP_ERR_MEMORY, "%s without memory gave %lld", step.codec->name,
              (long long)n);
        free(encoded);
        n = encode_case(&step, fresh, data, nbytes, &encoded);
        CHECK(n >= 0, "%s after memory came back", step.codec->name);

        zp_worker *other = zp_worker_new();
        zp_fail_allocation(nth);
        int64_t back = step.codec->decode(&step, other, encoded, (size_t)n, target.pages, nbytes);
        zp_fail_allocation(0);
        CHECK(back == (int64_t)nbytes || back == ZP_ERR_MEMORY, "%s without memory gave %lld",
              step.codec->name, (long long)back);
        free(encoded);
        zp_worker_free(other);
        zp_worker_free(fresh);
    }
}

static void
test_scratch(void)
{
    uint8_t *first = zp_worker_scratch(worker, ZP_SLOT_PING, 0);

    CHECK(first != NULL, "no bytes are some bytes");
    uint8_t *large = zp_worker_scratch(worker, ZP_SLOT_PING, 1000003);
    CHECK(large && (uintptr_t)large % 64 == 0, "scratch memory is aligned");
    CHECK(zp_worker_scratch(worker, ZP_SLOT_PING, 1000) == large, "scratch memory is kept");
    CHECK(zp_worker_nbytes(worker) >= 1000003, "the worker knows what it holds");
    CHECK(zp_worker_scratch(worker, ZP_SLOT_PONG, SIZE_MAX - 5) == NULL, "too much is refused");
    zp_worker_trim(worker, 2000000);
    CHECK(zp_worker_nbytes(worker) >= 1000003, "what is usual is kept");
    zp_worker_trim(worker, 1000000);
    CHECK(zp_worker_nbytes(worker) == 0, "what is more than usual goes back");
    CHECK(strcmp(zp_strerror(ZP_ERR_CORRUPT), zp_strerror(-1000)) != 0, "statuses have words");
}

int
main(void)
{
    uint8_t *data = malloc(MOST);

    worker = zp_worker_new();
    source = guarded_new(2 * MOST);
    target = guarded_new(2 * MOST);
    test_scratch();
    for (int kind = 0; kind < NKINDS; kind++) {
        make_data(kind, data, MOST);
        for (int i = 0; i < ncases(); i++) {
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
                test_case(i, data, sizes[s]);
            test_out_of_memory(i, data, 70001);
        }
    }
    guarded_free(&source);
    guarded_free(&target);
    zp_worker_free(worker);
    free(data);
    return report("test_codecs");
}
