/*
 * load.h - unaligned little-endian words; not part of the public interface
 *
 * Compilers turn these into single moves where the machine is little endian.
 */
#ifndef ZP_LOAD_H
#define ZP_LOAD_H

#include <stdint.h>

static inline uint32_t
zp_load16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t
zp_load32(const uint8_t *p)
{
    return zp_load16(p) | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t
zp_load64(const uint8_t *p)
{
    return zp_load32(p) | (uint64_t)zp_load32(p + 4) << 32;
}

static inline void
zp_store32(uint8_t *p, uint32_t word)
{
    p[0] = (uint8_t)word;
    p[1] = (uint8_t)(word >> 8);
    p[2] = (uint8_t)(word >> 16);
    p[3] = (uint8_t)(word >> 24);
}

static inline void
zp_store64(uint8_t *p, uint64_t word)
{
    zp_store32(p, (uint32_t)word);
    zp_store32(p + 4, (uint32_t)(word >> 32));
}

#endif
