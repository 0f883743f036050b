#include "checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "memory.h"
#include "observe.h"
#include "successors.h"

/* The numbers at the beginning of a head. Then come the bits of each number in a key, how many values each word and how
 * many states each projection has more, what fired, and the goals. */
enum { MORE_STATES, EXPANDED, MORE_SETS, MORE_WAYS, KEY_OCTETS, HEAD };

/* From here on all is new to the next section; way_words are whole ones. */
static void mark_saved(pk_search *k) {
    saved *m = &k->saved;
    m->states = k->found.states;
    m->sets = k->interned;
    m->way_words = k->way_bits / 64;
    for (uint32_t w = 0; w < k->words; w++) m->values[w] = k->word[w].count;
    for (uint32_t p = 0; p < k->projections; p++) m->seen[p] = k->projection[p].seen.count;
}

int make_saved(pk_search *k) {
    saved *m = &k->saved;
    if (!RESIZE(m->values, k->words) ||
        !RESIZE(m->seen, k->projections) ||
        !RESIZE(m->piece, 6 + (uint64_t)k->words))
        return 0;
    mark_saved(k);
    return 1;
}

void free_saved(saved *m) { free(m->values), free(m->seen), free(m->piece), free(m->head); }

static uint64_t head_words(const pk_search *k) {
    return HEAD + (uint64_t)k->layout.numbers + k->words + k->projections + k->rules + k->goals;
}

/* The head of the next section, and behind it the states that projections have seen; 0 if memory does not suffice. */
static int write_head(pk_search *k, uint64_t more_ways, uint64_t *seen) {
    saved *m = &k->saved;
    *seen = 0;
    for (uint32_t p = 0; p < k->projections; p++) *seen += k->projection[p].seen.count - m->seen[p];
    if (!RESIZE(m->head, head_words(k) + *seen)) return 0;
    m->head[MORE_STATES] = k->found.states - m->states;
    m->head[EXPANDED] = k->found.expanded;
    m->head[MORE_SETS] = k->interned - m->sets;
    m->head[MORE_WAYS] = more_ways;
    m->head[KEY_OCTETS] = k->layout.octets;
    uint64_t *to = m->head + HEAD;
    for (uint32_t n = 0; n < k->layout.numbers; n++) *to++ = k->layout.at[n].bits;
    for (uint32_t w = 0; w < k->words; w++) *to++ = k->word[w].count - m->values[w];
    for (uint32_t p = 0; p < k->projections; p++) *to++ = k->projection[p].seen.count - m->seen[p];
    for (uint32_t rule = 0; rule < k->rules; rule++) *to++ = k->found.fired[rule];
    for (uint32_t goal = 0; goal < k->goals; goal++) *to++ = k->found.goal_state[goal];
    for (uint32_t p = 0; p < k->projections; p++)
        for (uint64_t i = m->seen[p]; i < k->projection[p].seen.count; i++) *to++ = k->projection[p].seen.at[i];
    return 1;
}

static void add_piece(saved *m, const uint64_t *from, uint64_t words) {
    if (words) m->piece[m->pieces++] = (pk_piece){from, words * 8};
}

/* Octets in fours, filled up to whole words. */
static void add_keys(saved *m, const char *from, uint64_t octets) {
    static const char filling[4];
    if (octets) m->piece[m->pieces++] = (pk_piece){from, octets};
    if (octets % 8) m->piece[m->pieces++] = (pk_piece){filling, 4};
}

const pk_piece *pk_unsaved(pk_search *k, uint32_t *pieces) {
    saved *m = &k->saved;
    uint64_t more_ways = (k->way_bits + 63) / 64 - m->way_words, seen;
    if (!write_head(k, more_ways, &seen)) return NULL;
    m->pieces = 0;
    add_piece(m, m->head, head_words(k));
    add_keys(m, kept(k, m->states, k->layout.octets), (k->found.states - m->states) * k->layout.octets);
    add_piece(m, k->knowledge + m->sets * k->knowledge_words, (k->interned - m->sets) * k->knowledge_words);
    if (more_ways) add_piece(m, (const uint64_t *)k->ways.at + m->way_words, more_ways);
    for (uint32_t w = 0; w < k->words; w++)
        if (k->word[w].count) add_piece(m, k->word[w].value + m->values[w], k->word[w].count - m->values[w]);
    add_piece(m, m->head + head_words(k), seen);
    mark_saved(k);
    *pieces = m->pieces;
    return m->piece;
}

/* What is left to read. */
typedef struct {
    const uint64_t *at;
    uint64_t words;
} unread;

/* The next `count` items of `words` words each; NULL if there are not as many. */
static const uint64_t *take(unread *u, uint64_t count, uint64_t words) {
    if (count > u->words / words) return NULL;
    const uint64_t *taken = u->at;
    u->at += count * words;
    u->words -= count * words;
    return taken;
}

/* Keys as a section has them: so many octets, and each number with so many bits. */
static int restore_layout(pk_search *k, uint64_t octets, const uint64_t *bits) {
    key_layout other = {.numbers = k->layout.numbers};
    int same = octets == k->layout.octets;
    if (!(other.at = calloc(other.numbers, sizeof *other.at))) return PK_MEMORY;
    for (uint32_t n = 0; n < other.numbers; n++) {
        other.at[n].bits = bits[n] <= 64 ? (unsigned)bits[n] : 65;
        same &= bits[n] == k->layout.at[n].bits;
    }
    int fits = lay_out(&other, k->key_bits) && other.octets <= octets && octets >= k->layout.octets;
    fits &= octets <= PK_KEY_BITS / 8 && octets % 4 == 0;
    other.octets = (uint32_t)octets;
    int status = same ? PK_OK : fits ? repack_all(k, &other) : PK_FORMAT;
    free(other.at);
    return status;
}

static int restore_keys(pk_search *k, unread *u, uint64_t more) {
    uint64_t octets = k->layout.octets;
    const uint64_t *keys = more > PK_NONE ? NULL : take(u, (more * octets + 7) / 8, 1);
    if (!keys) return PK_FORMAT;
    if (pk_bytes(k) + more * octets > k->most_octets) return PK_MEMORY;
    if (!large_reserve(&k->keys, (k->found.states + more) * octets)) return PK_MEMORY;
    memcpy((char *)k->keys.at + k->found.states * octets, keys, more * octets);
    k->found.states += more;
    return PK_OK;
}

static int restore_sets(pk_search *k, unread *u, uint64_t more) {
    const uint64_t *sets = take(u, more, k->knowledge_words);
    if (!sets) return PK_FORMAT;
    for (uint64_t n = 0; n < more; n++) {
        uint64_t next = k->interned;
        uint32_t number;
        int status = intern(k, sets + n * k->knowledge_words, &number);
        if (status != PK_OK) return status;
        if (number != next) return PK_FORMAT;
    }
    return PK_OK;
}

static int restore_ways(pk_search *k, unread *u, uint64_t more, uint64_t expanded) {
    const uint64_t *ways = take(u, more, 1);
    uint64_t bits = k->found.states - 1 + expanded;
    if (!ways || (bits + 63) / 64 != k->saved.way_words + more || expanded > k->found.states) return PK_FORMAT;
    if (more && !large_reserve(&k->ways, (k->saved.way_words + more) * 8)) return PK_MEMORY;
    if (more) memcpy((uint64_t *)k->ways.at + k->saved.way_words, ways, more * 8);
    k->way_bits = bits;
    k->found.expanded = expanded;
    return PK_OK;
}

static int restore_values(unread *u, word_table *t, uint64_t more) {
    const uint64_t *values = take(u, more, 1);
    if (!values) return PK_FORMAT;
    for (uint64_t n = 0; n < more; n++) {
        uint32_t next = t->count, number;
        if (!word_intern(t, values[n], &number)) return PK_MEMORY;
        if (number != next) return PK_FORMAT;
    }
    return PK_OK;
}

static int restore_seen(pk_search *k, unread *u, projection *p, uint64_t more) {
    const uint64_t *states = take(u, more, 1);
    if (!states) return PK_FORMAT;
    for (uint64_t n = 0; n < more; n++) {
        if (states[n] >= k->found.states) return PK_FORMAT;
        uint64_t key[PK_KEY_BITS / 64];
        get_key(k, states[n], key);
        if (!observed(k, p, key, (uint32_t)states[n])) return PK_MEMORY;
    }
    return PK_OK;
}

static int restore_section(pk_search *k, unread *u) {
    const uint64_t *head = take(u, head_words(k), 1);
    if (!head) return PK_FORMAT;
    const uint64_t *bits = head + HEAD, *values = bits + k->layout.numbers, *seen = values + k->words;
    const uint64_t *fired = seen + k->projections, *goals = fired + k->rules;
    int status = restore_layout(k, head[KEY_OCTETS], bits);
    if (status == PK_OK) status = restore_keys(k, u, head[MORE_STATES]);
    if (status == PK_OK) status = restore_sets(k, u, head[MORE_SETS]);
    if (status == PK_OK) status = restore_ways(k, u, head[MORE_WAYS], head[EXPANDED]);
    for (uint32_t w = 0; w < k->words && status == PK_OK; w++) status = restore_values(u, k->word + w, values[w]);
    for (uint32_t p = 0; p < k->projections && status == PK_OK; p++)
        status = restore_seen(k, u, k->projection + p, seen[p]);
    if (status != PK_OK) return status;
    memcpy(k->found.fired, fired, k->rules * sizeof *fired);
    for (uint32_t goal = 0; goal < k->goals; goal++) k->found.goal_state[goal] = (uint32_t)goals[goal];
    mark_saved(k);
    return PK_OK;
}

/* States can be found again by their keys. */
static int restore_index(pk_search *k) {
    k->index.buckets = 0;
    count_parts(k);
    uint64_t buckets = buckets_for(&k->index, 0);
    if (pk_bytes(k) + buckets * sizeof(bucket) > k->most_octets) return PK_MEMORY;
    return fill_index(k, buckets) ? PK_OK : PK_MEMORY;
}

int pk_restore(pk_search *k, const uint64_t *sections, uint64_t words) {
    unread u = {sections, words};
    int status = PK_OK;
    while (u.words && status == PK_OK) status = restore_section(k, &u);
    if (status == PK_OK) status = sample_ways(k);
    if (status != PK_OK) return status;
    for (uint64_t id = 0; id < k->found.states; id++) {
        uint64_t key[PK_KEY_BITS / 64];
        get_key(k, id, key);
        uint8_t *used = k->knowledge_used + knowledge_in(k, key);
        k->found.knowledge_sets += !*used;
        *used = 1;
    }
    if (!forget_lately(k)) return PK_MEMORY;
    return k->found.expanded < k->found.states ? restore_index(k) : PK_OK;
}
