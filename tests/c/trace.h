/*
 * trace.h - which ways code has gone, where it was compiled to tell (ZARRPY_TRACE)
 */
#ifndef TRACE_H
#define TRACE_H

/*
 * How many steps from one place to another were made since the last call that
 * had not been made before, or not about as often; 0 where nothing is traced.
 */
int trace_new_steps(void);

/* How many different steps have been made. */
long trace_steps(void);

#endif
