#include "cases.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* More parameters, laid out as the codecs say. */
static const struct {
    uint32_t initial;
    uint32_t prefix_nbytes;
    uint8_t prefix[8];
} hashing = {3, 8, "prefixed"};
static const int32_t padding_told[6] = {0, 8, 2, 1, 0, 0}, whole_bytes[6] = {0, 8, 0, 0, 0, 0};

/* Every byte but 0 as a label of its own, by falling number. */
static struct {
    uint64_t nlabels;
    uint64_t nkeys;
    uint8_t texts[255];
    uint8_t keys[255];
    uint8_t numbers[255 * sizeof(uint64_t)];
} labelled;

static const struct {
    const char *codec;
    zp_step step;
} cases[] = {
    {"zstd", {.level = 0}},
    {"zstd", {.level = -7, .checksum = 1}},
    {"zstd", {.level = 19, .checksum = 1}},
    {"lz4", {.level = 1}},
    {"gzip", {.level = 0}},
    {"gzip", {.level = 6}},
    {"zlib", {.level = 1}},
    {"zlib", {.level = 9}},
    {"snappy", {0}},
    {"crc32c", {0}},
    {"crc32", {.at_start = 1}},
    {"adler32", {.at_start = 1}},
    {"fletcher32", {0}},
    {"jenkins_lookup3", {.aux = &hashing}},
    {"base64", {0}},
    {"shuffle", {.itemsize = 1}},
    {"astype", {.variant = ZP_INT8 | ZP_INT16 << 8}},
    {"astype", {.variant = ZP_UINT8 | ZP_FLOAT16 << 8}},
    {"astype", {.variant = ZP_BOOL | ZP_BOOL << 8}},
    {"categorize", {.itemsize = 1, .variant = ZP_UINT8, .aux = &labelled}},
    {"categorize", {.itemsize = 1, .variant = ZP_INT16, .aux = &labelled}},
    {"delta", {.variant = ZP_INT8 | ZP_INT16 << 8}},
    {"delta", {.variant = ZP_UINT8 | ZP_UINT8 << 8}},
    {"packbits", {.itemsize = 1, .aux = &padding_told}},
    {"packbits", {.itemsize = 1, .aux = &whole_bytes}},
    {"blosc", {.compressor = ZP_BLOSCLZ, .level = 5, .itemsize = 4, .shuffle = 1}},
    {"blosc", {.compressor = ZP_BLOSCLZ, .level = 9, .itemsize = 1, .shuffle = 2}},
    {"blosc", {.compressor = ZP_LZ4, .level = 5, .itemsize = 4, .shuffle = 1}},
    {"blosc", {.compressor = ZP_LZ4, .level = 1, .itemsize = 8, .shuffle = 2}},
    {"blosc", {.compressor = ZP_LZ4, .level = 5, .itemsize = 3, .blocksize = 777}},
    {"blosc", {.compressor = ZP_LZ4HC, .level = 9, .itemsize = 2, .shuffle = 1}},
    {"blosc", {.compressor = ZP_SNAPPY, .level = 5, .itemsize = 4, .shuffle = 1}},
    {"blosc", {.compressor = ZP_ZLIB, .level = 5, .itemsize = 4, .shuffle = 1}},
    {"blosc", {.compressor = ZP_ZSTD, .level = 5, .itemsize = 4, .shuffle = 1, .split = 1}},
    {"blosc", {.compressor = ZP_ZSTD, .level = 3, .itemsize = 16, .shuffle = 2}},
    {"blosc", {.compressor = ZP_ZSTD, .level = 0, .itemsize = 4, .shuffle = 1}},
};

int
ncases(void)
{
    return (int)(sizeof cases / sizeof cases[0]);
}

static void
make_labels(void)
{
    labelled.nlabels = labelled.nkeys = 255;
    for (uint64_t i = 0; i < 255; i++) {
        uint64_t number = 255 - i;
        labelled.texts[i] = (uint8_t)number;
        labelled.keys[i] = (uint8_t)(i + 1);
        memcpy(labelled.numbers + i * sizeof number, &number, sizeof number);
    }
}

zp_step
case_step(int i)
{
    zp_step step = cases[i].step;
    uint8_t room[64];

    make_labels();
    step.codec = zp_codec_find(cases[i].codec);
    /* A container without the compressor in it is not in this build either. */
    if (step.codec && strcmp(cases[i].codec, "blosc") == 0 &&
        step.codec->encode(&step, NULL, room, 0, room, sizeof room) == ZP_ERR_UNSUPPORTED)
        step.codec = NULL;
    return step;
}

int64_t
encode_case(const zp_step *step, zp_worker *worker, const void *data, size_t nbytes,
            uint8_t **encoded)
{
    int64_t bound = step->codec->bound(step, nbytes);

    if (bound < 0)
        return bound;
    *encoded = malloc((size_t)bound + 1);
    return *encoded ? step->codec->encode(step, worker, data, nbytes, *encoded, (size_t)bound)
                    : ZP_ERR_MEMORY;
}

uint8_t *
copy_range(const zp_step *step, zp_worker *worker, const uint8_t *encoded, size_t nbytes,
           zp_part *part, uint8_t other)
{
    size_t head = nbytes < 256 ? nbytes : 256, from = 0, to = nbytes;
    uint8_t *some = malloc(nbytes + 1);

    memset(some, other, nbytes + 1);
    memcpy(some, encoded, head);
    if (step->codec->range(worker, some, head, nbytes, part, &from, &to) < 0) {
        from = 0;
        to = nbytes;
    }
    CHECK(from <= nbytes && to <= nbytes, "a range beyond the bytes of %s", step->codec->name);
    part->loaded = to < head ? head : to;
    if (from < to)
        memcpy(some + from, encoded + from, to - from);
    return some;
}
