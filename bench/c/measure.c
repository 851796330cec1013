#include "measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "zarrpy.h"

#define MAX_COLUMNS 16

int quick;
static FILE *json;
static char title[200], columns[MAX_COLUMNS][40];
static int ncolumns, column;

double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double
fastest_until(double end, work_fn work, void *context)
{
    double best = INFINITY;

    do {
        double start = now();
        work(context);
        double took = now() - start;
        if (took < best)
            best = took;
    } while (now() < end);
    return best;
}

double
fastest(work_fn work, void *context)
{
    return fastest_until(now() + (quick ? 0.05 : 0.2), work, context);
}

double
fastest_within(double seconds, work_fn work, void *context)
{
    return fastest_until(now() + (quick ? seconds / 10 : seconds), work, context);
}

void
make_field(float *values, size_t n)
{
    uint64_t state = 88172645463325252u;
    double drift = 0;

    for (size_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        double noise = (double)(state >> 40) / (double)(1 << 24) - 0.5;
        drift = 0.98 * drift + noise;
        values[i] = (float)(285 + 20 * sin((double)i / 57000) + 4 * sin((double)i / 311) +
                            0.3 * drift + 0.02 * noise);
    }
}

void
read_options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            quick = 1;
        } else if (strcmp(argv[i], "--json") == 0 && i + 1 < argc) {
            json = fopen(argv[++i], "a");
            must(json != NULL, argv[i]);
        } else {
            fprintf(stderr, "usage: %s [--quick] [--json FILE]\n", argv[0]);
            exit(2);
        }
    }
#ifdef M_MMAP_THRESHOLD
    /* Memory that goes back to the system with each chunk would be measured more than codecs. */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
    static const char *const libraries[] = {"zstd", "lz4", "blosclz", "zlib-ng", "libdeflate"};
    printf("SIMD %s", zp_cpu_features());
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
        if (zp_library_version(libraries[i]))
            printf(", %s %s", libraries[i], zp_library_version(libraries[i]));
    printf("\n");
}

void
table_begin(const char *name, const char *words)
{
    snprintf(title, sizeof title, "%s", name);
    ncolumns = column = 0;
    while (*words && ncolumns < MAX_COLUMNS) {
        size_t n = strcspn(words, " ");
        snprintf(columns[ncolumns++], sizeof columns[0], "%.*s", (int)n, words);
        words += n + (words[n] == ' ');
    }
    printf("\n%s\n", title);
    for (int i = 0; i < ncolumns; i++)
        printf(i ? "%14s" : "%-24s", columns[i]);
    printf("\n");
}

static void
begin_cell(void)
{
    must(column < ncolumns, "a row has as many cells as there are columns");
    if (json)
        fprintf(json, "%s\"%s\": ", column ? ", " : "{", columns[column]);
    if (json && column == 0)
        fflush(json);
}

void
table_text(const char *text)
{
    begin_cell();
    if (json)
        fprintf(json, "\"%s\"", text);
    printf(column ? "%14s" : "%-24s", text);
    column++;
}

void
table_number(double value, int digits)
{
    begin_cell();
    if (json)
        fprintf(json, "%.*f", digits, value);
    printf(column ? "%14.*f" : "%-24.*f", digits, value);
    column++;
}

void
table_row_end(void)
{
    if (json)
        fprintf(json, ", \"table\": \"%s\"}\n", title);
    printf("\n");
    fflush(stdout);
    column = 0;
}

void
report_end(void)
{
    if (json)
        fclose(json);
}

void
must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "cannot go on: %s\n", what);
    exit(1);
}
