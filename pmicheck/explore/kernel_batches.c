/* Part of kernel.c: batch after batch, and keys that get longer on the way.
 *
 * Batches are given out in the order of their states and settled in that order, by one thread at a time: by whichever
 * is free when the next one is made. So nothing that is found depends on threads, and none waits while there is work.
 */
#define FEW 256 /* states that it would not pay to wake other threads for */

static int forget_lately(const pk_search *k, worker *w);

static void empty(batch *b) {
    release(&b->candidate), release(&b->key), release(&b->by_part), release(&b->claimed);
    b->room = b->count = b->octets = 0;
}

/* All keys in another layout, which takes the place of the old one. */
static int repack_all(pk_search *k, key_layout *wider) {
    uint64_t states = k->found.states, old[PK_KEY_BITS / 64], packed[PK_KEY_BITS / 64];
    uint32_t octets = wider->octets;
    if (pk_bytes(k) + states * (octets - k->layout.octets) > k->most_octets) return PK_MEMORY;
    if (!large_reserve(&k->keys, states * octets)) return PK_MEMORY;
    for (uint64_t n = states; n-- > 0;) { /* from the end: a longer key lies on no key that is still to be read */
        get_key(k, n, old);
        repack(&k->layout, old, wider, packed);
        keep_key(kept(k, n, octets), packed, octets);
    }
    free(k->layout.at);
    k->layout = *wider;
    *wider = (key_layout){0};
    k->found.key_octets = octets;
    return PK_OK;
}

/* The same, and the index anew. */
static int change_layout(pk_search *k, key_layout *wider) {
    int status = repack_all(k, wider);
    if (status != PK_OK) return status;
    for (uint64_t n = 0; n < k->batches; n++) empty(k->batch + n);
    for (uint32_t n = 0; n < k->threads; n++)
        if (!forget_lately(k, k->worker + n)) return PK_MEMORY;
    count_parts(k);
    return fill_index(k, buckets_for(&k->index, 0)) ? PK_OK : PK_MEMORY;
}

/* Give every number of the keys the bits that it needs by now. */
static int fit_layout(pk_search *k) {
    uint64_t last[PK_MOST_WORDS + 1];
    for (uint32_t w = 0; w < k->words; w++) last[w] = k->plain ? low_bits(k->layout.at[w].bits) : k->word[w].count - 1;
    last[k->words] = k->interned - 1;
    key_layout wider = {0};
    int status = widen(&k->layout, last, k->plain != 0, k->key_bits, &wider);
    if (status == PK_OK) status = change_layout(k, &wider);
    free(wider.at);
    return status;
}

/* Give numbers to what is new in the successors; `outgrown` says which did not fit into the keys. */
static int resolve_unknown(worker *w, batch *b, uint32_t *outgrown) {
    const pk_search *k = w->search;
    uint32_t key_words = words_in(k->layout.octets);
    w->fired = b->fired;
    for (uint64_t i = 0; i < b->unknown.count; i++) {
        candidate *c = b->candidate + b->unknown.at[i];
        uint64_t *key = b->key + (uint64_t)b->unknown.at[i] * key_words;
        int status = resolve(w, c, key, outgrown);
        if (status != PK_OK) return status;
        c->hash = hash_of(key, key_words);
    }
    return PK_OK;
}

/* What was given out and is not settled is not to be used; state `next` is given out next. Only while others pause. */
static void discard(pk_search *k, uint64_t next) {
    enter(k);
    for (uint64_t n = k->settled; n < k->taken; n++) k->batch[n % k->batches].outdated = 1;
    k->next = next;
    leave(k);
}

/* See to it that every candidate of a batch has a key; if keys have got longer for that the batch is outdated. */
static int complete_keys(worker *w, batch *b) {
    pk_search *k = w->search;
    uint32_t outgrown = PK_NONE;
    if (!b->unknown.count) return PK_OK;
    halt(k);
    int status = resolve_unknown(w, b, &outgrown);
    if (status == PK_OK && outgrown != PK_NONE) {
        discard(k, b->from);
        status = fit_layout(k);
    }
    resume(k);
    return status;
}

/* What memory workers and batches hold. */
static void note_held(pk_search *k) {
    k->held = 0;
    for (uint32_t n = 0; n < k->threads; n++) k->held += k->worker[n].octets;
    for (uint64_t n = 0; n < k->batches; n++) k->held += k->batch[n].octets;
}

/* Room for all that a batch may add to what is stored. */
static int reserve(pk_search *k, const batch *b) {
    if (k->found.states + b->count > PK_NONE - 1ull) return PK_STATE_IDS;
    if (!b->opened && !fit_into(k->index.buckets, &k->index, b->count)) {
        uint64_t buckets = buckets_for(&k->index, b->count);
        uint64_t octets = pk_bytes(k) + (buckets - k->index.buckets) * sizeof(bucket);
        if (octets > k->most_octets || !fill_index(k, buckets)) return PK_MEMORY;
    }
    if (!large_reserve(&k->keys, (k->found.states + b->count) * k->layout.octets)) return PK_MEMORY;
    if (!reserve_ways(k, b->count, b->until - b->from)) return PK_MEMORY;
    return pk_bytes(k) > k->most_octets ? PK_MEMORY : PK_OK;
}

/* One phase for each of the usual lengths of keys: a constant lets the compiler unroll every loop over their words. */
#define PHASES(name, octets)                                                                                           \
    static void expand_##name(worker *w, batch *b) {                                                                   \
        w->search->plain ? expand(w, b, octets, 1) : expand(w, b, octets, 0);                                          \
    }                                                                                                                  \
    static uint64_t claim_new_##name(worker *w, batch *b, uint32_t part) { return claim_new(w, b, part, octets); }     \
    static int settle_##name(worker *w, batch *b) { return settle(w, b, octets); }
PHASES(8, 8)
PHASES(12, 12)
PHASES(16, 16)
PHASES(long, w->search->layout.octets)

#define PHASE_OF(k, name)                                                                                              \
    ((k)->layout.octets == 8    ? name##_8                                                                             \
     : (k)->layout.octets == 12 ? name##_12                                                                            \
     : (k)->layout.octets == 16 ? name##_16                                                                            \
                                : name##_long)

/* The next states, as a batch; NULL if there are none, or no room for their successors. */
static batch *give_out(pk_search *k) {
    if (k->next == k->until || k->taken - k->settled == k->batches || halted(k)) return NULL;
    if (k->taken >= k->batches && !free_of_readers(k, k->taken - k->batches)) return NULL;
    batch *b = k->batch + k->taken++ % k->batches;
    uint64_t share = k->together ? (k->until - k->next) / (2 * (uint64_t)k->threads) + 1 : k->until - k->next;
    b->from = k->next;
    b->until = k->next += share < k->parents ? share : k->parents;
    b->made = b->outdated = b->split = b->opened = 0;
    return b;
}

static void make(worker *w, batch *b) {
    const pk_search *k = w->search;
    b->status = PK_OK;
    b->count = b->unknown.count = 0;
    memset(b->fired, 0, k->rules * sizeof *b->fired);
    w->fired = b->fired;
    (k->reduced ? expand_reduced : k->pure ? expand_pure : PHASE_OF(k, expand))(w, b);
    if (k->together && !k->record_edges && !b->unknown.count && b->count <= MOST_CLAIMS) split(b, k->threads);
}

static void note_made(worker *w, batch *b) {
    w->octets = ((uint64_t)16 << w->rows.log) + w->row_room * sizeof *w->row + w->allowed_octets;
    uint64_t key = words_in(w->search->layout.octets) * 8;
    b->octets = b->room * (sizeof *b->candidate + sizeof *b->by_part + sizeof *b->claimed + key);
    b->made = 1;
}

/* The batch that is to be settled next, if it is made and nobody else is at it; others may take memory meanwhile. */
static batch *take_made(pk_search *k) {
    batch *b = k->batch + k->settled % k->batches;
    if (k->settling || k->settled == k->taken || !b->made || (b->opened && !all_looked_up(k))) return NULL;
    k->settling = 1;
    note_held(k);
    return b;
}

static void finish(worker *w, batch *b) {
    pk_search *k = w->search;
    int status = b->outdated ? PK_OK : b->status;
    if (status == PK_OK && !b->outdated && !b->opened) status = complete_keys(w, b);
    if (status == PK_OK && !b->outdated) status = reserve(k, b);
    if (status == PK_OK && !b->outdated) status = PHASE_OF(k, settle)(w, b);
    if (status == PK_OK) return;
    k->over = status;
    halt(k);
    discard(k, k->until);
    resume(k);
}

static void note_settled(pk_search *k, const batch *b) {
    if (!b->outdated && b->until - b->from == k->parents) k->parents = k->parents * BATCH / (b->count + 1) + 1;
    if (k->parents > BATCH) k->parents = BATCH;
    k->settling = 0;
    k->settled++;
    if (b->opened)
        k->expected -= b->count;
    else
        skip_parts(k);
}

static void work_alone(worker *w) {
    for (batch *b; (b = give_out(w->search));) {
        make(w, b);
        note_made(w, b);
        finish(w, take_made(w->search));
        note_settled(w->search, b);
    }
}

/* Do what there is to do until nothing is left. */
static void work(worker *w) {
    pk_search *k = w->search;
    enter(k);
    while (k->together) {
        batch *b;
        uint32_t part;
        open_batches(k);
        fill_parts(k);
        if ((b = take_made(k))) {
            leave(k);
            finish(w, b);
            enter(k);
            note_settled(k, b);
            tell(k);
        } else if ((b = take_part(w, &part))) {
            leave(k);
            uint64_t claimed = PHASE_OF(k, claim_new)(w, b, part);
            enter(k);
            note_looked_up(w, part, claimed);
            tell(k);
        } else if ((b = give_out(k))) {
            count_makers(k, 1);
            leave(k);
            make(w, b);
            enter(k);
            count_makers(k, -1);
            note_made(w, b);
            tell(k);
        } else if (k->settled == k->taken && k->next == k->until)
            k->together = 0;
        else
            await_change(k);
    }
    leave(k);
}

static void help(worker *w) {
    pk_search *k = w->search;
    enter(k);
    while (!stopped(k)) {
        if (!k->together) {
            await_change(k);
            continue;
        }
        leave(k);
        work(w);
        enter(k);
    }
    leave(k);
}

int pk_step(pk_search *k, uint64_t until, uint64_t at_most) {
    uint64_t next = k->found.expanded;
    if (until > k->found.states) until = k->found.states;
    if (until > next && until - next > at_most) until = next + at_most;
    if (k->over || next >= until) return k->over;
    int many = k->team && until - next >= FEW;
    enter(k);
    k->next = next;
    k->until = until;
    k->together = many;
    if (many) tell(k);
    leave(k);
    many ? work(k->worker) : work_alone(k->worker);
    return k->over;
}
