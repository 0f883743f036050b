/* Knowledge sets by number, and their closure under the Horn rules. */
#ifndef PMICHECK_KNOWLEDGE_H
#define PMICHECK_KNOWLEDGE_H

#include "search.h"

/* Make the Horn rules and the tables; 0 if memory does not suffice, here and wherever something is made. */
int make_horn(pk_search *k, const pk_system *s);

void free_horn(pk_search *k);

/* The number of a closed knowledge set, new or old. */
int intern(pk_search *k, const uint64_t *set, uint32_t *id);

/* As `learnt`, worked out if need be. */
int learn(pk_search *k, uint32_t knowledge, uint32_t learns, uint32_t *result);

static inline const uint64_t *known_in(const pk_search *k, uint32_t knowledge) {
    return k->knowledge + (uint64_t)knowledge * k->knowledge_words;
}

/* The knowledge set that results when the facts of a `learns` set are learnt; PK_NONE if nobody has asked for it yet. */
static inline uint32_t learnt(const pk_search *k, uint32_t knowledge, uint32_t learns) {
    const uint64_t *known = known_in(k, knowledge);
    if (sparse_within(&k->learns, learns, known)) return knowledge;
    const uint64_t *slot = memo_slot(&k->closures, (uint64_t)knowledge << 32 | learns);
    return slot[0] ? (uint32_t)slot[1] : PK_NONE;
}

#endif
