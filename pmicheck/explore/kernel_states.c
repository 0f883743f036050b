/* Part of kernel.c: the table of states, what is observed in a new one, and the edges between them. */

INLINE uint32_t state_tag(const uint64_t *local, uint32_t knowledge, uint32_t words) {
    uint64_t hash = mix(MULTIPLIER, knowledge);
    for (uint32_t w = 0; w < words; w++) hash = mix(hash, local[w]);
    return tag_of(hash);
}

static int grow_states(pk_search *k) {
    uint64_t room = k->state_room + k->state_room / 2 + 1024;
    pk_found *f = &k->found;
    if (!resize((void **)&f->locals, room, k->words * sizeof *f->locals)) return 0;
    if (!resize((void **)&f->knowledge_of, room, sizeof *f->knowledge_of)) return 0;
    if (!resize((void **)&f->parent, room, sizeof *f->parent)) return 0;
    if (!resize((void **)&f->via, room, sizeof *f->via)) return 0;
    k->state_room = room;
    return 1;
}

/* Whether some state showed this value of the projection before. */
static int seen_before(const pk_search *k, const projection *p, const uint64_t *mask, uint32_t id, uint32_t tag) {
    const uint64_t *local = k->found.locals + (uint64_t)id * k->words;
    uint32_t facts = p->fact_class[k->found.knowledge_of[id]];
    IDS_CANDIDATES(&p->table, tag, other) {
        if (p->fact_class[k->found.knowledge_of[other]] == facts &&
            words_same(local, k->found.locals + (uint64_t)other * k->words, mask, k->words))
            return 1;
    }
    return 0;
}

/* Note what projections and goals see for the first time in a new state. */
static int observe(pk_search *k, uint32_t id) {
    const pk_found *f = &k->found;
    const uint64_t *local = f->locals + (uint64_t)id * k->words;
    const uint64_t *before = f->locals + (uint64_t)f->parent[id] * k->words;
    uint32_t knowledge = f->knowledge_of[id], knowledge_before = f->knowledge_of[f->parent[id]];
    for (uint32_t n = 0; n < k->projections; n++) {
        projection *p = k->projection + n;
        const uint64_t *mask = k->projection_mask + (uint64_t)n * k->words;
        uint32_t facts = p->fact_class[knowledge];
        if (id && facts == p->fact_class[knowledge_before] && words_same(local, before, mask, k->words))
            continue; /* most steps do not change what a property looks at */
        uint32_t tag = tag_of(mix(words_tag(local, mask, k->words), facts));
        if (seen_before(k, p, mask, id, tag)) continue;
        if (!ids_reserve(&p->table) || !numbers_add(&p->seen, id)) return 0;
        ids_add(&p->table, tag, id);
    }
    for (uint32_t n = 0; n < k->goals; n++) {
        if (f->goal_state[n] != PK_NONE) continue;
        const uint64_t *mask = k->goal_mask + (uint64_t)n * k->words, *value = k->goal_value + (uint64_t)n * k->words;
        uint64_t differs = 0;
        for (uint32_t w = 0; w < k->words; w++) differs |= (local[w] & mask[w]) ^ value[w];
        const uint64_t *known = f->knowledge + (uint64_t)knowledge * k->knowledge_words;
        if (!differs && sparse_within(&k->goal_facts, n, known)) f->goal_state[n] = id;
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

/* The number of a successor; a new one is stored and observed. */
INLINE int find_or_store(pk_search *k, const successor *s, const uint64_t *local, uint32_t words, uint32_t *id) {
    pk_found *f = &k->found;
    IDS_CANDIDATES(&k->table, s->tag, other) {
        if (f->knowledge_of[other] == s->knowledge &&
            words_same(f->locals + (uint64_t)other * words, local, NULL, words)) {
            *id = other;
            return PK_OK;
        }
    }
    if (f->states >= k->max_states) return PK_MAX_STATES;
    if (f->states >= k->state_ids) return PK_STATE_IDS;
    if (f->states == k->state_room && !grow_states(k)) return PK_MEMORY;
    if (!ids_reserve(&k->table)) return PK_MEMORY;
    *id = (uint32_t)f->states;
    for (uint32_t w = 0; w < words; w++) f->locals[f->states * words + w] = local[w];
    f->knowledge_of[*id] = s->knowledge;
    f->parent[*id] = s->parent;
    f->via[*id] = s->via;
    if (!observe(k, *id)) {
        forget(k, *id);
        return PK_MEMORY;
    }
    ids_add(&k->table, s->tag, *id);
    f->states++;
    if (s->knowledge >= f->knowledge_sets) f->knowledge_sets = (uint64_t)s->knowledge + 1;
    return PK_OK;
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

static int record_edge(pk_search *k, uint32_t from, uint32_t to, uint32_t via) {
    if (!close_edges(k, from) || !numbers_add(&k->edge_via, via)) return PK_MEMORY;
    return numbers_add(&k->edge_target, to) ? PK_OK : PK_MEMORY;
}
