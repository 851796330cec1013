/* atomic.h - the two atomic operations that the engine needs */
#ifndef ZP_ATOMIC_H
#define ZP_ATOMIC_H

#include <stdint.h>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>

static inline int64_t
zp_atomic_add(volatile int64_t *value, int64_t more)
{
    return _InterlockedExchangeAdd64((volatile __int64 *)value, more);
}

static inline int32_t
zp_atomic_exchange(volatile int32_t *value, int32_t new_value)
{
    return _InterlockedExchange((volatile long *)value, new_value);
}

static inline int32_t
zp_atomic_load(const volatile int32_t *value)
{
    return *value;
}
#else

/* The value before the addition. */
static inline int64_t
zp_atomic_add(volatile int64_t *value, int64_t more)
{
    return __atomic_fetch_add(value, more, __ATOMIC_ACQ_REL);
}

static inline int32_t
zp_atomic_exchange(volatile int32_t *value, int32_t new_value)
{
    return __atomic_exchange_n(value, new_value, __ATOMIC_ACQ_REL);
}

static inline int32_t
zp_atomic_load(const volatile int32_t *value)
{
    return __atomic_load_n(value, __ATOMIC_ACQUIRE);
}
#endif
#endif
