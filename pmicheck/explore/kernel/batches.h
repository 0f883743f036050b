/* Batch after batch, and keys that get longer on the way.
 *
 * Batches are given out in the order of their states and settled in that order, by one thread at a time: by whichever
 * is free when the next one is made. So nothing that is found depends on threads, and none waits while there is work.
 *
 * Several threads may look candidates up at once, each in its part of the index, in the order of batches for each part
 * by itself. A batch is opened for that only if all candidates have keys, for which the index has room. Any other is
 * settled by one thread, when all before it are and none after it is opened.
 */
#ifndef PMICHECK_BATCHES_H
#define PMICHECK_BATCHES_H

#include "search.h"

int make_batches(pk_search *k);

/* What a batch holds, its numbers apart, is given back. */
void empty_batch(batch *b);

/* What memory workers and batches hold. */
void note_held(pk_search *k);

/* Work with the others, whenever they do, until the team is stopped. */
void help(worker *w);

#endif
