/*
 * test_kernels.c - each kernel against its definition, at every size near a vector's
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "stream.h"
#include "zarrpy.h"

#define MOST 70000

static uint8_t data[MOST], wanted[MOST], found[MOST], back[MOST], temp[MOST];

static void
test_shuffle(size_t nbytes, size_t itemsize)
{
    size_t nelems = nbytes / itemsize;

    memcpy(wanted, data, nbytes);
    for (size_t i = 0; i < nelems; i++)
        for (size_t byte = 0; byte < itemsize; byte++)
            wanted[byte * nelems + i] = data[i * itemsize + byte];
    zp_shuffle(data, found, nbytes, itemsize);
    CHECK(memcmp(found, wanted, nbytes) == 0, "shuffle of %zu by %zu", nbytes, itemsize);
    zp_unshuffle(found, back, nbytes, itemsize);
    CHECK(memcmp(back, data, nbytes) == 0, "unshuffle of %zu by %zu", nbytes, itemsize);
    for (size_t shift = 0; shift < 64 && nbytes + shift < MOST; shift += 13) {
        memset(back, 0xa5, MOST);
        zp_unshuffle_streamed(found, back + shift, nbytes, itemsize);
        CHECK(memcmp(back + shift, data, nbytes) == 0 && back[shift + nbytes] == 0xa5,
              "unshuffle past the cache of %zu by %zu at %zu", nbytes, itemsize, shift);
    }
}

static void
test_bitshuffle(size_t nelems, size_t itemsize)
{
    size_t nbytes = nelems * itemsize, row_nbytes = nelems / 8;

    memset(wanted, 0, nbytes);
    for (size_t i = 0; i < nelems; i++)
        for (size_t bit = 0; bit < 8 * itemsize; bit++)
            if (data[i * itemsize + bit / 8] >> (bit % 8) & 1)
                wanted[bit * row_nbytes + i / 8] |= (uint8_t)(1 << (i % 8));
    CHECK(zp_bitshuffle(data, found, nelems, itemsize, temp) == ZP_OK, "%zu", nelems);
    CHECK(memcmp(found, wanted, nbytes) == 0, "bitshuffle of %zu by %zu", nelems, itemsize);
    CHECK(zp_bitunshuffle(found, back, nelems, itemsize, temp) == ZP_OK, "%zu", nelems);
    CHECK(memcmp(back, data, nbytes) == 0, "bitunshuffle of %zu by %zu", nelems, itemsize);
}

static void
test_byteswap(size_t nbytes, size_t size)
{
    for (size_t i = 0; i < nbytes; i++)
        wanted[i] = data[i / size * size + size - 1 - i % size];
    zp_byteswap(data, found, nbytes, size);
    CHECK(memcmp(found, wanted, nbytes) == 0, "byteswap of %zu by %zu", nbytes, size);
    memcpy(back, data, nbytes);
    zp_byteswap(back, back, nbytes, size);
    CHECK(memcmp(back, wanted, nbytes) == 0, "byteswap in place of %zu by %zu", nbytes, size);
}

static uint32_t
crc32c_by_bits(const uint8_t *p, size_t nbytes)
{
    uint32_t crc = ~0u;

    for (size_t i = 0; i < nbytes; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return ~crc;
}

static void
test_crc32c(size_t nbytes)
{
    uint32_t crc = crc32c_by_bits(data + 1, nbytes);
    size_t half = nbytes / 3;

    CHECK(zp_crc32c(0, data + 1, nbytes) == crc, "crc32c of %zu", nbytes);
    CHECK(zp_crc32c(zp_crc32c(0, data + 1, half), data + 1 + half, nbytes - half) == crc,
          "crc32c of %zu in two parts", nbytes);
}

int
main(void)
{
    static const size_t counts[] = {0,  1,  7,  8,  15,  16,  17,  31,  32,  33,   63,
                                    64, 65, 96, 97, 127, 128, 255, 256, 257, 1000, 4096};
    static const size_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};

    make_data(1, data, MOST);
    printf("SIMD: %s\n", zp_cpu_features());
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            test_shuffle(counts[c] * sizes[s], sizes[s]);
            test_shuffle(counts[c] * sizes[s] + sizes[s] / 2, sizes[s]);
            test_bitshuffle(counts[c] / 8 * 8, sizes[s]);
        }
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        for (size_t size = 2; size <= 8; size *= 2)
            test_byteswap(counts[c] * size, size);
    for (size_t nbytes = 0; nbytes < 900; nbytes++)
        test_crc32c(nbytes);
    for (size_t nbytes = 12200; nbytes < 12400; nbytes += 7)
        test_crc32c(nbytes);
    CHECK(zp_bitshuffle(data, found, 9, 4, temp) == ZP_ERR_ARGUMENT, "9 elements");
    CHECK(zp_crc32c(0, "123456789", 9) == 0xe3069283u, "the check value of the catalogue");
    return report("test_kernels");
}
