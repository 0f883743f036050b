/* Part of kernel.c: making a search from the caller's tables, and giving it back. */

/* Two arrays of W words a transition, side by side. */
static uint64_t *paired(const uint64_t *left, const uint64_t *right, uint64_t count, uint32_t words) {
    uint64_t *pairs = NULL;
    if (!resize((void **)&pairs, count * 2, words * sizeof *pairs)) return NULL;
    for (uint64_t i = 0; i < count; i++) {
        memcpy(pairs + i * 2 * words, left + i * words, words * sizeof *pairs);
        memcpy(pairs + (i * 2 + 1) * words, right + i * words, words * sizeof *pairs);
    }
    return pairs;
}

static int make_transitions(pk_search *k, const pk_system *s) {
    uint64_t count = s->transitions, room = count + BATCH;
    k->guard = paired(s->mask, s->value, count, s->words);
    k->update = paired(s->clear, s->put, count, s->words);
    k->rule_of = copy_of(s->rule_of, count, sizeof *s->rule_of);
    k->needs_of = copy_of(s->needs_of, count, sizeof *s->needs_of);
    k->learns_of = copy_of(s->learns_of, count, sizeof *s->learns_of);
    k->found.fired = calloc((size_t)s->rules + 1, sizeof *k->found.fired);
    return k->guard && k->update && k->rule_of && k->needs_of && k->learns_of && k->found.fired &&
           resize((void **)&k->enabled, count, sizeof *k->enabled) &&
           resize((void **)&k->scratch, count, sizeof *k->scratch) &&
           resize((void **)&k->batch, room, sizeof *k->batch) &&
           resize((void **)&k->batch_local, room, s->words * sizeof *k->batch_local) &&
           sparse_init(&k->needs, s->needs_set, s->needs, s->knowledge_words) &&
           sparse_init(&k->learns, s->learns_set, s->learns, s->knowledge_words) && gen_init(&k->tree, s);
}

static int make_horn(pk_search *k, const pk_system *s) {
    uint64_t facts = (uint64_t)s->knowledge_words * 64, mentions = 0;
    if (!sparse_init(&k->horn_body, s->horn_body, s->horn, s->knowledge_words)) return 0;
    k->horn_head = copy_of(s->horn_head, s->horn, sizeof *s->horn_head);
    k->premise_offset = calloc(facts + 2, sizeof *k->premise_offset);
    if (!k->horn_head || !k->premise_offset) return 0;
    const sparse *body = &k->horn_body;
    uint32_t parts = body->offset[s->horn];
    for (uint32_t part = 0; part < parts; part++)
        for (uint64_t bits = body->bits[part]; bits; bits &= bits - 1, mentions++)
            k->premise_offset[body->word[part] * 64 + lowest_bit(bits) + 2]++;
    if (mentions > UINT32_MAX || !resize((void **)&k->premise, mentions, sizeof *k->premise)) return 0;
    for (uint64_t fact = 0; fact <= facts; fact++) k->premise_offset[fact + 1] += k->premise_offset[fact];
    for (uint32_t rule = 0; rule < s->horn; rule++)
        for (uint32_t part = body->offset[rule]; part < body->offset[rule + 1]; part++)
            for (uint64_t bits = body->bits[part]; bits; bits &= bits - 1)
                k->premise[k->premise_offset[body->word[part] * 64 + lowest_bit(bits) + 1]++] = rule;
    return resize((void **)&k->closing, s->knowledge_words, sizeof *k->closing) &&
           resize((void **)&k->agenda, facts, sizeof *k->agenda) && memo_init(&k->closures, 8, s->memo_limit) &&
           memo_init(&k->rows, 8, UINT64_MAX) && ids_init(&k->knowledge_table, 8);
}

static int make_observers(pk_search *k, const pk_system *s) {
    pk_found *f = &k->found;
    k->projection = calloc((size_t)s->projections + 1, sizeof *k->projection);
    f->seen = calloc((size_t)s->projections + 1, sizeof *f->seen);
    f->seen_count = calloc((size_t)s->projections + 1, sizeof *f->seen_count);
    k->projection_mask = copy_of(s->projection_mask, s->projections, s->words * sizeof(uint64_t));
    k->goal_mask = copy_of(s->goal_mask, s->goals, s->words * sizeof(uint64_t));
    k->goal_value = copy_of(s->goal_value, s->goals, s->words * sizeof(uint64_t));
    if (!k->projection || !f->seen || !f->seen_count || !k->projection_mask || !k->goal_mask || !k->goal_value) return 0;
    k->projections = s->projections;
    for (uint32_t n = 0; n < s->projections; n++) {
        projection *p = k->projection + n;
        const uint64_t *facts = s->projection_facts + (uint64_t)n * s->knowledge_words;
        p->facts = copy_of(facts, s->knowledge_words, sizeof *facts);
        if (!p->facts || !ids_init(&p->fact_table, 6) || !ids_init(&p->table, 6)) return 0;
        for (uint32_t w = 0; w < s->knowledge_words; w++) p->any_facts |= facts[w] != 0;
    }
    if (!resize((void **)&f->goal_state, s->goals, sizeof *f->goal_state)) return 0;
    for (uint32_t n = 0; n < s->goals; n++) f->goal_state[n] = PK_NONE;
    k->goals = s->goals;
    return sparse_init(&k->goal_facts, s->goal_facts, s->goals, s->knowledge_words);
}

static int make_start(pk_search *k, const pk_system *s) {
    successor start = {0, 0, 0, 0};
    uint32_t id;
    if (!ids_init(&k->table, 12) || intern(k, s->known, &start.knowledge) != PK_OK) return 0;
    start.tag = state_tag(s->initial, start.knowledge, s->words);
    if (find_or_store(k, &start, s->initial, s->words, &id) != PK_OK) return 0;
    return !k->record_edges || close_edges(k, 0);
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
    if (make_transitions(k, s) && make_horn(k, s) && make_observers(k, s) && make_start(k, s)) return k;
    pk_free(k);
    return NULL;
}

const pk_found *pk_result(pk_search *k) {
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

static uint64_t table_bytes(const id_table *t) { return t->slot ? (uint64_t)8 << t->log : 0; }

uint64_t pk_bytes(const pk_search *k) {
    uint64_t states = k->state_room * (k->words * 8ull + 12), facts = k->knowledge_room * k->knowledge_words * 8ull;
    uint64_t sum = states + facts + table_bytes(&k->table) + table_bytes(&k->knowledge_table);
    sum += ((uint64_t)16 << k->closures.log) + ((uint64_t)16 << k->rows.log) + k->row.room * 4;
    sum += k->offset_room * 8 + (k->edge_target.room + k->edge_via.room) * 4;
    sum += k->transitions * (k->words * 32ull + 20) + k->tree.node_room * sizeof(gen_node) + k->tree.child.room * 4;
    for (uint32_t p = 0; p < k->projections; p++) {
        const projection *q = k->projection + p;
        sum += table_bytes(&q->table) + table_bytes(&q->fact_table) + q->seen.room * 4 + k->knowledge_room * 4;
    }
    return sum;
}

static void release(void *pointer_to_memory) {
    void **memory = pointer_to_memory;
    free(*memory);
    *memory = NULL;
}

void pk_finish(pk_search *k) {
    if (!k->over) k->over = PK_MAX_STATES;
    gen_free(&k->tree);
    release(&k->guard), release(&k->update), release(&k->enabled), release(&k->scratch);
    release(&k->rule_of), release(&k->needs_of), release(&k->learns_of);
    sparse_free(&k->needs), sparse_free(&k->learns), sparse_free(&k->horn_body), sparse_free(&k->goal_facts);
    release(&k->horn_head), release(&k->premise_offset), release(&k->premise);
    release(&k->closing), release(&k->agenda), release(&k->row.at), release(&k->batch), release(&k->batch_local);
    release(&k->closures.slot), release(&k->rows.slot), release(&k->table.slot), release(&k->knowledge_table.slot);
    release(&k->projection_mask), release(&k->goal_mask), release(&k->goal_value);
    for (uint32_t p = 0; k->projection && p < k->projections; p++) {
        projection *q = k->projection + p;
        release(&q->facts), release(&q->fact_table.slot), release(&q->fact_class), release(&q->table.slot);
    }
}

void pk_free(pk_search *k) {
    if (!k) return;
    pk_finish(k);
    pk_found *f = &k->found;
    for (uint32_t p = 0; k->projection && p < k->projections; p++) free(k->projection[p].seen.at);
    free(k->projection), free(k->edge_target.at), free(k->edge_via.at);
    free(f->locals), free(f->knowledge_of), free(f->parent), free(f->via), free(f->knowledge), free(f->fired);
    free(f->goal_state), free(f->seen), free(f->seen_count), free(f->edge_offset);
    free(k);
}
