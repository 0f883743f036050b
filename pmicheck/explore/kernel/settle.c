#include "settle.h"

#include <string.h>

#include "index.h"
#include "memory.h"
#include "observe.h"
#include "reduced.h"
#include "successors.h"
#include "threads.h"

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

/* The number of a candidate's state, which is stored if it is new. */
INLINE int look_up(pk_search *k, const candidate *c, const uint64_t *key, uint32_t octets, uint32_t *id) {
    int is_new = 0;
    uint32_t *place = find(k, c->hash, key, octets, 0, &is_new);
    *id = is_new ? (uint32_t)k->found.states : *place;
    if (!is_new) return PK_OK;
    k->index.used_in[part_in(c->hash, k->index.parts)]++;
    return store(k, c, key, place, octets);
}

int close_edges(pk_search *k, uint64_t state) {
    if (state >= k->offset_room) {
        uint64_t room = state + state / 2 + 1024;
        if (!RESIZE(k->found.edge_offset, room)) return 0;
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

INLINE uint64_t claim_keys(worker *w, batch *b, uint32_t part, uint32_t octets) {
    const pk_search *k = w->search;
    uint32_t from = part ? b->part_end[part - 1] : 0, count = b->part_end[part] - from;
    const uint32_t *number = b->by_part + from;
    uint32_t claim = FIRST_CLAIM + (uint32_t)(b - k->batch) * MOST_CLAIMS;
    uint64_t claimed = 0;
    for (uint32_t i = 0; i < count + 2 * AHEAD; i++) {
        if (i < count) fetch_bucket(k, b->candidate[number[i]].hash);
        if (i >= AHEAD && i - AHEAD < count) fetch_key(k, b->candidate[number[i - AHEAD]].hash, octets);
        if (i < 2 * AHEAD) continue;
        uint32_t at = number[i - 2 * AHEAD];
        int is_new = 0;
        uint32_t *id = find(k, b->candidate[at].hash, b->key + (uint64_t)at * words_in(octets), octets, 1, &is_new);
        if (is_new) STORE(id, claim + at);
        b->claimed[at] = is_new ? id : NULL;
        claimed += (uint64_t)is_new;
    }
    return claimed;
}

/* Give the new candidates of a batch their numbers, in order. If that ends early `last` is where. */
INLINE int number_claimed(pk_search *k, batch *b, uint32_t octets, const candidate **last) {
    uint32_t *fresh = b->by_part;
    uint64_t count = 0;
    for (uint64_t i = 0; i < b->count; i++) {
        fresh[count] = (uint32_t)i;
        count += b->claimed[i] != NULL;
    }
    for (uint64_t n = 0; n < count; n++) {
        if (n + AHEAD < count) PREFETCH(b->claimed[fresh[n + AHEAD]]);
        const candidate *c = *last = b->candidate + fresh[n];
        int status = c->parent == k->found.expanded ? PK_OK : go_to(k, c->parent);
        const uint64_t *key = b->key + (uint64_t)fresh[n] * words_in(octets);
        if (status == PK_OK) status = store(k, c, key, b->claimed[fresh[n]], octets);
        if (status != PK_OK) return status;
    }
    return go_to(k, b->until);
}

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

INLINE int settle_keys(worker *w, batch *b, uint32_t octets) {
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

uint64_t claim_new(worker *w, batch *b, uint32_t part) {
    return BY_LENGTH(w->search->layout.octets, claim_keys, w, b, part);
}

int settle(worker *w, batch *b) { return BY_LENGTH(w->search->layout.octets, settle_keys, w, b); }
