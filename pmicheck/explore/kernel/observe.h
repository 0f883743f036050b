/* What projections and goals see in a new state. */
#ifndef PMICHECK_OBSERVE_H
#define PMICHECK_OBSERVE_H

#include "search.h"

int make_observers(pk_search *k, const pk_system *s);

void free_observers(pk_search *k);

/* Note all that the initial state shows; 0 if memory does not suffice. */
int observe_start(pk_search *k, const uint64_t *key);

/* Note what is seen for the first time in a new state: only what its transition may change can be new in it. */
int observe(pk_search *k, const uint64_t *key, uint32_t id, uint32_t via);

/* Undo what was observed of a state that is not going to be stored. */
void forget(pk_search *k, uint32_t id);

/* Note again that this state was the first to show its value of a projection; 0 if memory does not suffice. */
int observed(pk_search *k, projection *p, const uint64_t *key, uint32_t id);

#endif
