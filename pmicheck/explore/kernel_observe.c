/* Part of kernel.c: local parts out of keys, and what projections and goals see in a new state. */

static inline uint64_t word_of(const pk_search *k, const uint64_t *key, uint32_t w) {
    uint64_t number = number_in(key, k->layout.at + w);
    return k->plain ? number : k->word[w].value[number];
}

static inline uint32_t knowledge_in(const pk_search *k, const uint64_t *key) {
    return (uint32_t)number_in(key, k->layout.at + k->words);
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

static int observe_projection(pk_search *k, projection *p, const uint64_t *key, uint32_t id) {
    uint32_t facts = p->fact_class[knowledge_in(k, key)], tag = projection_tag(k, p, key, facts);
    if (seen_before(k, p, key, facts, tag)) return 1;
    if (!ids_reserve(&p->table) || !numbers_add(&p->seen, id)) return 0;
    ids_add(&p->table, tag, id);
    return 1;
}

static void observe_goal(pk_search *k, uint32_t goal, const uint64_t *key, uint32_t id) {
    if (k->found.goal_state[goal] != PK_NONE) return;
    const uint64_t *mask = k->goal_mask + (uint64_t)goal * k->words, *value = k->goal_value + (uint64_t)goal * k->words;
    for (uint32_t w = 0; w < k->words; w++)
        if ((mask[w] | value[w]) && (word_of(k, key, w) & mask[w]) != value[w]) return;
    const uint64_t *known = k->knowledge + (uint64_t)knowledge_in(k, key) * k->knowledge_words;
    if (sparse_within(&k->goal_facts, goal, known)) k->found.goal_state[goal] = id;
}

/* Note what is seen for the first time in a new state: only what its transition may change can be new in it. */
static int observe(pk_search *k, const uint64_t *key, uint32_t id, uint32_t via) {
    for (uint32_t at = k->touch_offset[via]; at < k->touch_offset[via + 1]; at++) {
        uint32_t what = k->touch.at[at];
        if (what >= k->projections)
            observe_goal(k, what - k->projections, key, id);
        else if (!observe_projection(k, k->projection + what, key, id))
            return 0;
    }
    return 1;
}

/* Undo what was observed of a state that is not going to be stored. */
static void forget(pk_search *k, uint32_t id) {
    for (uint32_t n = 0; n < k->projections; n++) {
        numbers *seen = &k->projection[n].seen;
        if (seen->count && seen->at[seen->count - 1] == id) seen->count--;
    }
}
