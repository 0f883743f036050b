#include "batches.h"

#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "memory.h"
#include "pure.h"
#include "reduced.h"
#include "settle.h"
#include "successors.h"
#include "threads.h"

#define BATCH 4096 /* successors in a batch, about */
#define FEW 256 /* states that it would not pay to wake other threads for */

int make_batches(pk_search *k) {
    k->batches = k->threads == 1 ? 1 : BATCHES * (uint64_t)k->threads;
    k->parents = 16;
    k->batch = calloc(k->batches, sizeof *k->batch);
    for (uint64_t n = 0; k->batch && n < k->batches; n++)
        if (!(k->batch[n].fired = calloc((size_t)k->rules + APART / 8, sizeof(uint64_t)))) return 0;
    return k->batch != NULL;
}

void empty_batch(batch *b) {
    release(&b->candidate), release(&b->key), release(&b->by_part), release(&b->claimed);
    b->room = b->count = b->octets = 0;
}

void note_held(pk_search *k) {
    k->held = 0;
    for (uint32_t n = 0; n < k->threads; n++) k->held += k->worker[n].octets;
    for (uint64_t n = 0; n < k->batches; n++) k->held += k->batch[n].octets;
}

/* Give every number of the keys the bits that it needs by now. */
static int fit_layout(pk_search *k) {
    key_layout wider = {0};
    int status = fitting_layout(k, &wider);
    if (status == PK_OK) status = repack_all(k, &wider);
    free(wider.at);
    if (status != PK_OK) return status;
    for (uint64_t n = 0; n < k->batches; n++) empty_batch(k->batch + n);
    return forget_lately(k) && refill_index(k) ? PK_OK : PK_MEMORY;
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

/* Open the batches that may be (under the lock, as are those below up to `free_of_readers`). */
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
    (k->reduced ? expand_reduced : k->pure ? expand_pure : expand)(w, b);
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
    if (status == PK_OK && !b->outdated) status = settle(w, b);
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
            announce(k);
        } else if ((b = take_part(w, &part))) {
            leave(k);
            uint64_t claimed = claim_new(w, b, part);
            enter(k);
            note_looked_up(w, part, claimed);
            announce(k);
        } else if ((b = give_out(k))) {
            count_makers(k, 1);
            leave(k);
            make(w, b);
            enter(k);
            count_makers(k, -1);
            note_made(w, b);
            announce(k);
        } else if (k->settled == k->taken && k->next == k->until)
            k->together = 0;
        else
            await_change(k);
    }
    leave(k);
}

void help(worker *w) {
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
    if (many) announce(k);
    leave(k);
    many ? work(k->worker) : work_alone(k->worker);
    return k->over;
}
