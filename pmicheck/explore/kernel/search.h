/* All that a search holds.
 *
 * It works in batches of states (batches.c). Threads make the successors of several batches at once (successors.c) and
 * look them up, each in a part of the index (index.c); one at a time numbers the new ones of a batch (settle.c), in the
 * order in which plain breadth-first search finds them that tries transitions in index order (python_kernel.py is the
 * oracle).
 */
#ifndef PMICHECK_SEARCH_H
#define PMICHECK_SEARCH_H

#include "generator.h"
#include "kernel.h"
#include "keys.h"
#include "machine.h"
#include "memory.h"
#include "tables.h"

#define BUCKET 12

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
    int split, opened; /* see batches.h */
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
    number_rows *allowed; /* see enabled.h */
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

typedef struct {
    uint8_t tag[BUCKET]; /* 0: free */
    uint32_t unused;     /* lest whoever reads the tags at once reads a number, too */
    uint32_t id[BUCKET];
} bucket;

typedef struct {
    large memory;
    bucket *at;
    uint64_t buckets, parts, in_part; /* in_part: how many buckets each part has */
    uint64_t used_in[PK_MOST_THREADS];
} state_index;

/* What the sections that were handed out hold, see checkpoint.h. */
typedef struct {
    uint64_t states, sets, way_words;
    uint32_t *values, *seen; /* how many of each word and of each projection */
    uint64_t *head;
    pk_piece *piece;
    uint32_t pieces;
} saved;

struct pk_search {
    pk_found found; /* and what else the thread writes that settles */
    large keys, ways, samples; /* the latter two: the discoverers, see states.h */
    uint64_t way_bits, way_ones;
    state_index index;
    char apart[APART];

    uint64_t next, until, taken, settled; /* states and batches, see batches.c */
    int settling, together;
    uint64_t opened, expected; /* batches, see batches.h; candidates of those that are not settled */
    uint64_t looked_up[PK_MOST_THREADS]; /* batches, for each part of the index */
    int part_taken[PK_MOST_THREADS];
    uint64_t unfilled, filling; /* parts of the index */
    uint64_t held;    /* octets that workers and batches had when the settling began */
    uint64_t parents; /* in the next batch */
    char apart_too[APART];

    uint64_t *knowledge;
    uint32_t words, knowledge_words, rules;
    uint32_t transitions, goals, projections, state_ids, knowledge_ids, key_bits, threads;
    uint64_t max_states, memo_limit, most_octets;
    int over, halted, record_edges; /* halted: nobody is to make successors */
    char *spill;

    uint32_t *update_offset; /* for each transition the first part of its effect; one more at the end */
    update *update;
    uint32_t *rule_of, *needs_of, *learns_of;
    sparse needs, learns;
    generator tree;

    id_table knowledge_table;
    uint64_t interned, knowledge_room;
    uint8_t *knowledge_used; /* whether a state has this set */
    sparse horn_body;
    uint32_t *horn_head, *premise_offset, *premise; /* for each fact the Horn rules whose body has it */
    uint64_t *closing;
    uint32_t *agenda;
    memo closures; /* (knowledge, learns) -> knowledge */

    int reduced;
    uint32_t eager_root, symmetries; /* node of the tree, or 0 */
    uint64_t *symmetry_fixed, *symmetry_value;
    uint32_t *symmetry_facts, *move_offset;
    move *move;
    memo images; /* (knowledge, symmetry + 1) -> knowledge */

    int pure; /* see pure.c */
    pure_step *pure_step;
    octet_rows octet[8];
    uint32_t octets, row_words;

    uint64_t *guard_mask, *guard_value; /* W words a transition, or NULL: see enabled.h */

    int plain; /* one word, kept as it is */
    word_table *word;
    key_layout layout;

    projection *projection;
    uint64_t *goal_mask, *goal_value;
    sparse goal_facts;
    uint32_t *touch_offset; /* for each transition the projections, then the goals, for which it may matter */
    numbers touch;

    worker *worker;
    batch *batch;
    uint64_t batches;
    team *team;

    uint64_t offset_room, offsets;
    numbers edge_target, edge_via;

    saved saved;
};

#endif
