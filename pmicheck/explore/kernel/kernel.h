/* The C kernel of the explorer: its interface. build_kernel.py hands the lines between the two marks to cffi.
 *
 * A local part is W words of 64 bits, a knowledge set K of them. Nothing here knows levels, depths or time: the caller
 * asks for states to be expanded in order of their number and does the rest (c_kernel.py).
 */
#ifndef PMICHECK_KERNEL_H
#define PMICHECK_KERNEL_H

#include <stdint.h>

/* cffi: begin */
typedef struct {
    uint32_t words, knowledge_words;              /* W (at most PK_MOST_WORDS) and K */
    uint32_t fields, transitions, rules, horn, projections, goals; /* how many of each */
    uint32_t needs, learns;                       /* how many distinct sets; number 0 of each is the empty set */
    const uint32_t *field;                        /* word, shift within the word, width: 3 numbers a field */
    const uint64_t *mask, *value, *clear, *put;   /* W words a transition each */
    const uint32_t *rule_of, *needs_of, *learns_of; /* one number a transition each */
    const uint64_t *needs_set, *learns_set;       /* K words each */
    const uint64_t *horn_body;                    /* K words each */
    const uint32_t *horn_head;                    /* number of a fact */
    const uint64_t *projection_mask, *projection_facts;      /* W and K words each */
    const uint64_t *goal_mask, *goal_value, *goal_facts;     /* W, W and K words each */
    const uint64_t *initial, *known;              /* W and K words: the start, its knowledge closed */
    uint32_t eager_count, symmetries, moves, symmetry_values; /* of a reduced system; the start is complete */
    const uint32_t *eager;                        /* transitions */
    const uint64_t *symmetry_fixed;               /* W words each */
    const uint32_t *symmetry_facts;               /* K * 64 numbers each: where each fact goes */
    const uint32_t *move_offset;                  /* symmetries + 1 numbers */
    const uint32_t *move_numbers;                 /* from, to, down, up, values: 5 numbers each */
    const uint64_t *move_mask;
    const uint64_t *symmetry_value;
    uint64_t max_states;                          /* a limit of the user: PK_MAX_STATES */
    uint32_t state_ids, knowledge_ids;            /* limits of the tables: at most 2^32 - 2 each */
    uint32_t key_bits;                            /* a limit of the keys: at most PK_KEY_BITS */
    uint64_t memo_limit;                          /* entries of a memo table before it forgets all */
    uint64_t most_octets;                         /* tables never grow beyond: PK_MEMORY */
    uint32_t threads;                             /* at least 1 */
    int record_edges;
    const char *spill;                            /* a directory for the large tables, or NULL */
} pk_system;

typedef struct {
    uint64_t states, expanded, knowledge_sets;
    uint64_t *knowledge;                          /* K words a set */
    uint64_t *fired;                              /* one number a rule */
    uint32_t *goal_state;                         /* one number a goal: a state or PK_NONE */
    uint32_t **seen;                              /* for each projection the states that showed a new value ... */
    uint32_t *seen_count;                         /* ... and how many they are */
    uint64_t edges;
    uint64_t *edge_offset;                        /* expanded + 1 numbers if edges are recorded */
    uint32_t *edge_target, *edge_via;
    uint32_t key_octets;                          /* of a key at present */
} pk_found;

typedef struct pk_search pk_search;

#define PK_INTERFACE 6 /* to be raised with every change between these marks; c_kernel.py has the same */

#define PK_OK 0
#define PK_MAX_STATES 1
#define PK_STATE_IDS 2
#define PK_KNOWLEDGE_IDS 3
#define PK_MEMORY 4
#define PK_KEYS 5
#define PK_FORMAT 6
#define PK_NONE 0xFFFFFFFF
#define PK_MOST_WORDS 128
#define PK_KEY_BITS 512
#define PK_MOST_THREADS 64

/* A search with the initial state stored, or NULL if memory does not suffice; copies what it needs of the system. */
pk_search *pk_new(const pk_system *system);

/* Expand the states from `expanded` up to (not including) `until`, some `at_most` of them; PK_OK or why it stopped.
 * After anything but PK_OK the search is over; what was found until then stays valid. */
int pk_step(pk_search *search, uint64_t until, uint64_t at_most);

/* What was found so far: always the same struct; its arrays move with the next step. */
const pk_found *pk_result(pk_search *search);

/* The local part (W words) of a state into `local`; returns the number of its knowledge set. */
uint32_t pk_state(const pk_search *search, uint64_t state, uint64_t *local);

/* The state by which a state other than 0 was discovered; the transition into `via`. */
uint32_t pk_parent(pk_search *search, uint64_t state, uint32_t *via);

/* Some octets that lie in one place. */
typedef struct {
    const void *at;
    uint64_t octets;
} pk_piece;

#define PK_SECTIONS 2 /* to be raised with every change of what sections hold or mean */

/* What was found since the last call, or since pk_new: a section of so many pieces, one after the other, which stay valid
 * until the next call of any function; NULL if memory does not suffice. Only while pk_step gives PK_OK, without edges. */
const pk_piece *pk_unsaved(pk_search *search, uint32_t *pieces);

/* Bring a search just made to where its sections, all in order, leave off; PK_OK, PK_MEMORY, or PK_FORMAT if they are not
 * of this system. After anything but PK_OK the search is of no use. */
int pk_restore(pk_search *search, const uint64_t *sections, uint64_t words);

/* Octets held now. */
uint64_t pk_bytes(const pk_search *search);

/* Change `most_octets`. */
void pk_grant(pk_search *search, uint64_t most_octets);

/* Give back what only a search needs; no more steps after this. */
void pk_finish(pk_search *search);

void pk_free(pk_search *search);
/* cffi: end */

#endif
