/* Part of kernel.c: several threads look candidates up at once, each in its part of the index.
 *
 * Who looks up the candidates of a batch that belong into one part claims a place for each new one. A claimed place tells
 * the candidate until all parts of the batch are looked up: then the new ones get their numbers, in order. So the numbers
 * are those that one thread would give. Batches are looked up in order, too, but for each part by itself.
 *
 * A batch is opened for that only if all candidates have keys, for which the index has room. Any other is settled by one
 * thread, when all before it are and none after it is opened.
 */

/* What a maker can do for the others: the candidates by part. */
static void split(batch *b, uint64_t parts) {
    uint32_t next[PK_MOST_THREADS] = {0}, *end = b->part_end;
    for (uint64_t i = 0; i < b->count; i++) next[part_in(b->candidate[i].hash, parts)]++;
    for (uint64_t part = 0, from = 0; part < parts; part++) {
        end[part] = (uint32_t)(from += next[part]);
        next[part] = (uint32_t)(from - next[part]);
    }
    for (uint64_t i = 0; i < b->count; i++) b->by_part[next[part_in(b->candidate[i].hash, parts)]++] = (uint32_t)i;
    b->split = 1;
}

/* Whether the next batch may be looked up. */
static int may_open(const pk_search *k, const batch *b) {
    const state_index *x = &k->index;
    if (k->settling && k->opened == k->settled) return 0; /* one thread has the index for itself */
    if (!b->made || !b->split || b->outdated || b->status != PK_OK) return 0;
    uint64_t used = 0, expected = k->expected + b->count; /* candidates that have no numbers yet */
    for (uint64_t part = 0; part < x->parts; part++) used += x->used_in[part];
    return fit_into(x->buckets, x, expected) && used + expected < FIRST_CLAIM;
}

/* Open the batches that may be (under the lock, as is all that follows but `claim_new` and `number_claimed`). */
static void open_batches(pk_search *k) {
    for (; k->opened < k->taken; k->opened++) {
        batch *b = k->batch + k->opened % k->batches;
        if (!may_open(k, b)) return;
        k->expected += b->count;
        b->opened = 1;
    }
}

/* A batch to be looked up, and in which part of the index: the one that is farthest behind. */
static batch *take_part(worker *w, uint32_t *part) {
    pk_search *k = w->search;
    uint64_t least = k->opened;
    *part = PK_NONE;
    for (uint32_t n = 0; n < k->index.parts; n++)
        if (!k->part_taken[n] && k->looked_up[n] < least) least = k->looked_up[*part = n];
    if (*part == PK_NONE) return NULL;
    k->part_taken[*part] = 1;
    w->since = k->settled;
    return k->batch + k->looked_up[*part] % k->batches;
}

static void note_looked_up(worker *w, uint32_t part, uint64_t claimed) {
    pk_search *k = w->search;
    k->index.used_in[part] += claimed;
    k->looked_up[part]++;
    k->part_taken[part] = 0;
    w->since = UINT64_MAX;
}

/* Whether all parts of the next batch that is to be settled are looked up. */
static int all_looked_up(const pk_search *k) {
    for (uint64_t part = 0; part < k->index.parts; part++)
        if (k->looked_up[part] == k->settled) return 0;
    return 1;
}

/* The batch before this one was not opened. */
static void skip_parts(pk_search *k) {
    k->opened = k->settled;
    for (uint64_t part = 0; part < k->index.parts; part++) k->looked_up[part] = k->settled;
}

/* Whether nobody reads what batch `number` held: a place may still be read as claimed that has its number by now. */
static int free_of_readers(const pk_search *k, uint64_t number) {
    for (uint32_t n = 0; n < k->threads; n++)
        if (k->worker[n].since <= number) return 0;
    return 1;
}

/* Claim places for those new candidates of a batch that belong into one part; returns how many. */
INLINE uint64_t claim_new(worker *w, batch *b, uint32_t part, uint32_t octets) {
    const pk_search *k = w->search;
    uint32_t from = part ? b->part_end[part - 1] : 0, count = b->part_end[part] - from;
    const uint32_t *number = b->by_part + from;
    uint32_t claim = FIRST_CLAIM + (uint32_t)(b - k->batch) * MOST_CLAIMS;
    uint64_t claimed = 0;
    for (uint32_t i = 0; i < count + 2 * AHEAD; i++) {
        if (i < count) fetch_bucket(k, b->candidate[number[i]].hash);
        if (i >= AHEAD && i - AHEAD < count) fetch_key(k, b->candidate[number[i - AHEAD]].hash, octets);
        if (i < 2 * AHEAD) continue;
        uint32_t at = number[i - 2 * AHEAD];
        int is_new = 0;
        uint32_t *id = find(k, b->candidate[at].hash, b->key + (uint64_t)at * words_in(octets), octets, 1, &is_new);
        if (is_new) STORE(id, claim + at);
        b->claimed[at] = is_new ? id : NULL;
        claimed += (uint64_t)is_new;
    }
    return claimed;
}

/* Give the new candidates of a batch their numbers, in order. If that ends early `last` is where. */
INLINE int number_claimed(pk_search *k, batch *b, uint32_t octets, const candidate **last) {
    uint32_t *fresh = b->by_part;
    uint64_t count = 0;
    for (uint64_t i = 0; i < b->count; i++) {
        fresh[count] = (uint32_t)i;
        count += b->claimed[i] != NULL;
    }
    for (uint64_t n = 0; n < count; n++) {
        if (n + AHEAD < count) PREFETCH(b->claimed[fresh[n + AHEAD]]);
        const candidate *c = *last = b->candidate + fresh[n];
        int status = c->parent == k->found.expanded ? PK_OK : go_to(k, c->parent);
        const uint64_t *key = b->key + (uint64_t)fresh[n] * words_in(octets);
        if (status == PK_OK) status = store(k, c, key, b->claimed[fresh[n]], octets);
        if (status != PK_OK) return status;
    }
    return go_to(k, b->until);
}
