/* From candidates to states.
 *
 * One thread at a time gives each new candidate of a batch the next number, in the order of plain breadth-first search.
 * It looks the candidates up itself, or several threads have done so before, each in its part of the index: who looks
 * up the candidates of a batch that belong into one part claims a place for each new one. A claimed place tells the
 * candidate until all parts of the batch are looked up: then the new ones get their numbers, in order. So the numbers
 * are those that one thread would give.
 */
#ifndef PMICHECK_SETTLE_H
#define PMICHECK_SETTLE_H

#include "search.h"

/* Turn the candidates of a batch into states; stops at a limit. */
int settle(worker *w, batch *b);

/* Claim places for those new candidates of a batch that belong into one part; returns how many. */
uint64_t claim_new(worker *w, batch *b, uint32_t part);

/* All edges of the states before `state` are recorded: note where they end. */
int close_edges(pk_search *k, uint64_t state);

#endif
