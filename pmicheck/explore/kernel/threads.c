#include "threads.h"

#include <stdlib.h>

#if HAS_THREADS
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define LOOKS 4096 /* some 200 microseconds */
#define LOOKS_AT_ONCE 64 /* before others may have the processor */

struct team {
    pthread_t thread[PK_MOST_THREADS];
    void (*help)(worker *w);
    uint32_t started;
    int stop;
    char apart[APART];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t asleep, making, resting; /* who makes successors, and how many of them pause */
    char apart_too[APART];
    atomic_uint changes; /* how many there were */
};

void enter(pk_search *k) {
    if (k->team) pthread_mutex_lock(&k->team->lock);
}

void leave(pk_search *k) {
    if (k->team) pthread_mutex_unlock(&k->team->lock);
}

void announce(pk_search *k) {
    if (!k->team) return;
    atomic_fetch_add_explicit(&k->team->changes, 1, memory_order_release);
    if (k->team->asleep) pthread_cond_broadcast(&k->team->changed);
}

static inline void relax(void) {
#if defined(__SSE2__)
    _mm_pause();
#endif
}

void await_change(pk_search *k) {
    team *t = k->team;
    unsigned before = atomic_load_explicit(&t->changes, memory_order_relaxed);
    pthread_mutex_unlock(&t->lock);
    for (unsigned looks = 1; looks <= LOOKS; looks++) {
        if (atomic_load_explicit(&t->changes, memory_order_acquire) != before) break;
        looks % LOOKS_AT_ONCE ? relax() : (void)sched_yield();
    }
    pthread_mutex_lock(&t->lock);
    t->asleep++;
    while (atomic_load_explicit(&t->changes, memory_order_relaxed) == before) pthread_cond_wait(&t->changed, &t->lock);
    t->asleep--;
}

void count_makers(pk_search *k, int more) { k->team->making += (uint32_t)more; }

void halt(pk_search *k) {
    if (!k->together) return;
    enter(k);
    STORE(&k->halted, 1);
    while (k->team->making > k->team->resting) await_change(k);
    leave(k);
}

void resume(pk_search *k) {
    if (!k->together) return;
    enter(k);
    STORE(&k->halted, 0);
    announce(k);
    leave(k);
}

void rest(pk_search *k) {
    enter(k);
    k->team->resting++;
    announce(k);
    while (halted(k)) await_change(k);
    k->team->resting--;
    leave(k);
}

static void *team_member(void *argument) {
    worker *w = argument;
    w->search->team->help(w);
    return NULL;
}

int stopped(const pk_search *k) { return k->team->stop; }

void team_free(pk_search *k) {
    team *t = k->team;
    if (!t) return;
    enter(k);
    t->stop = 1;
    announce(k);
    leave(k);
    for (uint32_t n = 0; n < t->started; n++) pthread_join(t->thread[n], NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->changed);
    free(t);
    k->team = NULL;
}

int make_team(pk_search *k, void (*help)(worker *w)) {
    if (k->threads == 1 || !k->keys.reserved) return 1;
    team *t = k->team = calloc(1, sizeof *t);
    if (!t) return 0;
    t->help = help;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    for (; t->started + 1 < k->threads; t->started++)
        if (pthread_create(t->thread + t->started, NULL, team_member, k->worker + t->started + 1)) return 0;
    return 1;
}
#else
void enter(pk_search *k) { (void)k; }
void leave(pk_search *k) { (void)k; }
void announce(pk_search *k) { (void)k; }
void await_change(pk_search *k) { (void)k; }
void count_makers(pk_search *k, int more) { (void)k, (void)more; }
void halt(pk_search *k) { (void)k; }
void resume(pk_search *k) { (void)k; }
void rest(pk_search *k) { (void)k; }
void team_free(pk_search *k) { (void)k; }
int stopped(const pk_search *k) { return (void)k, 1; }
int make_team(pk_search *k, void (*help)(worker *w)) { return (void)help, k->threads == 1; }
#endif
