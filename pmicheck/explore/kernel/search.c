/* Making a search from the caller's tables, what it found, and giving it back. */
#include "search.h"

#include <stdlib.h>
#include <string.h>

#include "batches.h"
#include "checkpoint.h"
#include "enabled.h"
#include "index.h"
#include "knowledge.h"
#include "observe.h"
#include "pure.h"
#include "reduced.h"
#include "settle.h"
#include "states.h"
#include "successors.h"
#include "threads.h"

/* The parts of all effects, word by word; a word that no effect changes has none. */
static int make_updates(pk_search *k, const pk_system *s) {
    uint64_t parts = 0, count = (uint64_t)s->transitions * s->words;
    for (uint64_t i = 0; i < count; i++) parts += (s->clear[i] | s->put[i]) != 0;
    if (parts > UINT32_MAX || !RESIZE(k->update, parts)) return 0;
    if (!RESIZE(k->update_offset, (uint64_t)s->transitions + 1)) return 0;
    uint32_t part = 0;
    for (uint32_t t = 0; t < s->transitions; t++) {
        k->update_offset[t] = part;
        for (uint32_t w = 0; w < s->words; w++) {
            uint64_t clear = s->clear[(uint64_t)t * s->words + w], put = s->put[(uint64_t)t * s->words + w];
            if (clear | put) k->update[part++] = (update){clear, put, w};
        }
    }
    k->update_offset[s->transitions] = part;
    return 1;
}

static int make_transitions(pk_search *k, const pk_system *s) {
    uint64_t count = s->transitions;
    k->rule_of = copy_of(s->rule_of, count, sizeof *s->rule_of);
    k->needs_of = copy_of(s->needs_of, count, sizeof *s->needs_of);
    k->learns_of = copy_of(s->learns_of, count, sizeof *s->learns_of);
    k->found.fired = calloc((size_t)s->rules + 1, sizeof *k->found.fired);
    return k->rule_of && k->needs_of && k->learns_of && k->found.fired && make_updates(k, s) &&
           sparse_init(&k->needs, s->needs_set, s->needs, s->knowledge_words) &&
           sparse_init(&k->learns, s->learns_set, s->learns, s->knowledge_words) &&
           gen_init(&k->tree, s, &k->needs, &k->eager_root);
}

static int make_workers(pk_search *k, const pk_system *s) {
    k->worker = calloc(k->threads, sizeof *k->worker);
    for (uint32_t n = 0; k->worker && n < k->threads; n++) {
        worker *w = k->worker + n;
        w->search = k;
        w->since = UINT64_MAX;
        w->fired = k->batch->fired;
        if (!memo_init(&w->rows, 8, UINT64_MAX) || !RESIZE(w->local, s->words + APART / 8) ||
            !RESIZE(w->stack, k->tree.depth) || !RESIZE(w->enabled, (uint64_t)s->transitions + 1) ||
            !RESIZE(w->firing, (uint64_t)s->transitions + 1) ||
            !(w->allowed = calloc((size_t)s->words + 1, sizeof *w->allowed)) ||
            !(w->recent = calloc((size_t)s->words << RECENT_LOG, 2 * sizeof *w->recent)) ||
            !RESIZE(w->image, 3 * (uint64_t)s->words + APART / 8) ||
            !RESIZE(w->successor, (uint64_t)s->transitions + 1) ||
            !RESIZE(w->key, ((uint64_t)s->transitions + 1) * (PK_KEY_BITS / 64)) ||
            !RESIZE(w->order, (uint64_t)s->transitions + 1))
            return 0;
    }
    return k->worker != NULL;
}

/* Store the initial state: nothing has discovered it, and all that it shows is new. */
static int make_start(pk_search *k, const pk_system *s) {
    uint32_t number;
    uint64_t key[PK_KEY_BITS / 64] = {0};
    if (intern(k, s->known, &number) != PK_OK) return 0;
    put_number(key, k->layout.at + s->words, number);
    for (uint32_t w = 0; w < s->words; w++) {
        if (!k->plain && !word_intern(k->word + w, s->initial[w], &number)) return 0;
        put_number(key, k->layout.at + w, k->plain ? s->initial[w] : number);
    }
    if (!large_reserve(&k->keys, k->layout.octets)) return 0;
    keep_key(k->keys.at, key, k->layout.octets);
    k->found.states = k->found.knowledge_sets = k->knowledge_used[0] = 1;
    k->found.key_octets = k->layout.octets;
    k->index.parts = k->threads;
    return forget_lately(k) && refill_index(k) && observe_start(k, key) && (!k->record_edges || close_edges(k, 0));
}

pk_search *pk_new(const pk_system *s) {
    pk_search *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->words = s->words;
    k->knowledge_words = s->knowledge_words;
    k->transitions = s->transitions;
    k->state_ids = s->state_ids;
    k->knowledge_ids = s->knowledge_ids;
    k->max_states = s->max_states;
    k->memo_limit = s->memo_limit;
    k->record_edges = s->record_edges;
    k->rules = s->rules;
    k->key_bits = s->key_bits;
    k->most_octets = s->most_octets;
    k->threads = s->threads;
    k->spill = s->spill ? copy_of(s->spill, strlen(s->spill) + 1, 1) : NULL;
    k->keys.spill = k->ways.spill = k->samples.spill = k->index.memory.spill = k->spill;
    if ((!s->spill || k->spill) && make_transitions(k, s) && make_reduction(k, s) && make_horn(k, s) &&
        make_observers(k, s) && make_layout(k, s) && make_pure(k, s) && make_guards(k, s) && make_batches(k) &&
        make_workers(k, s) && make_start(k, s) && make_saved(k) && make_team(k, help))
        return k;
    pk_free(k);
    return NULL;
}

const pk_found *pk_result(pk_search *k) {
    k->found.knowledge = k->knowledge;
    for (uint32_t p = 0; p < k->projections; p++) {
        k->found.seen[p] = k->projection[p].seen.at;
        k->found.seen_count[p] = (uint32_t)k->projection[p].seen.count;
    }
    if (k->record_edges) {
        k->found.edges = k->found.edge_offset[k->found.expanded]; /* a state that was cut short has no edges */
        k->found.edge_target = k->edge_target.at;
        k->found.edge_via = k->edge_via.at;
    }
    return &k->found;
}

uint32_t pk_state(const pk_search *k, uint64_t state, uint64_t *local) { return unpack_state(k, state, local); }

uint32_t pk_parent(pk_search *k, uint64_t state, uint32_t *via) {
    uint64_t parent = discoverer(k, state);
    *via = way_between(k, parent, state);
    return (uint32_t)parent;
}

static uint64_t table_bytes(const id_table *t) { return t->slot ? (uint64_t)8 << t->log : 0; }

uint64_t pk_bytes(const pk_search *k) {
    uint64_t sum = k->found.states * k->layout.octets + k->way_bits / 8 + k->samples.octets;
    sum += k->knowledge_room * k->knowledge_words * 8 + table_bytes(&k->knowledge_table);
    sum += ((uint64_t)16 << k->closures.log) + k->offset_room * 8 + (k->edge_target.room + k->edge_via.room) * 4;
    sum += (uint64_t)k->update_offset[k->transitions] * sizeof *k->update + k->tree.node_room * sizeof(gen_node);
    sum += k->tree.child.room * 4 + k->tree.entry_room * sizeof(gen_entry) + k->tree.part_room * sizeof(gen_part);
    if (k->guard_mask) sum += (uint64_t)k->transitions * k->words * 2 * sizeof(uint64_t);
    sum += k->index.buckets * sizeof(bucket) + k->held;
    for (uint32_t n = 0; n < k->words; n++) sum += k->word[n].room * 8ull + ((uint64_t)16 << k->word[n].log);
    for (uint32_t p = 0; p < k->projections; p++) {
        const projection *q = k->projection + p;
        sum += table_bytes(&q->table) + table_bytes(&q->fact_table) + q->seen.room * 4 + k->knowledge_room * 4;
    }
    return sum;
}

void pk_grant(pk_search *k, uint64_t most_octets) { k->most_octets = most_octets; }

void pk_finish(pk_search *k) {
    if (!k->over) k->over = PK_MAX_STATES;
    team_free(k);
    large_free(&k->index.memory);
    k->index.buckets = 0;
    for (uint64_t n = 0; n < k->batches; n++) empty_batch(k->batch + n);
    note_held(k);
    for (uint32_t p = 0; p < k->projections; p++) {
        projection *q = k->projection + p;
        release(&q->fact_table.slot), release(&q->table.slot);
    }
}

static void free_workers(pk_search *k) {
    for (uint32_t n = 0; k->worker && n < k->threads; n++) {
        worker *w = k->worker + n;
        free(w->local), free(w->image), free(w->hurried.at), free(w->stack), free(w->enabled), free(w->firing);
        if (w->allowed) give_rows_up(w);
        free(w->rows.slot), free(w->row), free(w->allowed), free(w->lately), free(w->recent);
        free(w->successor), free(w->key), free(w->order);
    }
    for (uint64_t n = 0; k->batch && n < k->batches; n++) {
        empty_batch(k->batch + n);
        free(k->batch[n].fired), free(k->batch[n].unknown.at);
    }
    free(k->worker), free(k->batch);
}

static void free_system(pk_search *k) {
    gen_free(&k->tree);
    free_pure(k);
    free(k->guard_mask), free(k->guard_value);
    free_horn(k);
    free_reduction(k);
    free_observers(k);
    free(k->update), free(k->update_offset), free(k->rule_of), free(k->needs_of), free(k->learns_of);
    free(k->found.fired);
    sparse_free(&k->needs), sparse_free(&k->learns);
}

void pk_free(pk_search *k) {
    if (!k) return;
    team_free(k);
    free_workers(k);
    free_system(k);
    for (uint32_t n = 0; k->word && n < k->words; n++) free(k->word[n].value), free(k->word[n].slot);
    large_free(&k->keys), large_free(&k->ways), large_free(&k->samples), large_free(&k->index.memory);
    free(k->word), free(k->layout.at), free(k->edge_target.at), free(k->edge_via.at), free(k->found.edge_offset);
    free_saved(&k->saved);
    free(k->spill);
    free(k);
}
