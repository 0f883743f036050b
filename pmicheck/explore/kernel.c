/* The C kernel of the explorer: exact breadth-first search over a ground transition system.
 *
 * It works in batches of states: their successors are made (kernel_expand.c) and looked up (kernel_settle.c) by all
 * threads, then the new ones are numbered in the order in which plain breadth-first search finds them that tries
 * transitions in index order (python_kernel.py is the oracle), whatever the number of threads.
 */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* madvise */
#endif

#include "kernel.h"

#include "kernel_memory.c"

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#define INLINE static inline __attribute__((always_inline))
#else
#define PREFETCH(address) ((void)(address))
#define INLINE static inline
#endif

#define BATCH 4096 /* successors a worker makes before they are looked up, about */

#include "kernel_tables.c"

#include "kernel_generator.c"

#include "kernel_keys.c"

/* What becomes of a candidate. */
enum { OLD, NEW, TWIN, SELF, UNKNOWN };

/* A successor before it is numbered; its key stands beside it. */
typedef struct {
    uint64_t hash;
    uint32_t parent, via;
    uint32_t id; /* OLD: its state; TWIN: the candidate that counts; NEW: its bucket in the index, then its state */
    uint16_t target, place; /* place: of a NEW one in its bucket */
} candidate;

typedef struct {
    candidate *candidate;
    const uint64_t *key;
    uint32_t number;
} own_candidate;

typedef struct team team;

/* What one thread has for itself. */
typedef struct {
    pk_search *search;
    uint32_t number;
    uint64_t from, until; /* the states to expand */
    int status;
    uint64_t *local;
    uint32_t *stack, *enabled, *firing;
    uint64_t enabled_count;
    uint64_t *image;  /* room for three local parts */
    numbers hurried;  /* the eager transitions that followed the last step */
    uint64_t *fired; /* in this batch, a number a rule */
    memo rows;       /* (knowledge, node) -> its entries that this knowledge enables: offset and count in `row` */
    gen_entry *row;
    uint64_t row_count, row_room;
    uint64_t *lately; /* keys of successors made not long ago */
    uint64_t *recent; /* values of words met not long ago, with their numbers + 1 */
    candidate *candidate;
    uint64_t *key;
    uint64_t count, room, unknown;
    own_candidate *mine;
    uint64_t mine_room;
} worker;

/* A part of an effect: what one word of the local part becomes. */
typedef struct {
    uint64_t clear, put;
    uint32_t word;
} update;

/* A transition of a system of one word. */
typedef struct {
    uint64_t mask, value, clear, put;
} pure_step;

/* Some bits of that word, and for each value of theirs which transitions it allows. */
typedef struct {
    unsigned shift, width;
    uint32_t *offset, *list;
} slice;

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

#include "kernel_knowledge.c"

#include "kernel_states.c"

#include "kernel_observe.c"

#include "kernel_expand.c"

#include "kernel_pure.c"

#include "kernel_settle.c"

#include "kernel_threads.c"

#include "kernel_batches.c"

#include "kernel_checkpoint.c"

#include "kernel_lifetime.c"
