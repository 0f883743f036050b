/* The successor generator, a decision tree over the fields as in Fast Downward.
 *
 * A node looks at one field: it has a child for each value that some guard asks for, and one (`otherwise`) for the
 * transitions that do not ask for the field at all. Walking down the matching child and `otherwise` of every node meets
 * each transition whose guard can hold, and few others. The transitions left over at the end of a branch are a list,
 * each with what of its guard the way there has not tested.
 */
#ifndef PMICHECK_GENERATOR_H
#define PMICHECK_GENERATOR_H

#include <stdint.h>

#include "kernel.h"
#include "memory.h"
#include "tables.h"

typedef struct {
    uint64_t field_mask; /* 0: no field to look at, only a list */
    uint32_t word, shift;
    uint64_t base;      /* dense: the value of the first child */
    uint32_t child;     /* index of the first child */
    uint32_t children;  /* how many */
    uint32_t key;       /* sparse: index of the first child's value in `keys`; dense: PK_NONE */
    uint32_t otherwise; /* node, or 0 */
    uint32_t list, count;
    uint32_t needy; /* how many transitions of the list need knowledge */
} gen_node;

/* A part of a guard: what one word of the local part has to be. */
typedef struct {
    uint64_t mask, value;
    uint32_t word;
} gen_part;

/* What is left to test of a transition: a part of its guard and a word of the facts it needs, mostly all there is. */
typedef struct {
    gen_part guard;
    uint32_t transition;
    uint64_t facts;
    uint32_t fact_word;
    uint32_t part, parts; /* what else there is of the guard */
    uint32_t needs;       /* number of the set of facts, if there is more of it; or 0 */
} gen_entry;

typedef struct {
    gen_node *node; /* number 0 is not used, 1 is the root */
    uint64_t nodes, node_room;
    numbers child;
    gen_entry *entry;
    uint64_t entries, entry_room;
    gen_part *part;
    uint64_t parts, part_room;
    uint64_t *keys;
    uint64_t key_count;
    uint32_t depth; /* a walk never has more nodes to come back to */
} generator;

/* The tree for all transitions but the eager ones has number 1; `eager_root` gets that for the eager ones, or 0. */
int gen_init(generator *g, const pk_system *s, const sparse *needs, uint32_t *eager_root);

void gen_free(generator *g);

/* The child of a node for this local part, or 0. */
static inline uint32_t gen_child(const generator *g, const gen_node *node, const uint64_t *local) {
    uint64_t value = (local[node->word] >> node->shift) & node->field_mask;
    if (node->key == PK_NONE) {
        uint64_t nth = value - node->base; /* wraps to something large if the value is lower */
        return nth < node->children ? g->child.at[node->child + nth] : 0;
    }
    const uint64_t *keys = g->keys + node->key;
    uint32_t from = 0, to = node->children;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (keys[middle] < value)
            from = middle + 1;
        else
            to = middle;
    }
    return from < node->children && keys[from] == value ? g->child.at[node->child + from] : 0;
}

#endif
