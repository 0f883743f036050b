/* What depends on the compiler, the processor and the operating system. */
#ifndef PMICHECK_MACHINE_H
#define PMICHECK_MACHINE_H

#include <stdint.h>

#if defined(__unix__) || defined(__APPLE__)
#define HAS_MMAP 1
#endif

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#define INLINE static inline __attribute__((always_inline))
#define LOAD(address) __atomic_load_n(address, __ATOMIC_ACQUIRE)
#define STORE(address, number) __atomic_store_n(address, number, __ATOMIC_RELEASE)
#else
#define PREFETCH(address) ((void)(address))
#define INLINE static inline
#define LOAD(address) (*(address))
#define STORE(address, number) (*(address) = (number))
#endif

#define APART 64 /* octets between what different threads write, lest they take it from each other */

static inline uint32_t lowest_bit(uint64_t word) {
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(word);
#else
    uint32_t bit = 0;
    while (!(word >> bit & 1)) bit++;
    return bit;
#endif
}

static inline uint32_t ones_in(uint64_t word) {
#if defined(__GNUC__)
    return (uint32_t)__builtin_popcountll(word);
#else
    uint32_t ones = 0;
    for (; word; word &= word - 1) ones++;
    return ones;
#endif
}

static inline uint64_t low_bits(unsigned bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; }

#endif
