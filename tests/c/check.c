#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

long ncheck, nfailed;
static uint64_t state = 0x9e3779b97f4a7c15u;

int
report(const char *program)
{
    printf("%s: %ld checks, %ld failed\n", program, ncheck, nfailed);
    return nfailed || !ncheck ? 1 : 0;
}

void
seed_random(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15u + 1;
}

uint32_t
random_word(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

uint32_t
random_below(uint32_t limit)
{
    return limit ? random_word() % limit : 0;
}

void
make_data(int kind, uint8_t *data, size_t nbytes)
{
    float value = 280.0f;

    for (size_t i = 0; i < nbytes; i++) {
        if (kind == 0)
            data[i] = 0;
        else if (kind == 1)
            data[i] = (uint8_t)random_word();
        else if (kind == 3)
            data[i] = (uint8_t)("the quick brown fox "[i % 20] + (random_below(40) == 0));
        else if (kind == 4)
            data[i] = i < 256 || random_below(256) == 0 ? (uint8_t)random_word() : data[i - 256];
        else if (i % 4 == 0) {
            value += (float)random_below(1000) / 5000.0f - 0.1f;
            memcpy(data + i, &value, nbytes - i < 4 ? nbytes - i : 4);
        }
    }
}

guarded
guarded_new(size_t nbytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    guarded memory = {NULL, (nbytes + page - 1) / page * page + page};

    memory.pages = mmap(NULL, memory.nbytes + page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory.pages == MAP_FAILED ||
        mprotect(memory.pages + memory.nbytes, page, PROT_NONE) != 0) {
        perror("guarded memory");
        exit(2);
    }
    return memory;
}

uint8_t *
guarded_end(const guarded *memory, size_t nbytes)
{
    return memory->pages + memory->nbytes - nbytes;
}

void
guarded_free(guarded *memory)
{
    munmap(memory->pages, memory->nbytes + (size_t)sysconf(_SC_PAGESIZE));
}
