#include "successors.h"

#include <stdlib.h>
#include <string.h>

#include "knowledge.h"
#include "memory.h"
#include "reduced.h"
#include "threads.h"

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

INLINE void expand_keys(worker *w, batch *b, int plain, uint32_t octets) {
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

void expand(worker *w, batch *b) {
    const pk_search *k = w->search;
    k->plain ? BY_LENGTH(k->layout.octets, expand_keys, w, b, 1) : BY_LENGTH(k->layout.octets, expand_keys, w, b, 0);
}

int resolve(worker *w, const candidate *c, uint64_t *key, uint32_t *outgrown) {
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

uint32_t way_between(pk_search *k, uint64_t from, uint64_t to) {
    uint64_t start[PK_KEY_BITS / 64], end[PK_KEY_BITS / 64], key[PK_KEY_BITS / 64], count;
    worker *w = k->worker;
    uint32_t knowledge = unpack_state(k, from, w->local), via = PK_NONE;
    get_key(k, from, start);
    get_key(k, to, end);
    if (find_firing(w, knowledge, &count) != PK_OK) return PK_NONE;
    for (uint64_t i = 0; i < count; i++) {
        candidate c = {.parent = (uint32_t)from, .via = w->firing[i]};
        uint32_t outgrown = PK_NONE;
        memcpy(key, start, sizeof key);
        int found = k->reduced ? UNKNOWN : successor_key(w, w->local, knowledge, c.via, key, k->plain);
        if (found == UNKNOWN && resolve(w, &c, key, &outgrown) != PK_OK) break;
        if (outgrown == PK_NONE && same_key(key, end, words_in(k->layout.octets)) && c.via < via) via = c.via;
    }
    return via;
}

int forget_lately(pk_search *k) {
    uint64_t start[PK_KEY_BITS / 64]; /* the key of the initial state, which is old, stands for none */
    uint32_t words = words_in(k->layout.octets);
    get_key(k, 0, start);
    for (worker *w = k->worker; w < k->worker + k->threads; w++) {
        if (!RESIZE(w->lately, (uint64_t)words << LATELY_LOG)) return 0;
        for (uint64_t at = 0; at < (uint64_t)words << LATELY_LOG; at++) w->lately[at] = start[at % words];
    }
    return 1;
}

int candidates_reserve(batch *b, uint64_t more, uint32_t key_words) {
    uint64_t room = b->room + b->room / 2 + more + 256;
    if (!RESIZE(b->candidate, room)) return 0;
    if (!RESIZE(b->key, room * key_words)) return 0;
    if (!RESIZE(b->by_part, room)) return 0;
    if (!RESIZE(b->claimed, room)) return 0;
    b->room = room;
    return 1;
}

static int by_number(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

void sort_by_library(uint64_t *order, uint64_t count) { qsort(order, count, sizeof *order, by_number); }
