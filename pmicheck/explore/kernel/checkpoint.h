/* What a search has found as octets that can be kept, and a search made again from them (pk_unsaved, pk_restore).
 *
 * A section holds what is new since the one before it, or since pk_new, in 64-bit words: a head, then keys, knowledge
 * sets, discoverers and values of words as they lie in memory, and the states that projections have seen. Tables that
 * only find things again are made anew.
 */
#ifndef PMICHECK_CHECKPOINT_H
#define PMICHECK_CHECKPOINT_H

#include "search.h"

int make_saved(pk_search *k);

void free_saved(saved *m);

#endif
