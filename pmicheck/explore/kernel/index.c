#include "index.h"

#include <string.h>

#include "memory.h"
#include "threads.h"

#define DOUBLING_UNTIL ((uint64_t)1 << 19) /* buckets; a larger index grows by a quarter, which wastes less memory */
#define FILLED 1024 /* states to be put into the index at once */
#define SCANNED (1u << 15) /* states to be read from a disk at once */
#define SPILT_RANGES 8 /* in which an index is filled that lies on a disk */

int fit_into(uint64_t buckets, const state_index *x, uint64_t more) {
    for (uint64_t part = 0; part < x->parts; part++)
        if ((x->used_in[part] + more) * 8 > buckets / x->parts * BUCKET * 7) return 0;
    return 1;
}

uint64_t buckets_for(const state_index *x, uint64_t more) {
    uint64_t buckets = x->buckets ? x->buckets : 16 * x->parts;
    while (!fit_into(buckets, x, more))
        buckets += buckets < DOUBLING_UNTIL ? buckets : buckets / 4 / x->parts * x->parts;
    return buckets;
}

/* A free place for a number: the bucket, and the place in it. */
static inline bucket *free_place(const state_index *x, uint64_t hash, uint32_t *place_in_bucket) {
    uint64_t at = bucket_in(hash, x->buckets);
    for (;;) {
        uint32_t empty = tags_equal(x->at + at, 0);
        if (empty) {
            *place_in_bucket = lowest_bit(empty);
            return x->at + at;
        }
        at = overflow(x, hash, at);
    }
}

/* Put the states whose bucket lies in this range into the index; buckets are fetched ahead. */
static void fill_range(pk_search *k, uint64_t from, uint64_t to) {
    state_index *x = &k->index;
    uint64_t hash[FILLED], key[PK_KEY_BITS / 64], octets = k->layout.octets, count;
    uint32_t number[FILLED], place_in_bucket;
    for (uint64_t first = 0; first < k->found.states; first += FILLED) {
        uint64_t until = first + FILLED < k->found.states ? first + FILLED : k->found.states;
        if (first % SCANNED == 0) large_ahead(&k->keys, first * octets, 2 * SCANNED * octets);
        count = 0;
        for (uint64_t id = first; id < until; id++) {
            get_key(k, id, key);
            hash[count] = hash_of(key, words_in(k->layout.octets));
            number[count] = (uint32_t)id;
            uint64_t at = bucket_in(hash[count], x->buckets);
            count += at >= from && at < to;
        }
        for (uint64_t n = 0; n < count + AHEAD; n++) {
            if (n < count) PREFETCH(x->at + bucket_in(hash[n], x->buckets));
            if (n < AHEAD) continue;
            bucket *b = free_place(x, hash[n - AHEAD], &place_in_bucket);
            b->tag[place_in_bucket] = tag_in(hash[n - AHEAD]);
            b->id[place_in_bucket] = number[n - AHEAD];
        }
    }
}

void fill_parts(pk_search *k) {
    while (k->unfilled) {
        uint64_t part = --k->unfilled, buckets = k->index.buckets;
        uint64_t ranges = k->spill ? SPILT_RANGES : 1, all = ranges * k->index.parts;
        k->filling++;
        leave(k);
        for (uint64_t n = part * ranges; n < (part + 1) * ranges; n++)
            fill_range(k, buckets * n / all, buckets * (n + 1) / all);
        enter(k);
        k->filling--;
        announce(k);
    }
}

int fill_index(pk_search *k, uint64_t buckets) {
    state_index *x = &k->index;
    large_free(&x->memory);
    x->at = NULL;
    x->buckets = buckets;
    x->in_part = buckets / x->parts;
    if (!large_reserve(&x->memory, buckets * sizeof *x->at + 63)) return 0;
    x->at = (bucket *)(((uintptr_t)x->memory.at + 63) & ~(uintptr_t)63);
    enter(k);
    k->unfilled = x->parts;
    announce(k);
    fill_parts(k);
    while (k->filling) await_change(k);
    leave(k);
    return 1;
}

void count_parts(pk_search *k) {
    state_index *x = &k->index;
    uint64_t key[PK_KEY_BITS / 64];
    memset(x->used_in, 0, sizeof x->used_in);
    if (x->parts == 1) x->used_in[0] = k->found.states;
    for (uint64_t id = 0; id < k->found.states && x->parts > 1; id++) {
        get_key(k, id, key);
        x->used_in[part_in(hash_of(key, words_in(k->layout.octets)), x->parts)]++;
    }
}

int refill_index(pk_search *k) {
    count_parts(k);
    return fill_index(k, buckets_for(&k->index, 0));
}
