/* Part of kernel.c: from candidates to states. Threads look candidates up, each in its part of the index; then one
 * thread numbers the new ones in the order of plain breadth-first search.
 */

/* Candidate number `n` of a batch, counted over all workers. */
static inline candidate *candidate_at(const pk_search *k, uint64_t n, const uint64_t **key) {
    uint32_t w = 0;
    while (n >= k->worker[w].count) n -= k->worker[w++].count;
    *key = k->worker[w].key + n * k->layout.words;
    return k->worker[w].candidate + n;
}

/* Of two candidates for one new state the one counts that comes first: only within one parent may that be the later. */
static inline int overtakes(const candidate *late, const candidate *early) {
    return late->parent == early->parent && late->via < early->via;
}

/* Look one candidate up; a new one gets a place in the index under its number in the batch. */
INLINE void look_up(pk_search *k, index_part *p, candidate *c, const uint64_t *key, uint64_t number, uint32_t key_words) {
    uint64_t at = bucket_in(c->hash, p->buckets), states = k->found.states;
    for (;;) {
        bucket *b = p->at + at;
        for (uint32_t equal = tags_equal(b, tag_in(c->hash)); equal; equal &= equal - 1) {
            uint32_t place_in_bucket = lowest_bit(equal), id = b->id[place_in_bucket];
            if (id < states) {
                if (!same_key(key_of(k, id), key, key_words)) continue;
                c->target = OLD;
                c->id = id;
                return;
            }
            const uint64_t *other_key;
            candidate *other = candidate_at(k, id - states, &other_key);
            if (!same_key(other_key, key, key_words)) continue;
            c->target = TWIN;
            c->id = (uint32_t)(id - states);
            if (!overtakes(c, other)) return;
            b->id[place_in_bucket] = (uint32_t)(states + number);
            c->target = NEW;
            c->id = other->id;
            c->place = other->place;
            other->target = TWIN;
            other->id = (uint32_t)number;
            return;
        }
        uint32_t empty = tags_equal(b, 0);
        if (empty) {
            uint32_t place_in_bucket = lowest_bit(empty);
            b->tag[place_in_bucket] = tag_in(c->hash);
            b->id[place_in_bucket] = (uint32_t)(states + number);
            p->used++;
            c->target = NEW;
            c->id = (uint32_t)at;
            c->place = (uint16_t)place_in_bucket;
            return;
        }
        if (++at == p->buckets) at = 0;
    }
}

#define AHEAD 16 /* candidates between fetching a bucket, fetching the key that it points to, and looking there */

/* The candidate with this number among those that a worker looks up: any, if it is the only worker. */
INLINE own_candidate own_at(const worker *w, uint64_t i, uint32_t key_words, int alone) {
    return alone ? (own_candidate){w->candidate + i, w->key + i * key_words, (uint32_t)i} : w->mine[i];
}

/* Look up so many candidates, in order; memory is fetched ahead. */
INLINE void look_own_up(worker *w, uint64_t count, uint32_t key_words, int alone) {
    pk_search *k = w->search;
    index_part *p = k->part + w->number;
    for (uint64_t i = 0; i < count + 2 * AHEAD; i++) {
        if (i < count) PREFETCH(p->at + bucket_in(own_at(w, i, key_words, alone).candidate->hash, p->buckets));
        if (i >= AHEAD && i - AHEAD < count) {
            uint64_t hash = own_at(w, i - AHEAD, key_words, alone).candidate->hash;
            const bucket *b = p->at + bucket_in(hash, p->buckets);
            uint32_t equal = tags_equal(b, tag_in(hash));
            if (equal) PREFETCH((const uint64_t *)k->keys.at + (uint64_t)b->id[lowest_bit(equal)] * key_words);
        }
        if (i < 2 * AHEAD) continue;
        own_candidate own = own_at(w, i - 2 * AHEAD, key_words, alone);
        if (own.candidate->target != SELF) look_up(k, p, own.candidate, own.key, own.number, key_words);
    }
}

/* Which candidates of all workers have a hash that belongs to this worker's part of the index; how many, into `count`. */
static int gather_own(worker *w, uint64_t *count) {
    const pk_search *k = w->search;
    uint64_t total = 0, number = 0;
    for (uint32_t n = 0; n < k->threads; n++) total += k->worker[n].count;
    if (total > w->mine_room) {
        if (!resize((void **)&w->mine, total, sizeof *w->mine)) return PK_MEMORY;
        w->mine_room = total;
    }
    *count = 0;
    for (uint32_t n = 0; n < k->threads; n++)
        for (uint64_t i = 0; i < k->worker[n].count; i++, number++) {
            candidate *c = k->worker[n].candidate + i;
            if (part_in(c->hash, k->threads) != w->number) continue;
            w->mine[(*count)++] = (own_candidate){c, k->worker[n].key + i * k->layout.words, (uint32_t)number};
        }
    return PK_OK;
}

/* Look up all candidates whose hash belongs to this worker's part of the index. */
INLINE void look_all_up(worker *w, uint32_t key_words) {
    uint64_t count;
    if (w->search->threads == 1) {
        look_own_up(w, w->count, key_words, 1);
        return;
    }
    w->status = gather_own(w, &count);
    if (w->status == PK_OK) look_own_up(w, count, key_words, 0);
}

/* Store a new state; the index gets its number. */
INLINE int store(pk_search *k, candidate *c, const uint64_t *key, uint32_t key_words) {
    pk_found *f = &k->found;
    if (f->states >= k->max_states) return PK_MAX_STATES;
    if (f->states >= k->state_ids) return PK_STATE_IDS;
    if (!large_reserve(&k->keys, (f->states + 1) * key_words * 8)) return PK_MEMORY;
    uint32_t id = (uint32_t)f->states;
    uint64_t *to = (uint64_t *)k->keys.at + f->states * key_words;
    for (uint32_t w = 0; w < key_words; w++) to[w] = key[w];
    if (!append_bit(k, 1)) return PK_MEMORY;
    if (!observe(k, id, c->via)) {
        forget(k, id);
        return PK_MEMORY;
    }
    uint32_t knowledge = knowledge_in(k, key);
    f->knowledge_sets += !k->knowledge_used[knowledge];
    k->knowledge_used[knowledge] = 1;
    k->part[part_in(c->hash, k->threads)].at[c->id].id[c->place] = id;
    c->id = id;
    f->states++;
    return PK_OK;
}

static int by_via(const void *left, const void *right) {
    uint32_t a = (*(candidate *const *)left)->via, b = (*(candidate *const *)right)->via;
    return a < b ? -1 : a > b;
}

/* Number the new states among the candidates of one parent, in the order of their transitions. */
INLINE int number_new(pk_search *k, worker *w, uint64_t from, uint64_t to, uint32_t key_words, uint32_t *cut) {
    uint64_t fresh = 0;
    for (uint64_t i = from; i < to; i++) {
        if (w->candidate[i].target != NEW) continue;
        candidate *c = w->candidate + i;
        uint64_t at = fresh++;
        for (; at > 0 && k->fresh[at - 1]->via > c->via; at--) k->fresh[at] = k->fresh[at - 1];
        k->fresh[at] = c;
    }
    for (uint64_t i = 0; i < fresh; i++) {
        candidate *c = k->fresh[i];
        int status = store(k, c, w->key + (uint64_t)(c - w->candidate) * key_words, key_words);
        if (status != PK_OK) {
            *cut = c->via;
            return status;
        }
    }
    return PK_OK;
}

/* Record the edges of one parent, all of whose successors are numbered. */
static int record_edges(pk_search *k, worker *w, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i++) k->fresh[i - from] = w->candidate + i;
    qsort(k->fresh, to - from, sizeof *k->fresh, by_via);
    for (uint64_t i = 0; i < to - from; i++) {
        const candidate *c = k->fresh[i];
        const uint64_t *ignored;
        while (c->target == TWIN) c = candidate_at(k, c->id, &ignored);
        uint32_t target = c->target == SELF ? c->parent : c->id;
        if (!numbers_add(&k->edge_via, k->fresh[i]->via) || !numbers_add(&k->edge_target, target)) return PK_MEMORY;
    }
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

/* Count anew what fired in a batch that is cut: nothing from transition `via` of state `parent` on. */
static int recount(pk_search *k, uint64_t from, uint64_t parent, uint32_t via) {
    worker *w = k->worker;
    for (uint32_t n = 0; n < k->threads; n++) memset(k->worker[n].fired, 0, k->rules * sizeof *w->fired);
    for (uint64_t id = from; id <= parent; id++) {
        uint32_t knowledge = unpack(k, key_of(k, id), w->local);
        int status = find_enabled(w, w->local, knowledge);
        if (status != PK_OK) return status;
        uint64_t count = w->enabled_count;
        memcpy(w->firing, w->enabled, count * sizeof *w->firing);
        for (uint64_t i = 0; i < count; i++) {
            if (id == parent && w->firing[i] > via) continue;
            w->fired[k->rule_of[w->firing[i]]] += id < parent || w->firing[i] < via;
            uint64_t key[PK_KEY_BITS / 64] = {0};
            uint32_t outgrown = PK_NONE;
            if (!k->reduced) continue;
            reduced_successor(w, k, w->local, knowledge, w->firing[i], key, &outgrown, &status);
            if (status == PK_OK) count_hurried(w);
        }
    }
    return PK_OK;
}

/* Number what is new in a batch that is looked up, parent by parent; stops at a limit. */
INLINE int settle(pk_search *k, uint32_t key_words) {
    uint64_t first = k->found.expanded;
    int status = PK_OK;
    for (uint32_t n = 0; n < k->threads && status == PK_OK; n++) {
        worker *w = k->worker + n;
        uint64_t from = 0, to = 0;
        for (uint64_t parent = w->from; parent < w->until && status == PK_OK; parent++, from = to) {
            uint32_t cut = 0;
            while (to < w->count && w->candidate[to].parent == parent) to++;
            status = number_new(k, w, from, to, key_words, &cut);
            if (status == PK_OK && k->record_edges) status = record_edges(k, w, from, to);
            if (status == PK_OK && (!append_bit(k, 0) || (k->record_edges && !close_edges(k, parent + 1))))
                status = PK_MEMORY;
            if (status != PK_OK)
                recount(k, first, parent, cut);
            else
                k->found.expanded = parent + 1;
        }
    }
    for (uint32_t n = 0; n < k->threads; n++)
        for (uint32_t rule = 0; rule < k->rules; rule++) k->found.fired[rule] += k->worker[n].fired[rule];
    return status;
}
