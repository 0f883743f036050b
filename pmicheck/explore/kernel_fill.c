/* Part of kernel.c: the index filled anew. Each thread puts some of the states into it, in the order of their numbers;
 * on a disk, which suffers from places in no order, first those of one range of buckets, then those of the next.
 */
#define SCANNED (1u << 15) /* states to be read from a disk at once */
#define SPILT_RANGES 8 /* each small enough for memory to hold */
#define FETCHED 32 /* states between fetching a bucket and looking there */

/* Take a free place of a bucket for a number, perhaps against others; 0 if there is none. */
INLINE int claim(bucket *b, uint8_t tag, uint32_t id, int against_others) {
    tags before = against_others ? tags_seen(b) : tags_in(b);
    for (uint32_t empty; (empty = tags_equal(before, 0));) {
        uint32_t at = lowest_bit(empty);
        tags after = with_tag(before, at, tag);
        if (!against_others)
            b->low = after.low, b->high = after.high;
        else if (!(at < 8 ? SWAP(&b->low, &before.low, after.low) : SWAP(&b->high, &before.high, after.high)))
            continue; /* now it has those of somebody else as well */
        b->id[at] = id;
        return 1;
    }
    return 0;
}

/* Put states into the index, as far as their buckets lie in a range. */
INLINE void fill_part(pk_search *k, uint64_t state, uint64_t end, uint64_t from, uint64_t to, int against_others) {
    const state_index *x = &k->index;
    uint64_t waiting[FETCHED], octets = k->layout.octets, first = state, key[PK_KEY_BITS / 64];
    for (; state < end + FETCHED; state++) {
        uint64_t hash = waiting[state % FETCHED], at = bucket_in(hash, x->buckets);
        if (state >= first + FETCHED && at >= from && at < to)
            while (!claim(x->at + at, tag_in(hash), (uint32_t)(state - FETCHED), against_others))
                if (++at == x->buckets) at = 0;
        if (state >= end) continue;
        if (state % SCANNED == 0) large_ahead(&k->keys, state * octets, 2 * SCANNED * octets);
        get_key(k, state, key);
        hash = waiting[state % FETCHED] = hash_of(key, words_in(k->layout.octets));
        PREFETCH(x->at + bucket_in(hash, x->buckets));
    }
}

/* Fill one part that nobody has taken, if there is one (under the lock). */
static int fill_some(pk_search *k) {
    filling *f = &k->filling;
    if (f->taken == f->parts) return 0;
    uint64_t ranges = k->spill ? SPILT_RANGES : 1, shares = f->parts / ranges, states = k->found.states;
    uint64_t range = f->taken / shares, share = f->taken++ % shares, buckets = k->index.buckets;
    uint64_t state = states * share / shares, end = states * (share + 1) / shares;
    uint64_t from = buckets * range / ranges, to = buckets * (range + 1) / ranges;
    leave(k);
    shares > 1 ? fill_part(k, state, end, from, to, 1) : fill_part(k, state, end, from, to, 0);
    enter(k);
    f->done++;
    tell(k);
    return 1;
}

/* Fill the index anew, `buckets` large, with the help of those who pause. */
static int fill_index(pk_search *k, uint64_t buckets) {
    state_index *x = &k->index;
    large_free(&x->memory);
    x->at = NULL;
    x->used = 0;
    x->buckets = buckets;
    if (!large_reserve(&x->memory, buckets * sizeof *x->at + 63)) return 0;
    x->at = (bucket *)(((uintptr_t)x->memory.at + 63) & ~(uintptr_t)63);
    enter(k);
    k->filling = (filling){.parts = (k->spill ? SPILT_RANGES : 1) * (k->together ? k->threads : 1)};
    tell(k);
    while (fill_some(k)) continue;
    while (k->filling.done < k->filling.parts) await_change(k);
    leave(k);
    x->used = k->found.states;
    return 1;
}
