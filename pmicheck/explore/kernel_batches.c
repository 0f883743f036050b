/* Part of kernel.c: batch after batch, and keys that get longer on the way. */

static int forget_lately(const pk_search *k, worker *w);

/* All keys in another layout, which takes the place of the old one. */
static int repack_all(pk_search *k, key_layout *wider) {
    uint64_t states = k->found.states, old[PK_KEY_BITS / 64], packed[PK_KEY_BITS / 64];
    uint32_t from_words = k->layout.words, to_words = wider->words;
    if (pk_bytes(k) + states * (to_words - from_words) * 8 > k->most_octets) return PK_MEMORY;
    if (!large_reserve(&k->keys, states * to_words * 8)) return PK_MEMORY;
    uint64_t *keys = k->keys.at;
    for (uint64_t n = states; n-- > 0;) { /* from the end: a longer key lies on no key that is still to be read */
        memcpy(old, keys + n * from_words, from_words * 8);
        repack(&k->layout, old, wider, packed);
        memcpy(keys + n * to_words, packed, to_words * 8);
    }
    free(k->layout.at);
    k->layout = *wider;
    *wider = (key_layout){0};
    k->found.key_words = to_words;
    return PK_OK;
}

/* The same, and the index anew. */
static int change_layout(pk_search *k, key_layout *wider) {
    int status = repack_all(k, wider);
    if (status != PK_OK) return status;
    for (uint32_t n = 0; n < k->threads; n++) {
        release(&k->worker[n].key), release(&k->worker[n].candidate);
        k->worker[n].room = k->worker[n].count = 0;
        if (!forget_lately(k, k->worker + n) || !fill_part(k, n, k->part[n].buckets)) return PK_MEMORY;
    }
    return PK_OK;
}

/* Give every number of the keys the bits that it needs by now. */
static int fit_layout(pk_search *k) {
    for (uint32_t n = 0; n <= k->words; n++) {
        uint64_t last = n == k->words ? k->interned - 1 : k->plain ? 0 : k->word[n].count - 1;
        if (last <= low_bits(k->layout.at[n].bits)) continue;
        key_layout wider = {0};
        int status = widen(&k->layout, n, last, k->key_bits, &wider);
        if (status == PK_OK) status = change_layout(k, &wider);
        free(wider.at);
        if (status != PK_OK) return status;
    }
    return PK_OK;
}

/* Give numbers to what is new in the successors; `again` if the keys have changed and the batch has to be made anew. */
static int resolve_all(pk_search *k, int *again) {
    uint32_t outgrown = PK_NONE, key_words = k->layout.words;
    for (uint32_t n = 0; n < k->threads; n++) {
        worker *w = k->worker + n;
        if (w->status != PK_OK) return w->status;
        for (uint64_t i = 0; w->unknown && i < w->count; i++) {
            candidate *c = w->candidate + i;
            if (c->target != UNKNOWN) continue;
            w->unknown--;
            int status = resolve(w, c, w->key + i * key_words, &outgrown);
            if (status != PK_OK) return status;
            c->hash = hash_of(w->key + i * key_words, key_words);
            c->target = same_key(w->key + i * key_words, key_of(k, c->parent), key_words) ? SELF : OLD;
        }
    }
    *again = outgrown != PK_NONE;
    return *again ? fit_layout(k) : PK_OK;
}

/* Room in the index for all candidates. */
static int reserve_index(pk_search *k) {
    uint64_t total = 0;
    for (uint32_t n = 0; n < k->threads; n++) total += k->worker[n].count;
    if (k->found.states + total > PK_NONE - 1ull) return PK_STATE_IDS;
    for (uint32_t n = 0; n < k->threads; n++) {
        index_part *p = k->part + n;
        if (fits(p, total)) continue;
        uint64_t buckets = buckets_for(p, total);
        uint64_t octets = pk_bytes(k) + (buckets - p->buckets) * sizeof *p->at;
        if (octets > k->most_octets || !fill_part(k, n, buckets)) return PK_MEMORY;
    }
    return pk_bytes(k) > k->most_octets ? PK_MEMORY : PK_OK;
}

/* One phase for each length of keys: a constant lets the compiler unroll every loop over their words. */
#define PHASES(length)                                                                                                 \
    static void expand_##length(worker *w) {                                                                           \
        w->search->plain ? expand(w, length, 1) : expand(w, length, 0);                                                \
    }                                                                                                                  \
    static void look_all_up_##length(worker *w) { look_all_up(w, length); }                                            \
    static int settle_##length(pk_search *k) { return settle(k, length); }
PHASES(1)
PHASES(2)
PHASES(4)
PHASES(8)

#define PHASE_OF(k, name)                                                                                             \
    ((k)->layout.words == 1 ? name##_1 : (k)->layout.words == 2 ? name##_2 : (k)->layout.words == 4 ? name##_4 : name##_8)

#define FEW 256 /* states that it would not pay to wake other threads for */

/* Expand the states from `expanded` up to `until`, or as many of them as one batch takes. */
static int batch(pk_search *k, uint64_t until) {
    int again = 1, few = until - k->found.expanded < FEW;
    while (again) {
        uint64_t next = k->found.expanded, share = k->parents;
        if (share * k->threads > until - next) share = (until - next + k->threads - 1) / k->threads;
        for (uint32_t n = 0; n < k->threads; n++) {
            k->worker[n].from = next;
            next = next + share < until ? next + share : until;
            k->worker[n].until = next;
        }
        together(k, k->reduced ? expand_reduced : k->pure ? expand_pure : PHASE_OF(k, expand), few);
        int status = resolve_all(k, &again);
        if (status != PK_OK) return status;
    }
    int status = reserve_index(k);
    if (status != PK_OK) return status;
    together(k, PHASE_OF(k, look_all_up), few);
    uint64_t most = 1;
    for (uint32_t n = 0; n < k->threads; n++) {
        if (k->worker[n].status != PK_OK) return k->worker[n].status;
        if (k->worker[n].count > most) most = k->worker[n].count;
    }
    if (k->worker->until - k->worker->from == k->parents) k->parents = k->parents * BATCH / most + 1;
    if (k->parents > BATCH) k->parents = BATCH;
    return PHASE_OF(k, settle)(k);
}

int pk_step(pk_search *k, uint64_t until, uint64_t at_most) {
    if (until > k->found.states) until = k->found.states;
    uint64_t next = k->found.expanded;
    if (until > next && until - next > at_most) until = next + at_most;
    while (!k->over && k->found.expanded < until) k->over = batch(k, until);
    return k->over;
}
