/* Part of kernel.c: threads that do one phase of a batch together.
 *
 * Workers other than the first wait, at first by looking again and again (a phase takes some 100 microseconds), then
 * asleep. Without POSIX threads there is one worker.
 */
#if HAS_MMAP && !defined(__STDC_NO_ATOMICS__)
#include <pthread.h>
#include <stdatomic.h>
#define HAS_THREADS 1
#define LOOKS 20000

typedef void phase(worker *);

struct team {
    pthread_t thread[PK_MOST_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t begin, end;
    atomic_uint turn, working; /* how many phases have begun; who has not finished the present one */
    phase *phase;
    uint32_t started;
    int stop;
};

static void team_wait(pthread_mutex_t *lock, pthread_cond_t *condition, atomic_uint *number, unsigned value, int equal) {
    for (unsigned looks = 0; looks < LOOKS; looks++)
        if ((atomic_load_explicit(number, memory_order_acquire) == value) == equal) return;
    pthread_mutex_lock(lock);
    while ((atomic_load_explicit(number, memory_order_acquire) == value) != equal) pthread_cond_wait(condition, lock);
    pthread_mutex_unlock(lock);
}

static void *team_member(void *argument) {
    worker *w = argument;
    team *t = w->search->team;
    for (unsigned turn = 0;; turn++) {
        team_wait(&t->lock, &t->begin, &t->turn, turn, 0);
        if (t->stop) return NULL;
        t->phase(w);
        pthread_mutex_lock(&t->lock);
        if (atomic_fetch_sub_explicit(&t->working, 1, memory_order_acq_rel) == 1) pthread_cond_signal(&t->end);
        pthread_mutex_unlock(&t->lock);
    }
}

static void team_begin(team *t, uint32_t working) {
    pthread_mutex_lock(&t->lock);
    atomic_store_explicit(&t->working, working, memory_order_release);
    atomic_fetch_add_explicit(&t->turn, 1, memory_order_acq_rel);
    pthread_cond_broadcast(&t->begin);
    pthread_mutex_unlock(&t->lock);
}

/* Let every worker do the phase; returns when all have. What is soon done one thread does for all. */
static void together(pk_search *k, phase *what, int soon_done) {
    if (k->threads == 1 || soon_done) {
        for (uint32_t n = 0; n < k->threads; n++) what(k->worker + n);
        return;
    }
    k->team->phase = what;
    team_begin(k->team, k->threads - 1);
    what(k->worker);
    team_wait(&k->team->lock, &k->team->end, &k->team->working, 0, 1);
}

static void team_free(pk_search *k) {
    team *t = k->team;
    if (!t) return;
    t->stop = 1;
    team_begin(t, 0);
    for (uint32_t n = 0; n < t->started; n++) pthread_join(t->thread[n], NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->begin);
    pthread_cond_destroy(&t->end);
    free(t);
    k->team = NULL;
}

static int team_init(pk_search *k) {
    if (k->threads == 1) return 1;
    team *t = k->team = calloc(1, sizeof *t);
    if (!t) return 0;
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->begin, NULL);
    pthread_cond_init(&t->end, NULL);
    for (; t->started + 1 < k->threads; t->started++)
        if (pthread_create(t->thread + t->started, NULL, team_member, k->worker + t->started + 1)) return 0;
    return 1;
}
#else
typedef void phase(worker *);
struct team {
    int none;
};
static void together(pk_search *k, phase *what, int soon_done) {
    (void)soon_done;
    what(k->worker);
}
static void team_free(pk_search *k) { (void)k; }
static int team_init(pk_search *k) { return k->threads == 1; }
#endif
