/*
 * document.h - what the benchmarks need to know of a stored array
 */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <stdint.h>

#include "zarrpy.h"

#define MAX_NDIM 8
#define MAX_NSTEPS 4

/* A v3 array: regular grid, default keys, elements in the byte order of this machine. */
typedef struct stored_array {
    int ndim;
    int64_t shape[MAX_NDIM];
    int64_t chunk[MAX_NDIM];
    uint32_t itemsize;
    int nsteps;
    zp_step steps[MAX_NSTEPS];
    zp_keys keys;
} stored_array;

/*
 * Understand a zarr.json, or a text in which one is the member "document".
 * The program ends where it holds something that the benchmarks do not use.
 */
void parse_document(const char *text, stored_array *array);

/* The contents of a file with a zero byte behind them; free() it. */
char *read_text(const char *path);

#endif
