/* The keys of a state's successors, and which of them are handed over to be looked up.
 *
 * Any number of threads may do this at once: it only reads what they share. A successor with a word or a knowledge set
 * that has no number yet is marked, and the thread that settles its batch resolves it, while the others pause.
 */
#ifndef PMICHECK_SUCCESSORS_H
#define PMICHECK_SUCCESSORS_H

#include "enabled.h"

#define LATELY_LOG 15 /* successors that each worker remembers, as a power of 2: they fit into a core's own cache */
#define RECENT_LOG 9 /* values of each word that a worker remembers */
#define LONG_ORDER 48 /* successors of a state that are better sorted by the library */

/* All successors of the states of a batch. */
void expand(worker *w, batch *b);

/* The key of a candidate with new parts; `outgrown` says which number does not fit into its bits any more. */
int resolve(worker *w, const candidate *c, uint64_t *key, uint32_t *outgrown);

/* The first transition into state `to` from state `from`, or PK_NONE if memory does not suffice. */
uint32_t way_between(pk_search *k, uint64_t from, uint64_t to);

/* No worker remembers a successor. */
int forget_lately(pk_search *k);

/* Room for so many more candidates in a batch. */
int candidates_reserve(batch *b, uint64_t more, uint32_t key_words);

void sort_by_library(uint64_t *order, uint64_t count);

INLINE uint64_t *lately_slot(const worker *w, uint64_t hash, uint32_t key_words) {
    return w->lately + (hash >> (64 - LATELY_LOG)) * key_words;
}

INLINE void sort(uint64_t *order, uint64_t count) {
    if (count > LONG_ORDER) {
        sort_by_library(order, count);
        return;
    }
    for (uint64_t i = 1; i < count; i++) {
        uint64_t at = i, entry = order[i];
        for (; at && order[at - 1] > entry; at--) order[at] = order[at - 1];
        order[at] = entry;
    }
}

/* Put the successors of one state into the batch, by transition; not those on whose key a successor of an earlier state
 * had not long ago, for they are nothing new. The others are remembered, after all have been looked at. */
INLINE int hand_over(worker *w, batch *b, uint32_t parent, uint64_t count, uint32_t key_words) {
    int all = w->search->record_edges;
    const successor *successors = w->successor;
    const uint64_t *keys = w->key;
    uint64_t kept = 0, *order = w->order;
    for (uint64_t i = 0; i < count; i++) {
        const successor *s = successors + i;
        const uint64_t *key = keys + i * key_words;
        int lately = s->kind != UNKNOWN && same_key(lately_slot(w, s->hash, key_words), key, key_words);
        order[kept] = (uint64_t)s->via << 32 | i;
        kept += all || !lately;
    }
    if (b->count + kept > b->room && !candidates_reserve(b, kept, key_words)) return PK_MEMORY;
    sort(order, kept);
    uint64_t *to = b->key + b->count * key_words;
    candidate *c = b->candidate + b->count;
    for (uint64_t i = 0; i < kept; i++, to += key_words) {
        const successor *s = successors + (uint32_t)order[i];
        const uint64_t *key = keys + (uint64_t)(uint32_t)order[i] * key_words;
        uint64_t *slot = lately_slot(w, s->hash, key_words);
        *c++ = (candidate){s->hash, parent, s->via};
        for (uint32_t n = 0; n < key_words; n++) to[n] = key[n];
        if (s->kind != UNKNOWN)
            for (uint32_t n = 0; n < key_words; n++) slot[n] = key[n];
        else if (!numbers_add(&b->unknown, (uint32_t)(b->count + i)))
            return PK_MEMORY;
    }
    b->count += kept;
    return PK_OK;
}

#endif
