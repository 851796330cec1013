/*
 * replaced.h - files that were replaced, and are given up by somebody else
 *
 * When the last name of a file goes, the system waits until what it was writing
 * of it is on the disk, which takes milliseconds, and only then frees its
 * blocks.  Whoever replaces a file need not wait for that: it holds the old one
 * open, and a thread that has nothing else to do closes it.
 */
#ifndef ZP_REPLACED_H
#define ZP_REPLACED_H

#include "file.h"

/* The file of a key, held open while it is replaced; -1 where there is none worth that. */
int zp_replaced_hold(const zp_directory *directory, const char *key);

/* Have it closed soon; at once where many are waiting. */
void zp_replaced_leave(int fd);

/* Wait until all are closed, and their blocks are free; whether there were any. */
int zp_replaced_settle(void);

#endif
