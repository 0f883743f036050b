/* Exact keys. A key holds a number for each word of a local part and the number of the knowledge set.
 *
 * Words are interned: the number of a word is small, since few of its values ever occur. A system of one word in which
 * the knowledge fits beside it is kept as it is (`plain`), in the lowest bits. Where a number outgrows its bits the
 * search gives it more and packs all keys anew; nothing ever wraps. A key has whole words of 64 bits to work with;
 * where it is kept it goes without the upper half of the last one if nothing is there.
 */
#ifndef PMICHECK_KEYS_H
#define PMICHECK_KEYS_H

#include <stdint.h>
#include <string.h>

#include "kernel.h"
#include "machine.h"
#include "tables.h"

/* The values that one word of local parts takes, by number. */
typedef struct {
    uint64_t *value;
    uint32_t count;
    uint64_t room;
    uint64_t *slot; /* value, number + 1 */
    unsigned log;
} word_table;

/* Where a number lies in a key. */
typedef struct {
    unsigned word, shift, bits;
} place;

/* The places of the W words, and as number W that of the knowledge set. */
typedef struct {
    uint32_t numbers, octets; /* W + 1; of a key as it is kept, a multiple of 4 */
    place *at;
} key_layout;

int word_init(word_table *t);

/* The number of a value, new or old; 0 if memory does not suffice. */
int word_intern(word_table *t, uint64_t value, uint32_t *number);

/* Lay the numbers out from the first key word on, none astride; 0 if they need more than `most` bits. */
int lay_out(key_layout *l, uint64_t most);

unsigned bits_for(uint64_t value);

/* A layout in which the numbers up to those in `last` have room. What bits are left in such a key go to those from
 * `first` on that would outgrow theirs next. */
int widen(const key_layout *old, const uint64_t *last, uint32_t first, uint64_t most, key_layout *wider);

/* Pack a key anew, from one layout to another. */
void repack(const key_layout *from, const uint64_t *key, const key_layout *to, uint64_t *packed);

static inline uint64_t *word_slot(const word_table *t, uint64_t value) {
    uint64_t last = ((uint64_t)1 << t->log) - 1, at = (mix(MULTIPLIER, value) >> 8) & last;
    while (t->slot[2 * at + 1] && t->slot[2 * at] != value) at = (at + 1) & last;
    return t->slot + 2 * at;
}

/* The number of a value, or PK_NONE if it is new. */
static inline uint32_t word_number(const word_table *t, uint64_t value) {
    return (uint32_t)word_slot(t, value)[1] - 1;
}

static inline uint64_t number_in(const uint64_t *key, const place *p) {
    return p->bits ? key[p->word] >> p->shift & low_bits(p->bits) : 0;
}

static inline void put_number(uint64_t *key, const place *p, uint64_t number) {
    if (!p->bits) return; /* the only number is 0; its shift may be 64 */
    key[p->word] = (key[p->word] & ~(low_bits(p->bits) << p->shift)) | number << p->shift;
}

static inline uint32_t words_in(uint32_t octets) { return (octets + 7) / 8; }

/* A key from where it is kept, and back again. */
INLINE void load_key(const char *at, uint64_t *key, uint32_t octets) {
    for (uint32_t w = 0; w < octets / 8; w++) memcpy(key + w, at + 8 * w, 8);
    if (octets % 8) {
        uint32_t half;
        memcpy(&half, at + octets / 8 * 8, 4);
        key[octets / 8] = half;
    }
}

INLINE void keep_key(char *at, const uint64_t *key, uint32_t octets) {
    for (uint32_t w = 0; w < octets / 8; w++) memcpy(at + 8 * w, key + w, 8);
    if (octets % 8) {
        uint32_t half = (uint32_t)key[octets / 8];
        memcpy(at + octets / 8 * 8, &half, 4);
    }
}

INLINE int same_key(const uint64_t *left, const uint64_t *right, uint32_t key_words) {
    uint64_t differs = 0;
    for (uint32_t w = 0; w < key_words; w++) differs |= left[w] ^ right[w];
    return !differs;
}

INLINE int kept_is(const char *at, const uint64_t *key, uint32_t octets) {
    uint64_t kept[PK_KEY_BITS / 64];
    load_key(at, kept, octets);
    return same_key(kept, key, words_in(octets));
}

static inline uint64_t hash_of(const uint64_t *key, uint32_t key_words) {
    uint64_t hash = 0;
    for (uint32_t w = 0; w < key_words; w++) hash = mix(hash, key[w]);
    return hash * 0xD6E8FEB86659FD93ull;
}

/* `function` with constant octets for each of the usual lengths of keys, so that the compiler unrolls every loop over
 * their words. */
#define BY_LENGTH(octets, function, ...)                                                                               \
    ((octets) == 8    ? function(__VA_ARGS__, 8)                                                                       \
     : (octets) == 12 ? function(__VA_ARGS__, 12)                                                                      \
     : (octets) == 16 ? function(__VA_ARGS__, 16)                                                                      \
                      : function(__VA_ARGS__, octets))

#endif
