/* Threads that work on one search, and what they tell one another.
 *
 * What they share is changed under one lock, and rarely: a batch of successors is made in between. Who waits for a
 * change looks again and again at first, for sleeping threads are woken late and may then have to share a processor.
 */
#ifndef PMICHECK_THREADS_H
#define PMICHECK_THREADS_H

#include "search.h"

#if HAS_MMAP && !defined(__STDC_NO_ATOMICS__)
#define HAS_THREADS 1
#endif

void enter(pk_search *k);

void leave(pk_search *k);

/* Something has changed (under the lock). */
void announce(pk_search *k);

void await_change(pk_search *k);

void count_makers(pk_search *k, int more);

/* From here on the tables that making successors reads may be changed. */
void halt(pk_search *k);

void resume(pk_search *k);

void rest(pk_search *k);

int stopped(const pk_search *k);

/* Start the threads, each at `help`; 0 on failure. Keys must never move while some thread reads them: where they may,
 * one thread has to do. */
int make_team(pk_search *k, void (*help)(worker *w));

void team_free(pk_search *k);

static inline int halted(const pk_search *k) { return LOAD(&k->halted); }

/* Whether the rest of a batch is to be made, perhaps after a pause. */
static inline int go_on(const worker *w, const batch *b) {
    if (halted(w->search)) rest(w->search);
    return !b->outdated;
}

#endif
