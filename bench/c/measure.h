/*
 * measure.h - clock, data, tables and JSON for the benchmarks in C
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stddef.h>
#include <stdint.h>

/* Seconds of a clock that only goes forward. */
double now(void);

/* What a measurement does once; `context` is its own. */
typedef void (*work_fn)(void *context);

/*
 * Seconds of the fastest of several runs, repeated for about a fifth of a
 * second (a twentieth with --quick): other load on the machine only adds.
 */
double fastest(work_fn work, void *context);

/* The same, repeated for so long; a tenth of that with --quick. */
double fastest_within(double seconds, work_fn work, void *context);

/* A field of float32 like those of weather models: large waves, small ones, noise. */
void make_field(float *values, size_t n);

/* Options common to the programs: --quick, --json FILE.  Unknown ones end the program. */
void read_options(int argc, char **argv);
extern int quick;

/*
 * A table whose rows go to the terminal and, with --json, to a file.  Columns
 * are words separated by spaces; a row gives a text for each.
 */
void table_begin(const char *title, const char *columns);
void table_text(const char *text);
void table_number(double value, int digits);
void table_row_end(void);
void report_end(void);

/* End the program unless `good`. */
void must(int good, const char *what);

#endif
