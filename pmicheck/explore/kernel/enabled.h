/* Which transitions are enabled in a state.
 *
 * The tree of generator.c finds those whose guard holds; lists of it that need knowledge are filtered once for each
 * knowledge set. In a system of few words, few transitions and few values a word there is a row of bits for each number
 * in a key instead: for that of a word's value the transitions whose guard it does not rule out, for that of a
 * knowledge set those whose needs it meets. Where all rows agree the transitions are enabled; so no guard is tested. A
 * worker fills its rows in as it meets the numbers. When they outgrow a core's own cache it gives them up for good, and
 * walks the tree.
 *
 * Any number of threads may do this at once: it only reads what they share.
 */
#ifndef PMICHECK_ENABLED_H
#define PMICHECK_ENABLED_H

#include "states.h"

#define LONG_LIST 8 /* lists with more transitions that need knowledge are filtered once per knowledge set */
#define MOST_ROW_BITS 1024 /* transitions */

/* Remember those entries of a node's list whose needs this knowledge meets; the slot in `rows`, or NULL. */
const uint64_t *filter_list(worker *w, uint32_t node, uint32_t knowledge, uint64_t key);

/* The transitions that are enabled in `local` into `firing`, where none of what follows a step changes them. */
int find_firing(worker *w, uint32_t knowledge, uint64_t *count);

/* Set the rows up where they apply; 0 if memory does not suffice. */
int make_guards(pk_search *k, const pk_system *s);

/* Fill the rows of word n in up to this number; 0 if they would be too many. */
int fill_rows(worker *w, uint32_t n, uint32_t number);

void give_rows_up(worker *w);

/* Those entries of a node's list whose needs this knowledge meets: worked out once for each pair. */
INLINE int filtered(worker *w, uint32_t node, uint32_t knowledge, const gen_entry **list, uint32_t *count) {
    uint64_t key = (uint64_t)knowledge << 32 | node;
    const uint64_t *slot = memo_slot(&w->rows, key);
    if (!slot[0] && !(slot = filter_list(w, node, knowledge, key))) return 0;
    *list = w->row + (slot[1] >> 32);
    *count = (uint32_t)slot[1];
    return 1;
}

/* The transitions that are enabled, in no order, into `enabled`. */
INLINE int find_enabled_from(worker *w, uint32_t root, const uint64_t *local, uint32_t knowledge) {
    const pk_search *k = w->search;
    const generator *g = &k->tree;
    const uint64_t *known = known_in(k, knowledge);
    uint32_t waiting = 0, *enabled = w->enabled;
    uint64_t count = 0;
    w->stack[waiting++] = root;
    while (waiting) {
        uint32_t id = w->stack[--waiting];
        const gen_node *node = g->node + id;
        for (; node->field_mask; node = g->node + id) {
            uint32_t child = gen_child(g, node, local);
            if (child) w->stack[waiting++] = child;
            id = node->otherwise; /* number 0 is an empty list */
        }
        const gen_entry *list = g->entry + node->list;
        uint32_t length = node->count;
        if (node->needy > LONG_LIST && !filtered(w, id, knowledge, &list, &length)) return PK_MEMORY;
        for (uint32_t i = 0; i < length; i++) {
            const gen_entry *entry = list + i;
            uint64_t misses = entry->facts & ~known[entry->fact_word];
            misses |= (local[entry->guard.word] & entry->guard.mask) ^ entry->guard.value;
            if (entry->parts) {
                const gen_part *part = g->part + entry->part, *end = part + entry->parts;
                for (; part < end; part++) misses |= (local[part->word] & part->mask) ^ part->value;
            }
            if (entry->needs) misses |= !sparse_within(&k->needs, entry->needs, known);
            enabled[count] = entry->transition;
            count += !misses;
        }
    }
    w->enabled_count = count;
    return PK_OK;
}

INLINE int find_enabled(worker *w, const uint64_t *local, uint32_t knowledge) {
    return find_enabled_from(w, 1, local, knowledge);
}

/* As `find_enabled`, in index order, in the state that has this key; 0 if there are no rows for it. */
INLINE int find_by_rows(worker *w, const uint64_t *key) {
    const pk_search *k = w->search;
    uint64_t bits[MOST_ROW_BITS / 64], count = 0;
    if (!k->guard_mask || w->crowded) return 0;
    for (uint32_t n = 0; n <= k->words; n++) {
        uint32_t number = (uint32_t)number_in(key, k->layout.at + n);
        if (number >= w->allowed[n].count && !fill_rows(w, n, number)) {
            give_rows_up(w);
            return 0;
        }
        const uint64_t *row = w->allowed[n].bits + (uint64_t)number * k->row_words;
        for (uint32_t at = 0; at < k->row_words; at++) bits[at] = n ? bits[at] & row[at] : row[at];
    }
    for (uint32_t at = 0; at < k->row_words; at++)
        for (; bits[at]; bits[at] &= bits[at] - 1) w->enabled[count++] = at * 64 + lowest_bit(bits[at]);
    w->enabled_count = count;
    return 1;
}

#endif
