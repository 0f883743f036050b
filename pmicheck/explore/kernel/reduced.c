#include "reduced.h"

#include <stdlib.h>
#include <string.h>

#include "knowledge.h"
#include "memory.h"
#include "successors.h"
#include "threads.h"

int make_reduction(pk_search *k, const pk_system *s) {
    k->reduced = s->eager_count || s->symmetries;
    k->symmetries = s->symmetries;
    if (!memo_init(&k->images, 4, s->memo_limit)) return 0;
    k->symmetry_fixed = copy_of(s->symmetry_fixed, (uint64_t)s->symmetries * s->words, 8);
    k->symmetry_value = copy_of(s->symmetry_value, s->symmetry_values, 8);
    k->symmetry_facts = copy_of(s->symmetry_facts, (uint64_t)s->symmetries * s->knowledge_words * 64, 4);
    k->move_offset = copy_of(s->move_offset, (uint64_t)s->symmetries + 1, 4);
    if (!RESIZE(k->move, s->moves)) return 0;
    for (uint32_t n = 0; n < s->moves; n++) {
        const uint32_t *m = s->move_numbers + 5 * (uint64_t)n;
        k->move[n] = (move){s->move_mask[n], m[0], m[1], m[2], m[3], m[4]};
    }
    return k->symmetry_fixed && k->symmetry_value && k->symmetry_facts && k->move_offset;
}

void free_reduction(pk_search *k) {
    free(k->symmetry_fixed), free(k->symmetry_value), free(k->symmetry_facts), free(k->move_offset), free(k->move);
    free(k->images.slot);
}

/* Knowledge set `knowledge` under symmetry `n`; with `k` worked out if need be, else PK_NONE if nobody has yet. */
static int image_of_set(const pk_search *c, pk_search *k, uint32_t n, uint32_t knowledge, uint32_t *image) {
    uint64_t key = (uint64_t)knowledge << 32 | (n + 1);
    const uint64_t *slot = memo_slot(&c->images, key);
    *image = slot[0] ? (uint32_t)slot[1] : PK_NONE;
    if (*image != PK_NONE || !k) return PK_OK;
    const uint64_t *known = known_in(k, knowledge);
    const uint32_t *facts = k->symmetry_facts + (uint64_t)n * k->knowledge_words * 64;
    memset(k->closing, 0, k->knowledge_words * sizeof *k->closing);
    for (uint32_t w = 0; w < k->knowledge_words; w++)
        for (uint64_t rest = known[w]; rest; rest &= rest - 1) {
            uint32_t fact = facts[w * 64 + lowest_bit(rest)];
            k->closing[fact / 64] |= 1ull << (fact % 64);
        }
    int status = intern(k, k->closing, image);
    if (status != PK_OK) return status;
    return memo_add(&k->images, key, *image) ? PK_OK : PK_MEMORY;
}

static void image_of_words(const pk_search *k, uint32_t n, const uint64_t *local, uint64_t *image) {
    const uint64_t *fixed = k->symmetry_fixed + (uint64_t)n * k->words;
    for (uint32_t w = 0; w < k->words; w++) image[w] = local[w] & fixed[w];
    for (uint32_t at = k->move_offset[n]; at < k->move_offset[n + 1]; at++) {
        const move *m = k->move + at;
        uint64_t part = local[m->from] & m->mask;
        if (m->values != PK_NONE) part = k->symmetry_value[m->values + (part >> m->down)] << m->up;
        else part = part >> m->down << m->up;
        image[m->to] |= part;
    }
}

/* Whether (left, known) is less than (right, known). */
static int precedes(
    const pk_search *k, const uint64_t *left, uint32_t left_known, const uint64_t *right, uint32_t right_known) {
    for (uint32_t w = k->words; w-- > 0;)
        if (left[w] != right[w]) return left[w] < right[w];
    const uint64_t *a = known_in(k, left_known);
    const uint64_t *b = known_in(k, right_known);
    for (uint32_t w = k->knowledge_words; w-- > 0;)
        if (a[w] != b[w]) return a[w] < b[w];
    return 0;
}

/* Fire a transition in place: 1 if anything changed, 0 if not, -1 if the knowledge has no number yet, -2 on failure. */
static int fire(const pk_search *c, pk_search *k, uint32_t t, uint64_t *local, uint32_t *knowledge, int *status) {
    uint64_t changed = 0;
    uint32_t more = *knowledge;
    *status = PK_OK;
    if (c->learns_of[t]) {
        if (k)
            *status = learn(k, *knowledge, c->learns_of[t], &more);
        else
            more = learnt(c, *knowledge, c->learns_of[t]);
        if (*status != PK_OK || more == PK_NONE) return -1;
    }
    for (uint32_t at = c->update_offset[t]; at < c->update_offset[t + 1]; at++) {
        const update *u = c->update + at;
        uint64_t after = (local[u->word] & ~u->clear) | u->put;
        changed |= local[u->word] ^ after;
        local[u->word] = after;
    }
    changed |= more ^ *knowledge;
    *knowledge = more;
    return changed != 0;
}

/* Whether firing a transition would change anything. */
static int would_change(const pk_search *k, uint32_t t, const uint64_t *local, uint32_t knowledge) {
    for (uint32_t at = k->update_offset[t]; at < k->update_offset[t + 1]; at++) {
        const update *u = k->update + at;
        if (((local[u->word] & ~u->clear) | u->put) != local[u->word]) return 1;
    }
    const uint64_t *known = known_in(k, knowledge);
    return k->learns_of[t] && !sparse_within(&k->learns, k->learns_of[t], known);
}

/* Fire eager transitions until none changes anything; those that fired are noted in `hurried`. */
static int hurry(worker *w, pk_search *k, uint64_t *local, uint32_t *knowledge, int *status) {
    const pk_search *c = w->search;
    while (c->eager_root) {
        *status = find_enabled_from(w, c->eager_root, local, *knowledge);
        if (*status != PK_OK) return -1;
        uint32_t first = PK_NONE;
        for (uint64_t i = 0; i < w->enabled_count; i++)
            if (w->enabled[i] < first && would_change(c, w->enabled[i], local, *knowledge)) first = w->enabled[i];
        if (first == PK_NONE) break;
        if (fire(c, k, first, local, knowledge, status) < 0) return -1;
        if (!numbers_add(&w->hurried, first)) {
            *status = PK_MEMORY;
            return -1;
        }
    }
    return 1;
}

/* Replace a state by the least of its images. */
static int make_canonical(worker *w, pk_search *k, uint64_t *local, uint32_t *knowledge, int *status) {
    const pk_search *c = w->search;
    uint64_t *image = w->image, *least = w->image + c->words;
    uint32_t least_known = *knowledge, known;
    memcpy(least, local, c->words * sizeof *least);
    for (uint32_t n = 0; n < c->symmetries; n++) {
        *status = image_of_set(c, k, n, *knowledge, &known);
        if (*status != PK_OK || known == PK_NONE) return -1;
        image_of_words(c, n, local, image);
        if (!precedes(c, image, known, least, least_known)) continue;
        memcpy(least, image, c->words * sizeof *least);
        least_known = known;
    }
    memcpy(local, least, c->words * sizeof *least);
    *knowledge = least_known;
    return 1;
}

int reduced_successor(
    worker *w, pk_search *k, const uint64_t *from, uint32_t knowledge, uint32_t t, uint64_t *key, uint32_t *outgrown,
    int *status) {
    const pk_search *c = w->search;
    uint64_t *local = w->image + 2 * (uint64_t)c->words, changed = 0;
    uint32_t before = knowledge, number;
    w->hurried.count = 0;
    memcpy(local, from, c->words * sizeof *local);
    if (fire(c, k, t, local, &knowledge, status) < 0 || hurry(w, k, local, &knowledge, status) < 0 ||
        make_canonical(w, k, local, &knowledge, status) < 0)
        return UNKNOWN;
    for (uint32_t n = 0; n <= c->words; n++) {
        uint64_t value = n < c->words ? local[n] : knowledge;
        changed |= n < c->words ? from[n] ^ value : before ^ value;
        if (n < c->words && !c->plain) {
            if (k && !word_intern(k->word + n, value, &number)) *status = PK_MEMORY;
            if (!k) number = word_number(c->word + n, value);
            if (*status != PK_OK || number == PK_NONE) return UNKNOWN;
            value = number;
        }
        if (value > low_bits(c->layout.at[n].bits)) *outgrown = n;
        if (*outgrown == PK_NONE) put_number(key, c->layout.at + n, value);
    }
    return changed ? OTHER : SELF;
}

void count_hurried(worker *w) {
    for (uint64_t i = 0; i < w->hurried.count; i++) w->fired[w->search->rule_of[w->hurried.at[i]]]++;
}

void expand_reduced(worker *w, batch *b) {
    const pk_search *k = w->search;
    uint32_t key_words = words_in(k->layout.octets);
    for (uint64_t id = b->from; id < b->until && b->status == PK_OK && go_on(w, b); id++) {
        uint64_t own[PK_KEY_BITS / 64], count, made = 0;
        get_key(k, id, own);
        uint32_t knowledge = unpack(k, own, w->local), outgrown = PK_NONE;
        b->status = find_firing(w, knowledge, &count);
        if (b->status != PK_OK) return;
        for (uint64_t i = 0; i < count; i++) {
            uint32_t t = w->firing[i];
            uint64_t *key = w->key + made * key_words;
            w->fired[k->rule_of[t]]++;
            memcpy(key, own, key_words * sizeof *key);
            int kind = reduced_successor(w, NULL, w->local, knowledge, t, key, &outgrown, &b->status);
            if (b->status != PK_OK) return;
            if (kind != UNKNOWN) count_hurried(w);
            if (kind == SELF && !k->record_edges) continue;
            w->successor[made++] = (successor){hash_of(key, key_words), t, kind};
        }
        b->status = hand_over(w, b, (uint32_t)id, made, key_words);
    }
}
