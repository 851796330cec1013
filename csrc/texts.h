/*
 * texts.h - elements of any length, which their owner makes; not part of the public interface
 */
#ifndef ZP_TEXTS_H
#define ZP_TEXTS_H

#include "zarrpy.h"

/*
 * An element of a decoded chunk of texts: where the bytes of one lie, which stay
 * there until the chunk is placed.
 */
typedef struct zp_text {
    size_t nbytes;
    const char *bytes;
} zp_text;

/* Who owns the texts of a block, whose elements others cannot make. */
typedef struct zp_texts {
    void *owner;
    void *(*open)(void *owner);                                 /* until `close` nobody else may */
    int (*put)(void *opened, char *place, const zp_text *text); /* a zp_status */
    void (*close)(void *opened);
} zp_texts;

#endif
