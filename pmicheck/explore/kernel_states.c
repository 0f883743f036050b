/* Part of kernel.c: where the states lie, how they are found again, and by which state each was discovered.
 *
 * `keys` holds the key of every state in the order of their numbers. The index finds a number by a hash of the key:
 * buckets of one cache line hold 12 numbers with 8 bits of the hash each; a full one overflows into the next. The index
 * has a part for each thread, between which nothing overflows, so that threads can look up at once. The
 * discoverers are nondecreasing in the order of numbers, so two bits a state suffice: for each expanded state a 1 for
 * each state that it discovered, then a 0.
 */
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define SAMPLE 4096 /* the place of every so many states in the bits of the discoverers is kept */
#define DOUBLING_UNTIL ((uint64_t)1 << 19) /* buckets; a larger index grows by a quarter, which wastes less memory */

#define AHEAD 16 /* states between fetching a bucket, fetching the key that it points to, and looking there */
#define FILLED 1024 /* states to be put into the index at once */
#define SCANNED (1u << 15) /* states to be read from a disk at once */
#define SPILT_RANGES 8 /* in which an index is filled that lies on a disk */

static inline uint8_t tag_in(uint64_t hash) { return (uint8_t)(hash >> 16) ? (uint8_t)(hash >> 16) : 1; }

static inline uint64_t bucket_in(uint64_t hash, uint64_t buckets) { return ((hash >> 32) * buckets) >> 32; }

/* Which of the 12 tags are this one: a bit each. */
static inline uint32_t tags_equal(const bucket *b, uint8_t tag) {
#if defined(__SSE2__)
    __m128i tags = _mm_loadu_si128((const __m128i *)(const void *)b->tag);
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag))) & ((1u << BUCKET) - 1);
#else
    uint32_t equal = 0;
    for (unsigned i = 0; i < BUCKET; i++) equal |= (uint32_t)(b->tag[i] == tag) << i;
    return equal;
#endif
}

static inline uint64_t hash_of(const uint64_t *key, uint32_t key_words) {
    uint64_t hash = 0;
    for (uint32_t w = 0; w < key_words; w++) hash = mix(hash, key[w]);
    return hash * 0xD6E8FEB86659FD93ull;
}

static inline uint32_t part_in(uint64_t hash, uint64_t parts) { return (uint32_t)(((hash >> 32) * parts) >> 32); }

/* Where a bucket overflows to: the next one of the part that the hash belongs into. */
static inline uint64_t overflow(const state_index *x, uint64_t hash, uint64_t at) {
    uint64_t end = (part_in(hash, x->parts) + 1) * x->in_part;
    return at + 1 < end ? at + 1 : end - x->in_part;
}

/* Whether so many buckets have room for so many more numbers, wherever they belong. */
static int fit_into(uint64_t buckets, const state_index *x, uint64_t more) {
    for (uint64_t part = 0; part < x->parts; part++)
        if ((x->used_in[part] + more) * 8 > buckets / x->parts * BUCKET * 7) return 0;
    return 1;
}

/* Where the key of a state is kept. */
static inline char *kept(const pk_search *k, uint64_t id, uint32_t octets) { return (char *)k->keys.at + id * octets; }

static inline void get_key(const pk_search *k, uint64_t id, uint64_t *key) {
    load_key(kept(k, id, k->layout.octets), key, k->layout.octets);
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

/* Fill the parts of the index that nobody is at (under the lock); range by range if they may be more than memory holds,
 * for a disk suffers from places in no order. */
static void fill_parts(pk_search *k) {
    while (k->unfilled) {
        uint64_t part = --k->unfilled, buckets = k->index.buckets;
        uint64_t ranges = k->spill ? SPILT_RANGES : 1, all = ranges * k->index.parts;
        k->filling++;
        leave(k);
        for (uint64_t n = part * ranges; n < (part + 1) * ranges; n++)
            fill_range(k, buckets * n / all, buckets * (n + 1) / all);
        enter(k);
        k->filling--;
        tell(k);
    }
}

/* Fill the index anew, `buckets` large, with the help of all threads that are free. */
static int fill_index(pk_search *k, uint64_t buckets) {
    state_index *x = &k->index;
    large_free(&x->memory);
    x->at = NULL;
    x->buckets = buckets;
    x->in_part = buckets / x->parts;
    if (!large_reserve(&x->memory, buckets * sizeof *x->at + 63)) return 0;
    x->at = (bucket *)(((uintptr_t)x->memory.at + 63) & ~(uintptr_t)63);
    enter(k);
    k->unfilled = x->parts;
    tell(k);
    fill_parts(k);
    while (k->filling) await_change(k);
    leave(k);
    return 1;
}

/* How many buckets the index has to have for so many more numbers: its own if they suffice. */
static uint64_t buckets_for(const state_index *x, uint64_t more) {
    uint64_t buckets = x->buckets ? x->buckets : 16 * x->parts;
    while (!fit_into(buckets, x, more))
        buckets += buckets < DOUBLING_UNTIL ? buckets : buckets / 4 / x->parts * x->parts;
    return buckets;
}

/* Count anew how many numbers belong into each part. */
static void count_parts(pk_search *k) {
    state_index *x = &k->index;
    uint64_t key[PK_KEY_BITS / 64];
    memset(x->used_in, 0, sizeof x->used_in);
    if (x->parts == 1) x->used_in[0] = k->found.states;
    for (uint64_t id = 0; id < k->found.states && x->parts > 1; id++) {
        get_key(k, id, key);
        x->used_in[part_in(hash_of(key, words_in(k->layout.octets)), x->parts)]++;
    }
}

/* Room for so many more discoveries, and for as many states that have no more to make. */
static int reserve_ways(pk_search *k, uint64_t ones, uint64_t zeros) {
    return large_reserve(&k->ways, ((k->way_bits + ones + zeros) / 64 + 1) * 8) &&
           large_reserve(&k->samples, ((k->way_ones + ones) / SAMPLE + 1) * 8);
}

static inline void append_one(pk_search *k) {
    if (k->way_ones % SAMPLE == 0) ((uint64_t *)k->samples.at)[k->way_ones / SAMPLE] = k->way_bits;
    k->way_ones++;
    ((uint64_t *)k->ways.at)[k->way_bits / 64] |= 1ull << (k->way_bits % 64);
    k->way_bits++;
}

static inline uint32_t ones_in(uint64_t word) {
#if defined(__GNUC__)
    return (uint32_t)__builtin_popcountll(word);
#else
    uint32_t ones = 0;
    for (; word; word &= word - 1) ones++;
    return ones;
#endif
}

/* The state that discovered state `id` (not 0): how many 0s stand before its 1. */
static uint64_t discoverer(const pk_search *k, uint64_t id) {
    const uint64_t *words = k->ways.at;
    uint64_t one = id - 1, bit = ((const uint64_t *)k->samples.at)[one / SAMPLE], before = one / SAMPLE * SAMPLE;
    uint64_t at = bit / 64, word = words[at] >> (bit % 64) << (bit % 64);
    while (before + ones_in(word) <= one) {
        before += ones_in(word);
        word = words[++at];
    }
    for (; before < one; before++) word &= word - 1;
    return at * 64 + lowest_bit(word) - one;
}
