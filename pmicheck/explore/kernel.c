/* The C kernel of the explorer: exact breadth-first search over a ground transition system.
 *
 * It works in batches of states. Threads make the successors of several batches at once (kernel_expand.c) and look them
 * up, each in a part of the index (kernel_parts.c); one at a time numbers the new ones of a batch (kernel_settle.c), in
 * the order in which plain breadth-first search finds them that tries transitions in index order (python_kernel.py is
 * the oracle).
 */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* madvise */
#endif

#include "kernel.h"

#include "kernel_memory.c"

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#define INLINE static inline __attribute__((always_inline))
#define LOAD(address) __atomic_load_n(address, __ATOMIC_ACQUIRE)
#define STORE(address, number) __atomic_store_n(address, number, __ATOMIC_RELEASE)
#else
#define PREFETCH(address) ((void)(address))
#define INLINE static inline
#define LOAD(address) (*(address))
#define STORE(address, number) (*(address) = (number))
#endif

#define BATCH 4096 /* successors in a batch, about */
#define BATCHES 4  /* for each thread, if there are several */
#define APART 64    /* octets between what different threads write, lest they take it from each other */

#include "kernel_tables.c"

#include "kernel_generator.c"

#include "kernel_keys.c"

/* What a successor's key is at first: of some other state, the state's own, or not to be had yet. */
enum { OTHER, SELF, UNKNOWN };

/* A successor on its way out of the state that is expanded; its key stands beside it. */
typedef struct {
    uint64_t hash;
    uint32_t via;
    int kind;
} successor;

/* A successor that is to be looked up; its key stands beside it. */
typedef struct {
    uint64_t hash;
    uint32_t parent, via;
} candidate;

/* Some states in a row and their successors, by state and then by transition. */
typedef struct {
    uint64_t from, until;
    int made, outdated; /* outdated: what is in it is not to be used */
    int status;
    candidate *candidate;
    uint64_t *key;
    uint64_t count, room, octets;
    numbers unknown; /* candidates without a key */
    int split, opened; /* see kernel_parts.c */
    uint32_t *by_part, part_end[PK_MOST_THREADS]; /* candidates by part of the index, and where each part ends */
    uint32_t **claimed; /* for each candidate the place in the index that waits for its number, or NULL */
    uint64_t *fired;    /* a number a rule */
    char apart[APART];
} batch;

typedef struct team team;

/* For each number of a word, or of the knowledge, the transitions that it allows: a bit each. */
typedef struct {
    uint64_t *bits;
    uint32_t count, room;
} number_rows;

/* What one thread has for itself. */
typedef struct {
    pk_search *search;
    uint64_t *local;
    uint32_t *stack, *enabled, *firing;
    uint64_t enabled_count;
    uint64_t *image;  /* room for three local parts */
    numbers hurried;  /* the eager transitions that followed the last step */
    uint64_t *fired;  /* of the batch in hand */
    memo rows;        /* (knowledge, node) -> its entries that this knowledge enables: offset and count in `row` */
    gen_entry *row;
    uint64_t row_count, row_room, octets;
    number_rows *allowed; /* see kernel_rows.c */
    uint64_t allowed_octets;
    int crowded;      /* they took too much room */
    uint64_t *lately; /* keys of successors made not long ago */
    uint64_t *recent; /* values of words met not long ago, with their numbers + 1 */
    successor *successor; /* of one state, with their keys and the order of those that are kept */
    uint64_t *key, *order;
    uint64_t since; /* how many batches were settled when it began to look up; UINT64_MAX if it does not */
    char apart[APART];
} worker;

/* A part of an effect: what one word of the local part becomes. */
typedef struct {
    uint64_t clear, put;
    uint32_t word;
} update;

/* What a transition does in a system of one word. */
typedef struct {
    uint64_t clear, put;
} pure_step;

/* An octet of that word, and for each value of it which transitions it allows: a bit each. */
typedef struct {
    unsigned shift;
    uint64_t *row;
} octet_rows;

/* A part of a symmetry: the bits of `mask` in word `from` go `down` places, then `up`, into word `to`. */
typedef struct {
    uint64_t mask;
    uint32_t from, to, down, up;
    uint32_t values; /* if not PK_NONE: where in `symmetry_value` the numbers begin that those of a field become */
} move;

typedef struct {
    gen_part *part;
    uint32_t parts;
    int any_facts;
    uint64_t *facts;
    id_table fact_table;  /* knowledge sets that differ in these facts, each by the first such set */
    uint32_t *fact_class; /* for each knowledge set the first one with the same facts */
    id_table table;       /* states with distinct values */
    numbers seen;
} projection;

#include "kernel_search.h"

#include "kernel_threads.c"

#include "kernel_knowledge.c"

#include "kernel_states.c"

#include "kernel_observe.c"

#include "kernel_expand.c"

#include "kernel_pure.c"

#include "kernel_settle.c"

#include "kernel_batches.c"

#include "kernel_checkpoint.c"

#include "kernel_lifetime.c"
