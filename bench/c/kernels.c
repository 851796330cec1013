/*
 * kernels.c - GB/s of each kernel beside memcpy
 */
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "zarrpy.h"

typedef struct kernel {
    const char *name;
    size_t itemsize;
    uint8_t *src, *dst, *temp;
    size_t nbytes;
    int repeats;
    void (*run)(const struct kernel *k);
    uint32_t result;
} kernel;

static void
copy(const kernel *k)
{
    memcpy(k->dst, k->src, k->nbytes);
}

static void
shuffle(const kernel *k)
{
    zp_shuffle(k->src, k->dst, k->nbytes, k->itemsize);
}

static void
unshuffle(const kernel *k)
{
    zp_unshuffle(k->src, k->dst, k->nbytes, k->itemsize);
}

static void
bitshuffle(const kernel *k)
{
    zp_bitshuffle(k->src, k->dst, k->nbytes / k->itemsize, k->itemsize, k->temp);
}

static void
bitunshuffle(const kernel *k)
{
    zp_bitunshuffle(k->src, k->dst, k->nbytes / k->itemsize, k->itemsize, k->temp);
}

static void
byteswap(const kernel *k)
{
    zp_byteswap(k->src, k->dst, k->nbytes, k->itemsize);
}

static void
crc32c(const kernel *k)
{
    ((kernel *)k)->result ^= zp_crc32c(0, k->src, k->nbytes);
}

static void
repeat(void *context)
{
    const kernel *k = context;

    for (int i = 0; i < k->repeats; i++)
        k->run(k);
}

static const kernel kernels[] = {
    {.name = "memcpy", .run = copy},
    {.name = "shuffle 2", .itemsize = 2, .run = shuffle},
    {.name = "shuffle 4", .itemsize = 4, .run = shuffle},
    {.name = "shuffle 8", .itemsize = 8, .run = shuffle},
    {.name = "shuffle 16", .itemsize = 16, .run = shuffle},
    {.name = "shuffle 12", .itemsize = 12, .run = shuffle},
    {.name = "unshuffle 2", .itemsize = 2, .run = unshuffle},
    {.name = "unshuffle 4", .itemsize = 4, .run = unshuffle},
    {.name = "unshuffle 8", .itemsize = 8, .run = unshuffle},
    {.name = "unshuffle 16", .itemsize = 16, .run = unshuffle},
    {.name = "unshuffle 12", .itemsize = 12, .run = unshuffle},
    {.name = "bitshuffle 4", .itemsize = 4, .run = bitshuffle},
    {.name = "bitunshuffle 4", .itemsize = 4, .run = bitunshuffle},
    {.name = "byteswap 2", .itemsize = 2, .run = byteswap},
    {.name = "byteswap 4", .itemsize = 4, .run = byteswap},
    {.name = "byteswap 8", .itemsize = 8, .run = byteswap},
    {.name = "crc32c", .run = crc32c},
};

int
main(int argc, char **argv)
{
    static const size_t sizes[] = {12 << 10, 192 << 10, 12 << 20};
    size_t most = sizes[2];
    uint8_t *src = malloc(most), *dst = malloc(most), *temp = malloc(most);

    read_options(argc, argv);
    must(src && dst && temp, "memory");
    make_field((float *)(void *)src, most / 4);
    memset(dst, 1, most);
    memset(temp, 1, most);
    table_begin("kernels, GB/s", "kernel 12KiB 192KiB 12MiB");
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        table_text(kernels[i].name);
        for (size_t s = 0; s < 3; s++) {
            kernel k = kernels[i];
            k.src = src, k.dst = dst, k.temp = temp;
            k.nbytes = sizes[s];
            k.repeats = (int)(sizes[2] / sizes[s]);
            double seconds = fastest(repeat, &k);
            table_number((double)k.nbytes * k.repeats / seconds / 1e9, 1);
        }
        table_row_end();
    }
    report_end();
    free(src);
    free(dst);
    free(temp);
    return 0;
}
