/* Successors in a system of one word without any knowledge and with few transitions, the fastest case.
 *
 * For each value of each octet of the word there is a row of bits: the transitions whose guard it does not rule out.
 * Where the rows of all octets agree the transitions are enabled; so no guard is tested, and they come in index order.
 */
#ifndef PMICHECK_PURE_H
#define PMICHECK_PURE_H

#include "search.h"

int make_pure(pk_search *k, const pk_system *s);

void free_pure(pk_search *k);

void expand_pure(worker *w, batch *b);

#endif
