/* Part of kernel.c: which transitions are enabled in a state, and the keys of its successors.
 *
 * Any number of threads may do this at once: it only reads what they share. A successor with a word or a knowledge set
 * that has no number yet is marked, and the thread that settles its batch resolves it, while the others pause.
 */
#define LATELY_LOG 15 /* successors that each worker remembers, as a power of 2: they fit into a core's own cache */
#define RECENT_LOG 9 /* values of each word that a worker remembers */
#define LONG_LIST 8 /* lists with more transitions that need knowledge are filtered once per knowledge set */
#define LONG_ORDER 48 /* successors of a state that are better sorted by the library */
#define ROW_ENTRIES 8 /* transitions that rows may hold, on average, before the memo forgets them all */

/* Those entries of a node's list whose needs this knowledge meets: worked out once for each pair. */
static int row_of(worker *w, uint32_t node_id, uint32_t knowledge, const gen_entry **list, uint32_t *count) {
    const pk_search *k = w->search;
    const gen_node *node = k->tree.node + node_id;
    uint64_t key = (uint64_t)knowledge << 32 | node_id;
    uint64_t *slot = memo_slot(&w->rows, key);
    if (!slot[0]) {
        if (w->rows.used >= k->memo_limit || w->row_count / ROW_ENTRIES >= k->memo_limit) {
            memo_clear(&w->rows);
            w->row_count = 0;
        }
        if (w->row_count + node->count > w->row_room) {
            uint64_t room = w->row_room + w->row_room / 2 + node->count + 64;
            if (!resize((void **)&w->row, room, sizeof *w->row)) return PK_MEMORY;
            w->row_room = room;
        }
        const uint64_t *known = k->knowledge + (uint64_t)knowledge * k->knowledge_words;
        uint64_t from = w->row_count;
        for (uint32_t i = 0; i < node->count; i++) {
            const gen_entry *entry = k->tree.entry + node->list + i;
            if (!sparse_within(&k->needs, k->needs_of[entry->transition], known)) continue;
            gen_entry *met = w->row + w->row_count++;
            *met = *entry;
            met->facts = met->needs = 0;
        }
        if (!memo_add(&w->rows, key, from << 32 | (w->row_count - from))) return PK_MEMORY;
        slot = memo_slot(&w->rows, key);
    }
    *list = w->row + (slot[1] >> 32);
    *count = (uint32_t)slot[1];
    return PK_OK;
}

/* The transitions that are enabled, in no order, into `enabled`. */
INLINE int find_enabled_from(worker *w, uint32_t root, const uint64_t *local, uint32_t knowledge) {
    const pk_search *k = w->search;
    const generator *g = &k->tree;
    const uint64_t *known = k->knowledge + (uint64_t)knowledge * k->knowledge_words;
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
        if (node->needy > LONG_LIST && row_of(w, id, knowledge, &list, &length) != PK_OK) return PK_MEMORY;
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

/* The transitions that are enabled in `local` into `firing`, where none of what follows a step changes them. */
static int find_firing(worker *w, uint32_t knowledge, uint64_t *count) {
    int status = find_enabled(w, w->local, knowledge);
    *count = status == PK_OK ? w->enabled_count : 0;
    memcpy(w->firing, w->enabled, *count * sizeof *w->firing);
    return status;
}

#include "kernel_rows.c"

/* The number of a value of a word, which has mostly been asked for not long ago; PK_NONE if it is new. */
INLINE uint32_t recent_number(worker *w, uint32_t word, uint64_t value) {
    uint64_t hash = (value ^ value >> 29) * MULTIPLIER >> (64 - RECENT_LOG);
    uint64_t *slot = w->recent + (((uint64_t)word << RECENT_LOG) + hash) * 2;
    if (slot[0] == value && slot[1]) return (uint32_t)slot[1] - 1;
    uint32_t number = word_number(w->search->word + word, value);
    if (number == PK_NONE) return PK_NONE;
    slot[0] = value;
    slot[1] = (uint64_t)number + 1;
    return number;
}

/* The key of a successor into `key`, which holds the state's own; returns which kind of key it is. */
INLINE int successor_key(
    worker *w, const uint64_t *local, uint32_t knowledge, uint32_t t, uint64_t *key, int plain) {
    const pk_search *k = w->search;
    uint64_t changed = 0;
    if (plain) { /* the word lies in the lowest bits of the key as it is */
        const update *u = k->update + k->update_offset[t];
        uint64_t before = key[0];
        if (k->update_offset[t + 1] > k->update_offset[t]) key[0] = (before & ~u->clear) | u->put;
        changed = before ^ key[0];
    }
    for (uint32_t at = k->update_offset[t]; !plain && at < k->update_offset[t + 1]; at++) {
        const update *u = k->update + at;
        uint64_t before = local[u->word], after = (before & ~u->clear) | u->put;
        if (after == before) continue;
        changed = 1;
        uint32_t number = recent_number(w, u->word, after);
        if (number == PK_NONE) return UNKNOWN;
        put_number(key, k->layout.at + u->word, number);
    }
    if (k->learns_of[t]) {
        uint32_t more = learnt(k, knowledge, k->learns_of[t]);
        if (more == PK_NONE) return UNKNOWN;
        changed |= more != knowledge;
        put_number(key, k->layout.at + k->words, more);
    }
    return changed ? OTHER : SELF;
}

/* All words of the local part of a state and the number of its knowledge set. */
INLINE uint32_t unpack(const pk_search *k, const uint64_t *key, uint64_t *local) {
    for (uint32_t w = 0; w < k->words; w++) local[w] = word_of(k, key, w);
    return knowledge_in(k, key);
}

static uint32_t unpack_state(const pk_search *k, uint64_t id, uint64_t *local) {
    uint64_t key[PK_KEY_BITS / 64];
    get_key(k, id, key);
    return unpack(k, key, local);
}

static int candidates_reserve(batch *b, uint64_t more, uint32_t key_words) {
    if (b->count + more <= b->room) return 1;
    uint64_t room = b->room + b->room / 2 + more + 256;
    if (!resize((void **)&b->candidate, room, sizeof *b->candidate)) return 0;
    if (!resize((void **)&b->key, room, key_words * sizeof *b->key)) return 0;
    if (!resize((void **)&b->by_part, room, sizeof *b->by_part)) return 0;
    if (!resize((void **)&b->claimed, room, sizeof *b->claimed)) return 0;
    b->room = room;
    return 1;
}

INLINE uint64_t *lately_slot(const worker *w, uint64_t hash, uint32_t key_words) {
    return w->lately + (hash >> (64 - LATELY_LOG)) * key_words;
}

static int by_number(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

static void sort(uint64_t *order, uint64_t count) {
    if (count > LONG_ORDER) {
        qsort(order, count, sizeof *order, by_number);
        return;
    }
    for (uint64_t i = 1; i < count; i++) {
        uint64_t at = i, entry = order[i];
        for (; at && order[at - 1] > entry; at--) order[at] = order[at - 1];
        order[at] = entry;
    }
}

/* Put the successors of one state into the batch, by transition; not those on whose key a successor of an earlier state
 * had not long ago, for they are nothing new. The others are remembered, after all have been looked at. */
INLINE int hand_over(worker *w, batch *b, uint32_t parent, uint64_t count, uint32_t key_words) {
    int all = w->search->record_edges;
    const successor *successors = w->successor;
    const uint64_t *keys = w->key;
    uint64_t kept = 0, *order = w->order;
    for (uint64_t i = 0; i < count; i++) {
        const successor *s = successors + i;
        const uint64_t *key = keys + i * key_words;
        int lately = s->kind != UNKNOWN && same_key(lately_slot(w, s->hash, key_words), key, key_words);
        order[kept] = (uint64_t)s->via << 32 | i;
        kept += all || !lately;
    }
    if (!candidates_reserve(b, kept, key_words)) return PK_MEMORY;
    sort(order, kept);
    uint64_t *to = b->key + b->count * key_words;
    candidate *c = b->candidate + b->count;
    for (uint64_t i = 0; i < kept; i++, to += key_words) {
        const successor *s = successors + (uint32_t)order[i];
        const uint64_t *key = keys + (uint64_t)(uint32_t)order[i] * key_words;
        uint64_t *slot = lately_slot(w, s->hash, key_words);
        *c++ = (candidate){s->hash, parent, s->via};
        for (uint32_t n = 0; n < key_words; n++) to[n] = key[n];
        if (s->kind != UNKNOWN)
            for (uint32_t n = 0; n < key_words; n++) slot[n] = key[n];
        else if (!numbers_add(&b->unknown, (uint32_t)(b->count + i)))
            return PK_MEMORY;
    }
    b->count += kept;
    return PK_OK;
}

/* All successors of the states of a batch. */
INLINE void expand(worker *w, batch *b, uint32_t octets, int plain) {
    const pk_search *k = w->search;
    uint32_t key_words = words_in(octets);
    for (uint64_t id = b->from; id < b->until && b->status == PK_OK && go_on(w, b); id++) {
        uint64_t own[PK_KEY_BITS / 64], made = 0;
        load_key(kept(k, id, octets), own, octets);
        uint32_t knowledge = unpack(k, own, w->local);
        if (plain || !find_by_rows(w, own)) b->status = find_enabled(w, w->local, knowledge);
        if (b->status != PK_OK) return;
        for (uint64_t i = 0; i < w->enabled_count; i++) {
            uint32_t t = w->enabled[i];
            uint64_t *key = w->key + made * key_words;
            w->fired[k->rule_of[t]]++;
            for (uint32_t n = 0; n < key_words; n++) key[n] = own[n];
            int kind = successor_key(w, w->local, knowledge, t, key, plain);
            if (kind == SELF && !k->record_edges) continue;
            uint64_t hash = hash_of(key, key_words);
            PREFETCH(lately_slot(w, hash, key_words));
            w->successor[made++] = (successor){hash, t, kind};
        }
        b->status = hand_over(w, b, (uint32_t)id, made, key_words);
    }
}

#include "kernel_reduced.c"

/* The key of a candidate with new parts; `outgrown` says which number does not fit into its bits any more. */
static int resolve(worker *w, const candidate *c, uint64_t *key, uint32_t *outgrown) {
    pk_search *k = w->search;
    uint64_t local[PK_MOST_WORDS];
    uint32_t knowledge = unpack_state(k, c->parent, local), t = c->via, number;
    if (k->reduced) {
        int status = PK_OK;
        reduced_successor(w, k, local, knowledge, t, key, outgrown, &status);
        if (status == PK_OK) count_hurried(w);
        return status;
    }
    for (uint32_t at = k->update_offset[t]; at < k->update_offset[t + 1]; at++) {
        const update *u = k->update + at;
        uint64_t after = (local[u->word] & ~u->clear) | u->put;
        if (!k->plain) {
            if (!word_intern(k->word + u->word, after, &number)) return PK_MEMORY;
            if (number > low_bits(k->layout.at[u->word].bits)) *outgrown = u->word;
            after = number;
        }
        if (*outgrown == PK_NONE) put_number(key, k->layout.at + u->word, after);
    }
    if (!k->learns_of[t]) return PK_OK;
    int status = learn(k, knowledge, k->learns_of[t], &number);
    if (status != PK_OK) return status;
    if (number > low_bits(k->layout.at[k->words].bits)) *outgrown = k->words;
    if (*outgrown == PK_NONE) put_number(key, k->layout.at + k->words, number);
    return PK_OK;
}
