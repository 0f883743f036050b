/* How states are found again: the index finds the number of a state by a hash of its key.
 *
 * Buckets of one cache line hold 12 numbers with 8 bits of the hash each; a full one overflows into the next. The index
 * has a part for each thread, between which nothing overflows, so that threads can look up at once.
 *
 * Numbers from FIRST_CLAIM on are claims: the place is that of a candidate, whose number is still to be given
 * (settle.c).
 */
#ifndef PMICHECK_INDEX_H
#define PMICHECK_INDEX_H

#include "states.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define BATCHES 4  /* for each thread, if there are several */
#define MOST_CLAIMS (1u << 16) /* candidates of a batch that is looked up by parts */
#define FIRST_CLAIM (PK_NONE - BATCHES * PK_MOST_THREADS * MOST_CLAIMS)
#define AHEAD 16 /* states between fetching a bucket, fetching the key that it points to, and looking there */

/* Whether so many buckets have room for so many more numbers, wherever they belong. */
int fit_into(uint64_t buckets, const state_index *x, uint64_t more);

/* How many buckets the index has to have for so many more numbers: its own if they suffice. */
uint64_t buckets_for(const state_index *x, uint64_t more);

/* Fill the parts of the index that nobody is at (under the lock); range by range if they may be more than memory holds,
 * for a disk suffers from places in no order. */
void fill_parts(pk_search *k);

/* Fill the index anew, `buckets` large, with the help of all threads that are free. */
int fill_index(pk_search *k, uint64_t buckets);

/* Count anew how many numbers belong into each part. */
void count_parts(pk_search *k);

/* Both, as large as need be. */
int refill_index(pk_search *k);

static inline uint8_t tag_in(uint64_t hash) { return (uint8_t)(hash >> 16) ? (uint8_t)(hash >> 16) : 1; }

static inline uint64_t bucket_in(uint64_t hash, uint64_t buckets) { return ((hash >> 32) * buckets) >> 32; }

static inline uint32_t part_in(uint64_t hash, uint64_t parts) { return (uint32_t)(((hash >> 32) * parts) >> 32); }

/* Which of the 12 tags are this one: a bit each. */
static inline uint32_t tags_equal(const bucket *b, uint8_t tag) {
#if defined(__SSE2__)
    __m128i tags = _mm_loadu_si128((const __m128i *)(const void *)b->tag);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag))) & ((1u << BUCKET) - 1);
#else
    uint32_t equal = 0;
    for (unsigned i = 0; i < BUCKET; i++) equal |= (uint32_t)(b->tag[i] == tag) << i;
    return equal;
#endif
}

/* Where a bucket overflows to: the next one of the part that the hash belongs into. */
static inline uint64_t overflow(const state_index *x, uint64_t hash, uint64_t at) {
    uint64_t end = (part_in(hash, x->parts) + 1) * x->in_part;
    return at + 1 < end ? at + 1 : end - x->in_part;
}

/* Whether a place of the index has the number of this key; `claims`: or a claim on it. */
INLINE int holds(const pk_search *k, uint32_t id, const uint64_t *key, uint32_t octets, int claims) {
    if (!claims || id < FIRST_CLAIM) return kept_is(kept(k, id, octets), key, octets);
    uint32_t claim = id - FIRST_CLAIM, key_words = words_in(octets);
    const batch *b = k->batch + claim / MOST_CLAIMS;
    return same_key(b->key + (uint64_t)(claim % MOST_CLAIMS) * key_words, key, key_words);
}

/* The place in the index that has the number of this key; if there is none a new one that is to get it. */
INLINE uint32_t *find(
    const pk_search *k, uint64_t hash, const uint64_t *key, uint32_t octets, int claims, int *is_new) {
    const state_index *x = &k->index;
    for (uint64_t at = bucket_in(hash, x->buckets);; at = overflow(x, hash, at)) {
        bucket *b = x->at + at;
        for (uint32_t equal = tags_equal(b, tag_in(hash)); equal; equal &= equal - 1) {
            uint32_t *place = b->id + lowest_bit(equal);
            if (holds(k, LOAD(place), key, octets, claims)) return place;
        }
        uint32_t empty = tags_equal(b, 0);
        if (!empty) continue;
        *is_new = 1;
        b->tag[lowest_bit(empty)] = tag_in(hash);
        return b->id + lowest_bit(empty);
    }
}

INLINE void fetch_bucket(const pk_search *k, uint64_t hash) {
    PREFETCH(k->index.at + bucket_in(hash, k->index.buckets));
}

/* Fetch the key that the bucket, which is at hand by now, points to. */
INLINE void fetch_key(const pk_search *k, uint64_t hash, uint32_t octets) {
    const bucket *there = k->index.at + bucket_in(hash, k->index.buckets);
    uint32_t equal = tags_equal(there, tag_in(hash));
    if (equal) PREFETCH(kept(k, LOAD(there->id + lowest_bit(equal)), octets));
}

#endif
