/* Where the states lie, and by which state each was discovered.
 *
 * `keys` holds the key of every state in the order of their numbers. The discoverers are nondecreasing in that order,
 * so two bits a state suffice: for each expanded state a 1 for each state that it discovered, then a 0.
 */
#ifndef PMICHECK_STATES_H
#define PMICHECK_STATES_H

#include "knowledge.h"
#include "search.h"

#define SAMPLE 4096 /* the place of every so many states in the bits of the discoverers is kept */

/* The first layout of the keys: the whole word of a plain system; every other number is 0. */
int make_layout(pk_search *k, const pk_system *s);

/* Every number of the keys has the bits that it needs by now, in another layout; PK_OK, PK_KEYS or PK_MEMORY. */
int fitting_layout(const pk_search *k, key_layout *wider);

/* All keys in another layout, which takes the place of the old one. */
int repack_all(pk_search *k, key_layout *wider);

uint32_t unpack_state(const pk_search *k, uint64_t id, uint64_t *local);

/* Room for so many more discoveries, and for as many states that have no more to make. */
int reserve_ways(pk_search *k, uint64_t ones, uint64_t zeros);

/* The state that discovered state `id` (not 0): how many 0s stand before its 1. */
uint64_t discoverer(const pk_search *k, uint64_t id);

/* Take samples of all the bits of the discoverers; PK_FORMAT if they do not say who discovered each state. */
int sample_ways(pk_search *k);

static inline void append_one(pk_search *k) {
    if (k->way_ones % SAMPLE == 0) ((uint64_t *)k->samples.at)[k->way_ones / SAMPLE] = k->way_bits;
    k->way_ones++;
    ((uint64_t *)k->ways.at)[k->way_bits / 64] |= 1ull << (k->way_bits % 64);
    k->way_bits++;
}

/* Where the key of a state is kept. */
static inline char *kept(const pk_search *k, uint64_t id, uint32_t octets) { return (char *)k->keys.at + id * octets; }

static inline void get_key(const pk_search *k, uint64_t id, uint64_t *key) {
    load_key(kept(k, id, k->layout.octets), key, k->layout.octets);
}

static inline uint64_t word_of(const pk_search *k, const uint64_t *key, uint32_t w) {
    uint64_t number = number_in(key, k->layout.at + w);
    return k->plain ? number : k->word[w].value[number];
}

static inline uint32_t knowledge_in(const pk_search *k, const uint64_t *key) {
    return (uint32_t)number_in(key, k->layout.at + k->words);
}

/* All words of the local part of a state and the number of its knowledge set. */
INLINE uint32_t unpack(const pk_search *k, const uint64_t *key, uint64_t *local) {
    for (uint32_t w = 0; w < k->words; w++) local[w] = word_of(k, key, w);
    return knowledge_in(k, key);
}

#endif
