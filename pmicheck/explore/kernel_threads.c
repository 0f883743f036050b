/* Part of kernel.c: threads that work on one search, and what they tell one another.
 *
 * What they share is changed under one lock, and rarely: a batch of successors is made in between. Who waits for a
 * change looks again and again at first, for sleeping threads are woken late and may then have to share a processor.
 */
#if HAS_MMAP && !defined(__STDC_NO_ATOMICS__)
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#define LOOKS 4096 /* some 200 microseconds */
#define LOOKS_AT_ONCE 64 /* before others may have the processor */

struct team {
    pthread_t thread[PK_MOST_THREADS];
    uint32_t started;
    int stop;
    char apart[APART];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t asleep, making, resting; /* who makes successors, and how many of them pause */
    char apart_too[APART];
    atomic_uint changes; /* how many there were */
    atomic_int halt;     /* nobody is to make successors */
};

static void enter(pk_search *k) {
    if (k->team) pthread_mutex_lock(&k->team->lock);
}

static void leave(pk_search *k) {
    if (k->team) pthread_mutex_unlock(&k->team->lock);
}

/* Something has changed (under the lock, as is all that follows). */
static void tell(pk_search *k) {
    if (!k->team) return;
    atomic_fetch_add_explicit(&k->team->changes, 1, memory_order_release);
    if (k->team->asleep) pthread_cond_broadcast(&k->team->changed);
}

static inline void relax(void) {
#if defined(__SSE2__)
    _mm_pause();
#endif
}

static void await_change(pk_search *k) {
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

static void count_makers(pk_search *k, int more) { k->team->making += (uint32_t)more; }

static int halted(pk_search *k) { return k->team && atomic_load_explicit(&k->team->halt, memory_order_relaxed); }

/* From here on the tables that making successors reads may be changed. */
static void halt(pk_search *k) {
    if (!k->together) return;
    enter(k);
    atomic_store_explicit(&k->team->halt, 1, memory_order_relaxed);
    while (k->team->making > k->team->resting) await_change(k);
    leave(k);
}

static void resume(pk_search *k) {
    if (!k->together) return;
    enter(k);
    atomic_store_explicit(&k->team->halt, 0, memory_order_relaxed);
    tell(k);
    leave(k);
}

static void rest(pk_search *k) {
    enter(k);
    k->team->resting++;
    tell(k);
    while (halted(k)) await_change(k);
    k->team->resting--;
    leave(k);
}

static void help(worker *w);

static void *team_member(void *argument) {
    help(argument);
    return NULL;
}

static int stopped(pk_search *k) { return k->team->stop; }

static void team_free(pk_search *k) {
    team *t = k->team;
    if (!t) return;
    enter(k);
    t->stop = 1;
    tell(k);
    leave(k);
    for (uint32_t n = 0; n < t->started; n++) pthread_join(t->thread[n], NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->changed);
    free(t);
    k->team = NULL;
}

/* Keys must never move while some thread reads them: where they may, one thread has to do. */
static int make_team(pk_search *k) {
    if (k->threads == 1 || !k->keys.reserved) return 1;
    team *t = k->team = calloc(1, sizeof *t);
    if (!t) return 0;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->changed, NULL);
    for (; t->started + 1 < k->threads; t->started++)
        if (pthread_create(t->thread + t->started, NULL, team_member, k->worker + t->started + 1)) return 0;
    return 1;
}
#else
struct team {
    int none;
};
static void enter(pk_search *k) { (void)k; }
static void leave(pk_search *k) { (void)k; }
static void tell(pk_search *k) { (void)k; }
static void await_change(pk_search *k) { (void)k; }
static void count_makers(pk_search *k, int more) { (void)k, (void)more; }
static int halted(pk_search *k) { return (void)k, 0; }
static void halt(pk_search *k) { (void)k; }
static void resume(pk_search *k) { (void)k; }
static void rest(pk_search *k) { (void)k; }
static void team_free(pk_search *k) { (void)k; }
static int make_team(pk_search *k) { return k->threads == 1; }
#endif

/* Whether the rest of a batch is to be made, perhaps after a pause. */
static inline int go_on(const worker *w, const batch *b) {
    if (halted(w->search)) rest(w->search);
    return !b->outdated;
}
