#include "observe.h"

#include <stdlib.h>

#include "memory.h"
#include "states.h"

static int make_projection(projection *p, const pk_system *s, uint32_t number) {
    const uint64_t *mask = s->projection_mask + (uint64_t)number * s->words;
    const uint64_t *facts = s->projection_facts + (uint64_t)number * s->knowledge_words;
    p->facts = copy_of(facts, s->knowledge_words, sizeof *facts);
    if (!p->facts || !RESIZE(p->part, s->words)) return 0;
    for (uint32_t w = 0; w < s->words; w++)
        if (mask[w]) p->part[p->parts++] = (gen_part){mask[w], 0, w};
    for (uint32_t w = 0; w < s->knowledge_words; w++) p->any_facts |= facts[w] != 0;
    return ids_init(&p->fact_table, 6) && ids_init(&p->table, 6);
}

/* For each transition the projections, and then the goals, whose value in the successor it may have changed. */
static int make_touches(pk_search *k, const pk_system *s) {
    if (!RESIZE(k->touch_offset, (uint64_t)s->transitions + 1)) return 0;
    for (uint32_t t = 0; t < s->transitions; t++) {
        k->touch_offset[t] = (uint32_t)k->touch.count;
        for (uint32_t n = 0; n < s->projections + s->goals; n++) {
            int goal = n >= s->projections;
            uint32_t at = goal ? n - s->projections : n;
            const uint64_t *mask = (goal ? s->goal_mask : s->projection_mask) + (uint64_t)at * s->words;
            const uint64_t *facts = (goal ? s->goal_facts : s->projection_facts) + (uint64_t)at * s->knowledge_words;
            uint64_t touched = 0;
            for (uint32_t part = k->update_offset[t]; part < k->update_offset[t + 1]; part++)
                touched |= (k->update[part].clear | k->update[part].put) & mask[k->update[part].word];
            for (uint32_t w = 0; w < s->knowledge_words && k->learns_of[t]; w++) touched |= facts[w];
            touched |= (uint64_t)k->reduced; /* what follows a step there may change anything */
            if (touched && !numbers_add(&k->touch, n)) return 0;
        }
    }
    k->touch_offset[s->transitions] = (uint32_t)k->touch.count;
    return k->touch.count <= UINT32_MAX;
}

int make_observers(pk_search *k, const pk_system *s) {
    pk_found *f = &k->found;
    k->projection = calloc((size_t)s->projections + 1, sizeof *k->projection);
    f->seen = calloc((size_t)s->projections + 1, sizeof *f->seen);
    f->seen_count = calloc((size_t)s->projections + 1, sizeof *f->seen_count);
    k->goal_mask = copy_of(s->goal_mask, s->goals, s->words * sizeof(uint64_t));
    k->goal_value = copy_of(s->goal_value, s->goals, s->words * sizeof(uint64_t));
    if (!k->projection || !f->seen || !f->seen_count || !k->goal_mask || !k->goal_value) return 0;
    k->projections = s->projections;
    for (uint32_t n = 0; n < s->projections; n++)
        if (!make_projection(k->projection + n, s, n)) return 0;
    if (!RESIZE(f->goal_state, s->goals)) return 0;
    for (uint32_t n = 0; n < s->goals; n++) f->goal_state[n] = PK_NONE;
    k->goals = s->goals;
    return sparse_init(&k->goal_facts, s->goal_facts, s->goals, s->knowledge_words) && make_touches(k, s);
}

void free_observers(pk_search *k) {
    pk_found *f = &k->found;
    for (uint32_t n = 0; k->projection && n < k->projections; n++) {
        projection *p = k->projection + n;
        free(p->part), free(p->facts), free(p->fact_table.slot), free(p->fact_class), free(p->table.slot);
        free(p->seen.at);
    }
    free(k->projection), free(f->goal_state), free(f->seen), free(f->seen_count);
    free(k->goal_mask), free(k->goal_value), free(k->touch_offset), free(k->touch.at);
    sparse_free(&k->goal_facts);
}

static uint32_t projection_tag(const pk_search *k, const projection *p, const uint64_t *key, uint32_t facts) {
    uint64_t hash = mix(MULTIPLIER, facts);
    for (uint32_t i = 0; i < p->parts; i++) hash = mix(hash, word_of(k, key, p->part[i].word) & p->part[i].mask);
    return tag_of(hash);
}

/* Whether some state showed this value of the projection before. */
static int seen_before(const pk_search *k, const projection *p, const uint64_t *key, uint32_t facts, uint32_t tag) {
    IDS_CANDIDATES(&p->table, tag, other) {
        uint64_t that[PK_KEY_BITS / 64];
        get_key(k, other, that);
        uint64_t differs = p->fact_class[knowledge_in(k, that)] ^ facts;
        for (uint32_t i = 0; i < p->parts && !differs; i++)
            differs = (word_of(k, key, p->part[i].word) ^ word_of(k, that, p->part[i].word)) & p->part[i].mask;
        if (!differs) return 1;
    }
    return 0;
}

static int note_seen(projection *p, uint32_t id, uint32_t tag) {
    if (!ids_reserve(&p->table) || !numbers_add(&p->seen, id)) return 0;
    ids_add(&p->table, tag, id);
    return 1;
}

int observed(pk_search *k, projection *p, const uint64_t *key, uint32_t id) {
    return note_seen(p, id, projection_tag(k, p, key, p->fact_class[knowledge_in(k, key)]));
}

/* Note the state if it is the first to show its value of a projection; 0 if memory does not suffice. */
static int observe_projection(pk_search *k, projection *p, const uint64_t *key, uint32_t id) {
    uint32_t facts = p->fact_class[knowledge_in(k, key)], tag = projection_tag(k, p, key, facts);
    return seen_before(k, p, key, facts, tag) || note_seen(p, id, tag);
}

static void observe_goal(pk_search *k, uint32_t goal, const uint64_t *key, uint32_t id) {
    if (k->found.goal_state[goal] != PK_NONE) return;
    const uint64_t *mask = k->goal_mask + (uint64_t)goal * k->words, *value = k->goal_value + (uint64_t)goal * k->words;
    for (uint32_t w = 0; w < k->words; w++)
        if ((mask[w] | value[w]) && (word_of(k, key, w) & mask[w]) != value[w]) return;
    const uint64_t *known = known_in(k, knowledge_in(k, key));
    if (sparse_within(&k->goal_facts, goal, known)) k->found.goal_state[goal] = id;
}

int observe_start(pk_search *k, const uint64_t *key) {
    for (uint32_t n = 0; n < k->projections; n++)
        if (!observe_projection(k, k->projection + n, key, 0)) return 0;
    for (uint32_t n = 0; n < k->goals; n++) observe_goal(k, n, key, 0);
    return 1;
}

int observe(pk_search *k, const uint64_t *key, uint32_t id, uint32_t via) {
    for (uint32_t at = k->touch_offset[via]; at < k->touch_offset[via + 1]; at++) {
        uint32_t what = k->touch.at[at];
        if (what >= k->projections)
            observe_goal(k, what - k->projections, key, id);
        else if (!observe_projection(k, k->projection + what, key, id))
            return 0;
    }
    return 1;
}

void forget(pk_search *k, uint32_t id) {
    for (uint32_t n = 0; n < k->projections; n++) {
        numbers *seen = &k->projection[n].seen;
        if (seen->count && seen->at[seen->count - 1] == id) seen->count--;
    }
}
