/* Part of kernel.c: making a search from the caller's tables, and giving it back. */

/* The parts of all effects, word by word; a word that no effect changes has none. */
static int make_updates(pk_search *k, const pk_system *s) {
    uint64_t parts = 0, count = (uint64_t)s->transitions * s->words;
    for (uint64_t i = 0; i < count; i++) parts += (s->clear[i] | s->put[i]) != 0;
    if (parts > UINT32_MAX || !resize((void **)&k->update, parts, sizeof *k->update)) return 0;
    if (!resize((void **)&k->update_offset, (uint64_t)s->transitions + 1, sizeof *k->update_offset)) return 0;
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

/* Nothing was made lately: the key of the initial state, which is old, stands for that. */
static int forget_lately(const pk_search *k, worker *w) {
    uint64_t start[PK_KEY_BITS / 64];
    uint32_t words = words_in(k->layout.octets);
    get_key(k, 0, start);
    if (!resize((void **)&w->lately, (uint64_t)words << LATELY_LOG, sizeof *w->lately)) return 0;
    for (uint64_t at = 0; at < (uint64_t)words << LATELY_LOG; at++) w->lately[at] = start[at % words];
    return 1;
}

static int make_batches(pk_search *k) {
    k->batches = k->threads == 1 ? 1 : BATCHES * (uint64_t)k->threads;
    k->parents = 16;
    k->batch = calloc(k->batches, sizeof *k->batch);
    for (uint64_t n = 0; k->batch && n < k->batches; n++)
        if (!(k->batch[n].fired = calloc((size_t)k->rules + APART / 8, sizeof(uint64_t)))) return 0;
    return k->batch != NULL;
}

static int make_workers(pk_search *k, const pk_system *s) {
    k->worker = calloc(k->threads, sizeof *k->worker);
    for (uint32_t n = 0; k->worker && n < k->threads; n++) {
        worker *w = k->worker + n;
        w->search = k;
        w->since = UINT64_MAX;
        w->fired = k->batch->fired;
        if (!memo_init(&w->rows, 8, UINT64_MAX) || !resize((void **)&w->local, s->words + APART / 8, 8) ||
            !resize((void **)&w->stack, k->tree.depth, sizeof *w->stack) ||
            !resize((void **)&w->enabled, (uint64_t)s->transitions + 1, sizeof *w->enabled) ||
            !resize((void **)&w->firing, (uint64_t)s->transitions + 1, sizeof *w->firing) ||
            !(w->allowed = calloc((size_t)s->words + 1, sizeof *w->allowed)) ||
            !(w->recent = calloc((size_t)s->words << RECENT_LOG, 2 * sizeof *w->recent)) ||
            !resize((void **)&w->image, 3 * (uint64_t)s->words + APART / 8, sizeof *w->image) ||
            !resize((void **)&w->successor, (uint64_t)s->transitions + 1, sizeof *w->successor) ||
            !resize((void **)&w->key, ((uint64_t)s->transitions + 1) * (PK_KEY_BITS / 64), sizeof *w->key) ||
            !resize((void **)&w->order, (uint64_t)s->transitions + 1, sizeof *w->order))
            return 0;
    }
    return k->worker != NULL;
}

/* Eager transitions and symmetries. */
static int make_reduction(pk_search *k, const pk_system *s) {
    k->reduced = s->eager_count || s->symmetries;
    k->symmetries = s->symmetries;
    if (!memo_init(&k->images, 4, s->memo_limit)) return 0;
    k->symmetry_fixed = copy_of(s->symmetry_fixed, (uint64_t)s->symmetries * s->words, 8);
    k->symmetry_value = copy_of(s->symmetry_value, s->symmetry_values, 8);
    k->symmetry_facts = copy_of(s->symmetry_facts, (uint64_t)s->symmetries * s->knowledge_words * 64, 4);
    k->move_offset = copy_of(s->move_offset, (uint64_t)s->symmetries + 1, 4);
    if (!resize((void **)&k->move, s->moves, sizeof *k->move)) return 0;
    for (uint32_t n = 0; n < s->moves; n++) {
        const uint32_t *m = s->move_numbers + 5 * (uint64_t)n;
        k->move[n] = (move){s->move_mask[n], m[0], m[1], m[2], m[3], m[4]};
    }
    return k->symmetry_fixed && k->symmetry_value && k->symmetry_facts && k->move_offset;
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
           ids_init(&k->knowledge_table, 8);
}

static int make_projection(projection *p, const pk_system *s, uint32_t number) {
    const uint64_t *mask = s->projection_mask + (uint64_t)number * s->words;
    const uint64_t *facts = s->projection_facts + (uint64_t)number * s->knowledge_words;
    p->facts = copy_of(facts, s->knowledge_words, sizeof *facts);
    if (!p->facts || !resize((void **)&p->part, s->words, sizeof *p->part)) return 0;
    for (uint32_t w = 0; w < s->words; w++)
        if (mask[w]) p->part[p->parts++] = (gen_part){mask[w], 0, w};
    for (uint32_t w = 0; w < s->knowledge_words; w++) p->any_facts |= facts[w] != 0;
    return ids_init(&p->fact_table, 6) && ids_init(&p->table, 6);
}

/* For each transition the projections, and then the goals, whose value in the successor it may have changed. */
static int make_touches(pk_search *k, const pk_system *s) {
    if (!resize((void **)&k->touch_offset, (uint64_t)s->transitions + 1, sizeof *k->touch_offset)) return 0;
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

static int make_observers(pk_search *k, const pk_system *s) {
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
    if (!resize((void **)&f->goal_state, s->goals, sizeof *f->goal_state)) return 0;
    for (uint32_t n = 0; n < s->goals; n++) f->goal_state[n] = PK_NONE;
    k->goals = s->goals;
    return sparse_init(&k->goal_facts, s->goal_facts, s->goals, s->knowledge_words) && make_touches(k, s);
}

/* The first layout of the keys: the whole word of a plain system; every other number is 0. */
static int make_layout(pk_search *k, const pk_system *s) {
    uint64_t used = s->initial[0];
    for (uint32_t t = 0; t < s->transitions; t++) used |= s->put[(uint64_t)t * s->words];
    k->plain = s->words == 1;
    k->layout.numbers = s->words + 1;
    k->layout.at = calloc(k->layout.numbers, sizeof *k->layout.at);
    k->word = calloc(s->words, sizeof *k->word);
    if (!k->layout.at || !k->word) return 0;
    for (uint32_t w = 0; w < s->words && !k->plain; w++)
        if (!word_init(k->word + w)) return 0;
    if (k->plain) {
        unsigned bits = 0;
        while (bits < 64 && used >> bits) bits++;
        k->layout.at[0].bits = bits;
        for (uint32_t at = 0; at < k->update_offset[s->transitions]; at++) k->update[at].clear &= low_bits(bits);
    }
    return lay_out(&k->layout, k->key_bits);
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
    for (uint32_t n = 0; n < k->threads; n++)
        if (!forget_lately(k, k->worker + n)) return 0;
    k->index.parts = k->threads;
    count_parts(k);
    if (!fill_index(k, buckets_for(&k->index, 0))) return 0;
    for (uint32_t n = 0; n < k->projections; n++)
        if (!observe_projection(k, k->projection + n, key, 0)) return 0;
    for (uint32_t n = 0; n < k->goals; n++) observe_goal(k, n, key, 0);
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
    k->rules = s->rules;
    k->key_bits = s->key_bits;
    k->most_octets = s->most_octets;
    k->threads = s->threads;
    k->spill = s->spill ? copy_of(s->spill, strlen(s->spill) + 1, 1) : NULL;
    k->keys.spill = k->ways.spill = k->samples.spill = k->index.memory.spill = k->spill;
    if ((!s->spill || k->spill) && make_transitions(k, s) && make_reduction(k, s) && make_horn(k, s) && make_observers(k, s) &&
        make_layout(k, s) && make_pure(k, s) && make_guards(k, s) && make_batches(k) && make_workers(k, s) &&
        make_start(k, s) && make_saved(k) && make_team(k))
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

uint32_t pk_state(const pk_search *k, uint64_t state, uint64_t *local) {
    return unpack_state(k, state, local);
}

uint32_t pk_parent(pk_search *k, uint64_t state, uint32_t *via) {
    uint64_t parent = discoverer(k, state), from[PK_KEY_BITS / 64], to[PK_KEY_BITS / 64], key[PK_KEY_BITS / 64];
    get_key(k, parent, from);
    get_key(k, state, to);
    worker *w = k->worker;
    uint32_t knowledge = unpack(k, from, w->local);
    *via = PK_NONE; /* stays so if memory does not suffice */
    uint64_t count;
    if (find_firing(w, knowledge, &count) != PK_OK) return (uint32_t)parent;
    for (uint64_t i = 0; i < count; i++) {
        candidate c = {.parent = (uint32_t)parent, .via = w->firing[i]};
        uint32_t outgrown = PK_NONE;
        memcpy(key, from, sizeof key);
        int found = k->reduced ? UNKNOWN : successor_key(w, w->local, knowledge, c.via, key, k->plain);
        if (found == UNKNOWN && resolve(w, &c, key, &outgrown) != PK_OK) break;
        if (outgrown == PK_NONE && same_key(key, to, words_in(k->layout.octets)) && c.via < *via) *via = c.via;
    }
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
    for (uint64_t n = 0; n < k->batches; n++) empty(k->batch + n);
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
        empty(k->batch + n);
        free(k->batch[n].fired), free(k->batch[n].unknown.at);
    }
    free(k->worker), free(k->batch);
}

static void free_system(pk_search *k) {
    gen_free(&k->tree);
    free_pure(k);
    free(k->guard_mask), free(k->guard_value);
    free(k->update), free(k->update_offset), free(k->rule_of), free(k->needs_of), free(k->learns_of);
    sparse_free(&k->needs), sparse_free(&k->learns), sparse_free(&k->horn_body), sparse_free(&k->goal_facts);
    free(k->horn_head), free(k->premise_offset), free(k->premise), free(k->closing), free(k->agenda);
    free(k->closures.slot), free(k->knowledge_table.slot), free(k->knowledge_used);
    free(k->symmetry_fixed), free(k->symmetry_value), free(k->symmetry_facts), free(k->move_offset), free(k->move);
    free(k->images.slot);
    free(k->goal_mask), free(k->goal_value), free(k->touch_offset), free(k->touch.at);
}

void pk_free(pk_search *k) {
    if (!k) return;
    team_free(k);
    free_workers(k);
    free_system(k);
    for (uint32_t p = 0; k->projection && p < k->projections; p++) {
        projection *q = k->projection + p;
        free(q->part), free(q->facts), free(q->fact_table.slot), free(q->fact_class), free(q->table.slot);
        free(q->seen.at);
    }
    for (uint32_t n = 0; k->word && n < k->words; n++) free(k->word[n].value), free(k->word[n].slot);
    large_free(&k->keys), large_free(&k->ways), large_free(&k->samples), large_free(&k->index.memory);
    pk_found *f = &k->found;
    free(k->projection), free(k->word), free(k->layout.at), free(k->edge_target.at), free(k->edge_via.at);
    free(k->knowledge), free(f->fired), free(f->goal_state), free(f->seen), free(f->seen_count), free(f->edge_offset);
    free_saved(&k->saved);
    free(k->spill);
    free(k);
}
