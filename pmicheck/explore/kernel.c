/* The C kernel of the explorer: exact breadth-first search over a ground transition system.
 *
 * Knowledge sets are interned; a state is W words and the number of its knowledge set. Successors are made for a batch
 * of states, then looked up, so that the memory they hash to is fetched meanwhile. States are numbered in the order in
 * which plain breadth-first search finds them that tries transitions in index order (python_kernel.py is the oracle).
 */
#include "kernel.h"

#include "kernel_tables.c"

#include "kernel_generator.c"

#define BATCH 2048
#define LONG_LIST 8 /* lists with more transitions that need knowledge are filtered once per knowledge set */
#define ROW_NUMBERS 8 /* transitions that rows may hold, on average, before the memo forgets them all */

#if defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch(address)
#define INLINE static inline __attribute__((always_inline))
#else
#define PREFETCH(address) ((void)(address))
#define INLINE static inline
#endif

/* A successor before it is looked up; its local part is in `batch_local`. */
typedef struct {
    uint32_t parent, via, knowledge, tag;
} successor;

#define SELF_LOOP PK_NONE /* in place of the knowledge: the successor is its parent */

typedef struct {
    int any_facts;
    uint64_t *facts;
    id_table fact_table; /* knowledge sets that differ in these facts, each by the first such set */
    uint32_t *fact_class; /* for each knowledge set the first one with the same facts */
    id_table table;      /* states with distinct values */
    numbers seen;
} projection;

struct pk_search {
    pk_found found;
    uint32_t words, knowledge_words;
    uint32_t transitions, goals, projections, state_ids, knowledge_ids;
    uint64_t max_states, memo_limit;
    int over;

    uint64_t *guard;  /* for each transition its mask and its value */
    uint64_t *update; /* for each transition its clear and its put */
    uint32_t *rule_of, *needs_of, *learns_of;
    sparse needs, learns;
    generator tree;

    id_table knowledge_table;
    uint64_t interned, knowledge_room;
    sparse horn_body;
    uint32_t *horn_head, *premise_offset, *premise; /* for each fact the Horn rules whose body has it */
    uint64_t *closing;
    uint32_t *agenda;
    memo closures; /* (knowledge, learns) -> knowledge */
    memo rows;     /* (knowledge, node) -> its transitions that this knowledge enables: offset and count in `row` */
    numbers row;

    id_table table;
    uint64_t state_room;
    projection *projection;
    uint64_t *projection_mask, *goal_mask, *goal_value;
    sparse goal_facts;

    uint32_t *enabled, *scratch;
    uint64_t enabled_count;
    successor *batch;
    uint64_t *batch_local, batch_count;

    int record_edges;
    uint64_t offset_room, offsets;
    numbers edge_target, edge_via;
};

#include "kernel_knowledge.c"

#include "kernel_states.c"

/* Put the enabled transitions into index order: insertion for few, one counting pass per octet for many. */
static void sort_enabled(pk_search *k) {
    uint32_t *list = k->enabled, *other = k->scratch;
    uint64_t count = k->enabled_count;
    if (count <= 32) {
        for (uint64_t i = 1; i < count; i++) {
            uint32_t moved = list[i];
            uint64_t at = i;
            for (; at > 0 && list[at - 1] > moved; at--) list[at] = list[at - 1];
            list[at] = moved;
        }
        return;
    }
    for (unsigned shift = 0; shift < 32 && (k->transitions - 1) >> shift; shift += 8) {
        uint64_t start[257] = {0};
        for (uint64_t i = 0; i < count; i++) start[((list[i] >> shift) & 255) + 1]++;
        for (unsigned octet = 0; octet < 256; octet++) start[octet + 1] += start[octet];
        for (uint64_t i = 0; i < count; i++) other[start[(list[i] >> shift) & 255]++] = list[i];
        uint32_t *sorted = other;
        other = list;
        list = sorted;
    }
    k->enabled = list;
    k->scratch = other;
}

/* Those transitions of a node's list whose needs this knowledge meets: worked out once for each pair. */
static int row_of(pk_search *k, uint32_t node_id, uint32_t knowledge, const uint32_t **list, uint32_t *count) {
    const gen_node *node = k->tree.node + node_id;
    uint64_t key = (uint64_t)knowledge << 32 | node_id;
    uint64_t *slot = memo_slot(&k->rows, key);
    if (!slot[0]) {
        if (k->rows.used >= k->memo_limit || k->row.count / ROW_NUMBERS >= k->memo_limit) {
            memo_clear(&k->rows);
            k->row.count = 0;
        }
        if (!numbers_reserve(&k->row, node->count)) return PK_MEMORY;
        const uint64_t *known = k->found.knowledge + (uint64_t)knowledge * k->knowledge_words;
        uint64_t from = k->row.count;
        for (uint32_t i = 0; i < node->count; i++) {
            uint32_t transition = k->tree.list.at[node->list + i];
            if (sparse_within(&k->needs, k->needs_of[transition], known)) k->row.at[k->row.count++] = transition;
        }
        if (!memo_add(&k->rows, key, from << 32 | (k->row.count - from))) return PK_MEMORY;
        slot = memo_slot(&k->rows, key);
    }
    *list = k->row.at + (slot[1] >> 32);
    *count = (uint32_t)slot[1];
    return PK_OK;
}

INLINE int guard_holds(const pk_search *k, uint32_t transition, const uint64_t *local, uint32_t words) {
    const uint64_t *mask = k->guard + (uint64_t)transition * 2 * words, *value = mask + words;
    uint64_t differs = 0;
    for (uint32_t w = 0; w < words; w++) differs |= (local[w] & mask[w]) ^ value[w];
    return !differs;
}

/* The transitions that are enabled in a state, in index order, into `enabled`. */
INLINE int find_enabled(pk_search *k, const uint64_t *local, uint32_t knowledge, uint32_t words) {
    const generator *g = &k->tree;
    const uint64_t *known = k->found.knowledge + (uint64_t)knowledge * k->knowledge_words;
    uint32_t waiting = 0, *enabled = k->enabled;
    uint64_t count = 0;
    g->stack[waiting++] = 1;
    while (waiting) {
        uint32_t id = g->stack[--waiting];
        const gen_node *node = g->node + id;
        for (; node->field_mask; node = g->node + id) {
            uint32_t child = gen_child(g, node, local);
            if (child) g->stack[waiting++] = child;
            id = node->otherwise; /* number 0 is an empty list */
        }
        const uint32_t *list = g->list.at + node->list;
        uint32_t length = node->count;
        int filtered = node->needy > LONG_LIST;
        if (filtered && row_of(k, id, knowledge, &list, &length) != PK_OK) return PK_MEMORY;
        for (uint32_t i = 0; i < length; i++) {
            uint32_t t = list[i];
            if (!guard_holds(k, t, local, words)) continue;
            if (filtered || !k->needs_of[t] || sparse_within(&k->needs, k->needs_of[t], known)) enabled[count++] = t;
        }
    }
    k->enabled_count = count;
    sort_enabled(k);
    return PK_OK;
}

/* Add all successors of a state to the batch. */
INLINE int fire_all(pk_search *k, uint32_t id, uint32_t words) {
    uint64_t local[PK_MOST_WORDS];
    uint32_t knowledge = k->found.knowledge_of[id];
    for (uint32_t w = 0; w < words; w++) local[w] = k->found.locals[(uint64_t)id * words + w];
    int status = find_enabled(k, local, knowledge, words);
    for (uint64_t i = 0; i < k->enabled_count && status == PK_OK; i++) {
        uint32_t t = k->enabled[i];
        successor *s = k->batch + k->batch_count;
        uint64_t *to = k->batch_local + k->batch_count * words;
        const uint64_t *clear = k->update + (uint64_t)t * 2 * words, *put = clear + words;
        uint64_t changed = 0;
        for (uint32_t w = 0; w < words; w++) {
            to[w] = (local[w] & ~clear[w]) | put[w];
            changed |= to[w] ^ local[w];
        }
        s->parent = id;
        s->via = t;
        s->knowledge = knowledge;
        if (k->learns_of[t]) status = learn(k, knowledge, k->learns_of[t], &s->knowledge);
        if (status != PK_OK) break;
        if (!changed && s->knowledge == knowledge) {
            s->knowledge = SELF_LOOP;
        } else {
            s->tag = state_tag(to, s->knowledge, words);
            PREFETCH(k->table.slot + ids_home(&k->table, s->tag));
        }
        k->batch_count++;
    }
    return status;
}

/* Look the batch up in order, store what is new, count what fired; `end`: the first state not expanded in it. */
INLINE int settle(pk_search *k, uint64_t end, uint32_t words) {
    int status = PK_OK;
    for (uint64_t i = 0; i < k->batch_count; i++) {
        const successor *s = k->batch + i;
        if (s->knowledge == SELF_LOOP) continue;
        uint64_t entry = k->table.slot[ids_home(&k->table, s->tag)];
        if (!entry) continue;
        PREFETCH(k->found.locals + (uint64_t)((uint32_t)entry - 1) * words);
        PREFETCH(k->found.knowledge_of + ((uint32_t)entry - 1));
    }
    for (uint64_t i = 0; i < k->batch_count; i++) {
        const successor *s = k->batch + i;
        uint32_t target = s->parent;
        if (s->knowledge != SELF_LOOP) status = find_or_store(k, s, k->batch_local + i * words, words, &target);
        if (status == PK_OK && k->record_edges) status = record_edge(k, s->parent, target, s->via);
        if (status != PK_OK) {
            end = s->parent;
            break;
        }
        k->found.fired[k->rule_of[s->via]]++;
    }
    k->batch_count = 0;
    if (k->record_edges && !close_edges(k, end)) return PK_MEMORY;
    k->found.expanded = end;
    return status;
}

INLINE int run(pk_search *k, uint64_t until, uint64_t at_most, uint32_t words) {
    if (until > k->found.states) until = k->found.states;
    uint64_t next = k->found.expanded;
    if (until > next && until - next > at_most) until = next + at_most;
    while (next < until) {
        int status = PK_OK;
        while (next < until && k->batch_count < BATCH && status == PK_OK) {
            status = fire_all(k, (uint32_t)next, words);
            next += status == PK_OK;
        }
        int settled = settle(k, next, words);
        if (settled != PK_OK) return settled;
        if (status != PK_OK) return status;
    }
    return PK_OK;
}

int pk_step(pk_search *k, uint64_t until, uint64_t at_most) {
    if (k->over) return k->over;
    switch (k->words) { /* constants here let the compiler unroll every loop over words */
        case 1: k->over = run(k, until, at_most, 1); break;
        case 2: k->over = run(k, until, at_most, 2); break;
        case 3: k->over = run(k, until, at_most, 3); break;
        case 4: k->over = run(k, until, at_most, 4); break;
        default: k->over = run(k, until, at_most, k->words);
    }
    return k->over;
}

#include "kernel_lifetime.c"
