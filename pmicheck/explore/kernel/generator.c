#include "generator.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define SHORT_LIST 2 /* not worth another node */

typedef struct {
    uint64_t value;
    uint32_t transition;
} valued;

/* What is needed only while the tree is built. */
typedef struct {
    generator *g;
    const pk_system *s;
    const sparse *needs;
    uint64_t *test_offset; /* for each transition the fields that its guard asks for in full */
    uint32_t *test;
    uint64_t *mentions; /* for each field, all 0 between nodes */
    unsigned char *used;
    valued *sorted;
} gen_builder;

static inline int gen_asks(const pk_system *s, uint32_t field, uint32_t transition, uint64_t *value) {
    const uint32_t *f = s->field + 3 * (size_t)field;
    uint64_t full = low_bits(f[2]);
    size_t at = (size_t)transition * s->words + f[0];
    *value = (s->value[at] >> f[1]) & full;
    return ((s->mask[at] >> f[1]) & full) == full;
}

static int gen_tests(gen_builder *b) {
    const pk_system *s = b->s;
    numbers tests = {0};
    uint64_t ignored;
    for (uint32_t t = 0; t < s->transitions; t++) {
        b->test_offset[t] = tests.count;
        for (uint32_t f = 0; f < s->fields; f++)
            if (gen_asks(s, f, t, &ignored) && !numbers_add(&tests, f)) {
                free(tests.at);
                return 0;
            }
    }
    b->test_offset[s->transitions] = tests.count;
    b->test = tests.at;
    return 1;
}

/* The unused field that most of these transitions ask for, or PK_NONE if no two ask for the same. */
static uint32_t gen_choose(gen_builder *b, const uint32_t *list, uint32_t count) {
    uint32_t best = PK_NONE;
    for (uint32_t i = 0; i < count; i++)
        for (uint64_t at = b->test_offset[list[i]]; at < b->test_offset[list[i] + 1]; at++)
            b->mentions[b->test[at]] += !b->used[b->test[at]];
    for (uint32_t f = 0; f < b->s->fields; f++)
        if (b->mentions[f] > 1 && (best == PK_NONE || b->mentions[f] > b->mentions[best])) best = f;
    for (uint32_t i = 0; i < count; i++)
        for (uint64_t at = b->test_offset[list[i]]; at < b->test_offset[list[i] + 1]; at++)
            b->mentions[b->test[at]] = 0;
    return best;
}

static int gen_by_value(const void *left, const void *right) {
    const valued *a = left, *b = right;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    return a->transition < b->transition ? -1 : a->transition > b->transition;
}

/* Order the list by value of the field, those that do not ask for it last; returns how many ask. */
static uint32_t gen_partition(gen_builder *b, uint32_t field, uint32_t *list, uint32_t count) {
    uint32_t asking = 0, rest = count;
    for (uint32_t i = 0; i < count; i++) {
        valued v = {0, list[i]};
        if (gen_asks(b->s, field, list[i], &v.value))
            b->sorted[asking++] = v;
        else
            b->sorted[--rest] = v;
    }
    qsort(b->sorted, asking, sizeof *b->sorted, gen_by_value);
    for (uint32_t i = 0; i < asking; i++) list[i] = b->sorted[i].transition;
    for (uint32_t i = asking; i < count; i++) list[i] = b->sorted[count - 1 - (i - asking)].transition;
    return asking;
}

static uint32_t gen_new_node(generator *g) {
    if (g->nodes == UINT32_MAX || !GROW(g->node, g->node_room, g->nodes + 1)) return 0;
    memset(g->node + g->nodes, 0, sizeof *g->node);
    return (uint32_t)g->nodes++;
}

/* What the way to a leaf has not tested of a guard, word by word. */
static int gen_rest(gen_builder *b, uint32_t transition, gen_entry *entry) {
    generator *g = b->g;
    const pk_system *s = b->s;
    entry->part = (uint32_t)g->parts;
    for (uint32_t w = 0; w < s->words; w++) {
        uint64_t mask = s->mask[(size_t)transition * s->words + w], value = s->value[(size_t)transition * s->words + w];
        uint64_t never = value & ~mask;
        for (uint64_t at = b->test_offset[transition]; at < b->test_offset[transition + 1]; at++) {
            const uint32_t *f = s->field + 3 * (size_t)b->test[at];
            if (b->used[b->test[at]] && f[0] == w) mask &= ~(low_bits(f[2]) << f[1]);
        }
        if (!mask && !never) continue;
        if (!entry->guard.mask && !entry->guard.value) {
            entry->guard = (gen_part){mask, (value & mask) | never, w};
            continue;
        }
        if (g->parts == UINT32_MAX || !GROW(g->part, g->part_room, g->parts + 1)) return 0;
        g->part[g->parts++] = (gen_part){mask, (value & mask) | never, w};
        entry->parts++;
    }
    return 1;
}

/* What knowledge a transition needs; returns whether it needs any. */
static int gen_needs(const sparse *needs, uint32_t set, gen_entry *entry) {
    uint32_t part = needs->offset[set], parts = needs->offset[set + 1] - part;
    if (!parts) return 0;
    entry->facts = needs->bits[part];
    entry->fact_word = needs->word[part];
    entry->needs = parts > 1 ? set : 0;
    return 1;
}

static int gen_leaf(gen_builder *b, uint32_t id, const uint32_t *list, uint32_t count) {
    generator *g = b->g;
    if (g->entries + count > UINT32_MAX || !GROW(g->entry, g->entry_room, g->entries + count)) return 0;
    gen_node *node = g->node + id;
    node->list = (uint32_t)g->entries;
    node->count = count;
    for (uint32_t i = 0; i < count; i++) {
        gen_entry *entry = g->entry + g->entries++;
        *entry = (gen_entry){.transition = list[i]};
        node->needy += (uint32_t)gen_needs(b->needs, b->s->needs_of[list[i]], entry);
        if (!gen_rest(b, list[i], entry)) return 0;
    }
    return 1;
}

/* Lay out the children of a node: a table indexed by value, or sorted keys where the values lie far apart. */
static int gen_children(generator *g, uint32_t id, uint64_t low, uint64_t high, uint32_t distinct) {
    gen_node *node = g->node + id;
    int dense = high - low < 4 * (uint64_t)distinct + 16;
    node->base = low;
    node->children = dense ? (uint32_t)(high - low + 1) : distinct;
    node->child = (uint32_t)g->child.count;
    node->key = PK_NONE;
    if (g->child.count + node->children > UINT32_MAX || !numbers_reserve(&g->child, node->children)) return 0;
    memset(g->child.at + g->child.count, 0, node->children * sizeof *g->child.at);
    g->child.count += node->children;
    if (dense) return 1;
    node->key = (uint32_t)g->key_count;
    g->key_count += distinct;
    return RESIZE(g->keys, g->key_count);
}

static uint32_t gen_build(gen_builder *b, uint32_t *list, uint32_t count);

/* The children of node `id` for the first `asking` transitions of the list, which are sorted by value. */
static int gen_split(gen_builder *b, uint32_t id, uint32_t field, uint32_t *list, uint32_t asking) {
    generator *g = b->g;
    uint64_t low, high, value, next;
    uint32_t distinct = 1;
    gen_asks(b->s, field, list[0], &low);
    high = low;
    for (uint32_t i = 1; i < asking; i++) {
        gen_asks(b->s, field, list[i], &value);
        distinct += value != high;
        high = value;
    }
    if (!gen_children(g, id, low, high, distinct)) return 0;
    uint32_t child = g->node[id].child, key = g->node[id].key, nth = 0;
    for (uint32_t from = 0, to; from < asking; from = to, nth++) {
        gen_asks(b->s, field, list[from], &value);
        for (to = from + 1; to < asking; to++)
            if (gen_asks(b->s, field, list[to], &next), next != value) break;
        uint32_t built = gen_build(b, list + from, to - from);
        if (!built) return 0;
        if (key != PK_NONE) g->keys[key + nth] = value;
        g->child.at[child + (key != PK_NONE ? nth : value - low)] = built;
    }
    return 1;
}

/* The tree for some transitions, given in index order; its node, or 0 if memory does not suffice. */
static uint32_t gen_build(gen_builder *b, uint32_t *list, uint32_t count) {
    generator *g = b->g;
    uint32_t id = gen_new_node(g);
    if (!id) return 0;
    uint32_t field = count <= SHORT_LIST ? PK_NONE : gen_choose(b, list, count);
    if (field == PK_NONE) return gen_leaf(b, id, list, count) ? id : 0;
    const uint32_t *f = b->s->field + 3 * (size_t)field;
    g->node[id].field_mask = low_bits(f[2]);
    g->node[id].word = f[0];
    g->node[id].shift = f[1];
    b->used[field] = 1;
    uint32_t asking = gen_partition(b, field, list, count), otherwise = 0;
    int fine = gen_split(b, id, field, list, asking);
    if (fine && asking < count) {
        otherwise = gen_build(b, list + asking, count - asking);
        fine = otherwise != 0;
    }
    b->used[field] = 0;
    g->node[id].otherwise = otherwise;
    return fine ? id : 0;
}

void gen_free(generator *g) {
    free(g->node);
    free(g->child.at);
    free(g->entry);
    free(g->part);
    free(g->keys);
    memset(g, 0, sizeof *g);
}

int gen_init(generator *g, const pk_system *s, const sparse *needs, uint32_t *eager_root) {
    gen_builder b = {.g = g, .s = s, .needs = needs};
    uint32_t *all = NULL;
    g->nodes = 1;
    g->depth = s->fields + 2;
    int fine = GROW(g->node, g->node_room, 1) &&
               RESIZE(all, s->transitions) &&
               RESIZE(b.test_offset, (uint64_t)s->transitions + 1) &&
               RESIZE(b.sorted, s->transitions) && gen_tests(&b);
    b.mentions = calloc(s->fields + 1, sizeof *b.mentions);
    b.used = calloc(s->fields + 1, 1);
    if (fine && b.mentions && b.used) {
        memset(g->node, 0, sizeof *g->node);
        uint32_t eager = 0;
        for (uint32_t t = 0; t < s->transitions; t++)
            if (eager < s->eager_count && s->eager[eager] == t)
                eager++;
            else
                all[t - eager] = t;
        fine = gen_build(&b, all, s->transitions - eager) == 1;
        for (uint32_t n = 0; n < eager; n++) all[n] = s->eager[n];
        if (fine && eager) fine = (*eager_root = gen_build(&b, all, eager)) != 0;
    } else {
        fine = 0;
    }
    free(all);
    free(b.test_offset);
    free(b.test);
    free(b.mentions);
    free(b.used);
    free(b.sorted);
    return fine;
}
