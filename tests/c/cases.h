/*
 * cases.h - every codec with the parameters that lead into different code
 */
#ifndef CASES_H
#define CASES_H

#include "zarrpy.h"

/* Step i, or one without codec when the codec is not in this build; ncases() of them. */
zp_step case_step(int i);
int ncases(void);

/* Encode into memory from malloc; the size, or a negative zp_status. */
int64_t encode_case(const zp_step *step, zp_worker *worker, const void *data, size_t nbytes,
                    uint8_t **encoded);

/*
 * A copy of stored bytes in which only what a part needs is as it was, and the
 * rest is `other`; sets part->loaded.  Of a codec that has ranges; to be freed.
 */
uint8_t *copy_range(const zp_step *step, zp_worker *worker, const uint8_t *encoded, size_t nbytes,
                    zp_part *part, uint8_t other);

#endif
