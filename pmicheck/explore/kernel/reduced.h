/* Successors in a reduced system (grounding/system.py): eager transitions follow each step at once, and of all images
 * under the symmetries the least is taken, local parts compared before knowledge, last words first.
 */
#ifndef PMICHECK_REDUCED_H
#define PMICHECK_REDUCED_H

#include "search.h"

int make_reduction(pk_search *k, const pk_system *s);

void free_reduction(pk_search *k);

/* As `expand`, in a reduced system. */
void expand_reduced(worker *w, batch *b);

/* As successor_key: the key of the successor, UNKNOWN or SELF. With `k` what is new gets a number, and `outgrown` says
 * which number does not fit any more. The enabled transitions of the worker are lost. */
int reduced_successor(
    worker *w, pk_search *k, const uint64_t *from, uint32_t knowledge, uint32_t t, uint64_t *key, uint32_t *outgrown,
    int *status);

/* Count the eager transitions that followed the last step. */
void count_hurried(worker *w);

#endif
