/* Part of kernel.c: from candidates to states. One thread at a time gives each new candidate the next number, in the
 * order of plain breadth-first search; unless others did so before (kernel_parts.c) it also looks the candidates up.
 */
#define MOST_CLAIMS (1u << 16) /* candidates of a batch that is looked up by parts */
#define FIRST_CLAIM (PK_NONE - BATCHES * PK_MOST_THREADS * MOST_CLAIMS) /* from here on numbers in the index are claims */

/* Store a new state, whose number has a place in the index by now. */
INLINE int store(pk_search *k, const candidate *c, const uint64_t *key, uint32_t *place, uint32_t octets) {
    pk_found *f = &k->found;
    if (f->states >= k->max_states) return PK_MAX_STATES;
    if (f->states >= k->state_ids) return PK_STATE_IDS;
    uint32_t id = (uint32_t)f->states, knowledge = knowledge_in(k, key);
    keep_key(kept(k, id, octets), key, octets);
    if (!observe(k, key, id, c->via)) {
        forget(k, id);
        return PK_MEMORY;
    }
    if (!k->knowledge_used[knowledge]) {
        k->knowledge_used[knowledge] = 1;
        f->knowledge_sets++;
    }
    STORE(place, id);
    append_one(k);
    f->states++;
    return PK_OK;
}

/* Whether a place of the index has the number of this key; `claims`: or a claim on it. */
INLINE int holds(const pk_search *k, uint32_t id, const uint64_t *key, uint32_t octets, int claims) {
    if (!claims || id < FIRST_CLAIM) return kept_is(kept(k, id, octets), key, octets);
    uint32_t claim = id - FIRST_CLAIM, key_words = words_in(octets);
    const batch *b = k->batch + claim / MOST_CLAIMS;
    return same_key(b->key + (uint64_t)(claim % MOST_CLAIMS) * key_words, key, key_words);
}

/* The place in the index that has the number of this key; if there is none a new one that is to get it. */
INLINE uint32_t *find(const pk_search *k, uint64_t hash, const uint64_t *key, uint32_t octets, int claims, int *is_new) {
    const state_index *x = &k->index;
    for (uint64_t at = bucket_in(hash, x->buckets);; at = overflow(x, hash, at)) {
        bucket *b = x->at + at;
        for (uint32_t equal = tags_equal(b, tag_in(hash)); equal; equal &= equal - 1) {
            uint32_t *place = b->id + lowest_bit(equal);
            if (holds(k, LOAD(place), key, octets, claims)) return place;
        }
        uint32_t empty = tags_equal(b, 0);
        if (!empty) continue;
        *is_new = 1;
        b->tag[lowest_bit(empty)] = tag_in(hash);
        return b->id + lowest_bit(empty);
    }
}

/* The number of a candidate's state, which is stored if it is new. */
INLINE int look_up(pk_search *k, const candidate *c, const uint64_t *key, uint32_t octets, uint32_t *id) {
    int is_new = 0;
    uint32_t *place = find(k, c->hash, key, octets, 0, &is_new);
    *id = is_new ? (uint32_t)k->found.states : *place;
    if (!is_new) return PK_OK;
    k->index.used_in[part_in(c->hash, k->index.parts)]++;
    return store(k, c, key, place, octets);
}

INLINE void fetch_bucket(const pk_search *k, uint64_t hash) {
    PREFETCH(k->index.at + bucket_in(hash, k->index.buckets));
}

/* Fetch the key that the bucket, which is at hand by now, points to. */
INLINE void fetch_key(const pk_search *k, uint64_t hash, uint32_t octets) {
    const bucket *there = k->index.at + bucket_in(hash, k->index.buckets);
    uint32_t equal = tags_equal(there, tag_in(hash));
    if (equal) PREFETCH(kept(k, LOAD(there->id + lowest_bit(equal)), octets));
}

/* All edges of the states before `state` are recorded: note where they end. */
static int close_edges(pk_search *k, uint64_t state) {
    if (state >= k->offset_room) {
        uint64_t room = state + state / 2 + 1024;
        if (!resize((void **)&k->found.edge_offset, room, sizeof *k->found.edge_offset)) return 0;
        k->offset_room = room;
    }
    while (k->offsets <= state) k->found.edge_offset[k->offsets++] = k->edge_target.count;
    return 1;
}

/* Go on to the successors of state `parent`: nothing more is discovered by those before. */
INLINE int go_to(pk_search *k, uint64_t parent) {
    k->way_bits += parent - k->found.expanded; /* a 0 for each */
    k->found.expanded = parent;
    return k->record_edges && !close_edges(k, parent) ? PK_MEMORY : PK_OK;
}

/* Give every candidate its number, in order; memory is fetched ahead. If that ends early `last` is where. */
INLINE int number_all(pk_search *k, const batch *b, uint32_t octets, const candidate **last) {
    for (uint64_t i = 0; i < b->count + 2 * AHEAD; i++) {
        if (i < b->count) fetch_bucket(k, b->candidate[i].hash);
        if (i >= AHEAD && i - AHEAD < b->count) fetch_key(k, b->candidate[i - AHEAD].hash, octets);
        if (i < 2 * AHEAD) continue;
        const candidate *c = *last = b->candidate + (i - 2 * AHEAD);
        uint32_t id;
        int status = c->parent == k->found.expanded ? PK_OK : go_to(k, c->parent);
        if (status == PK_OK) status = look_up(k, c, b->key + (i - 2 * AHEAD) * words_in(octets), octets, &id);
        if (status != PK_OK) return status;
        if (!k->record_edges) continue;
        if (!numbers_add(&k->edge_via, c->via) || !numbers_add(&k->edge_target, id)) return PK_MEMORY;
    }
    return go_to(k, b->until);
}

#include "kernel_parts.c"

/* Count anew what fired in a batch that is cut: nothing from this candidate on. */
static void recount(worker *w, batch *b, const candidate *cut) {
    pk_search *k = w->search;
    memset(b->fired, 0, k->rules * sizeof *b->fired);
    w->fired = b->fired;
    for (uint64_t id = b->from; id <= cut->parent; id++) {
        uint32_t knowledge = unpack_state(k, id, w->local);
        uint64_t count;
        int status = find_firing(w, knowledge, &count);
        if (status != PK_OK) return;
        for (uint64_t i = 0; i < count; i++) {
            if (id == cut->parent && w->firing[i] > cut->via) continue;
            w->fired[k->rule_of[w->firing[i]]] += id < cut->parent || w->firing[i] < cut->via;
            uint64_t key[PK_KEY_BITS / 64] = {0};
            uint32_t outgrown = PK_NONE;
            if (!k->reduced) continue;
            reduced_successor(w, k, w->local, knowledge, w->firing[i], key, &outgrown, &status);
            if (status == PK_OK) count_hurried(w);
        }
    }
}

/* Turn the candidates of a batch into states; stops at a limit. */
INLINE int settle(worker *w, batch *b, uint32_t octets) {
    pk_search *k = w->search;
    const candidate *last = &(candidate){.parent = (uint32_t)b->from};
    int status = b->opened ? number_claimed(k, b, octets, &last) : number_all(k, b, octets, &last);
    if (status != PK_OK) {
        halt(k);
        recount(w, b, last);
        resume(k);
    }
    for (uint32_t rule = 0; rule < k->rules; rule++) k->found.fired[rule] += b->fired[rule];
    return status;
}
