#include "pure.h"

#include <stdlib.h>

#include "memory.h"
#include "successors.h"
#include "threads.h"

#define MOST_BITS 512 /* transitions: with more of them, rows would take more time than the tree does */

/* The row of an octet's value. */
static inline uint64_t *row_at(const octet_rows *o, uint64_t value, uint32_t row_words) {
    return o->row + value * row_words;
}

/* Fill the rows of an octet; 0 if memory does not suffice. */
static int make_rows(octet_rows *o, const pk_system *s, uint32_t row_words) {
    if (!(o->row = calloc((size_t)256 * row_words + 1, sizeof *o->row))) return 0;
    for (uint64_t value = 0; value < 256; value++)
        for (uint32_t t = 0; t < s->transitions; t++)
            if (!(((value << o->shift) ^ s->value[t]) & s->mask[t] & 0xFFull << o->shift))
                row_at(o, value, row_words)[t / 64] |= 1ull << t % 64;
    return 1;
}

int make_pure(pk_search *k, const pk_system *s) {
    uint64_t asked = 0;
    if (s->words != 1 || s->needs > 1 || s->learns > 1 || k->reduced || s->transitions > MOST_BITS) return 1;
    if (!RESIZE(k->pure_step, s->transitions)) return 0;
    for (uint32_t t = 0; t < s->transitions; t++) {
        k->pure_step[t] = (pure_step){s->clear[t] & low_bits(k->layout.at[0].bits), s->put[t]};
        asked |= s->mask[t];
    }
    k->row_words = (s->transitions + 63) / 64;
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if (!(asked >> shift & 0xFF) && (shift || asked)) continue; /* the first one, if none is asked for */
        k->octet[k->octets].shift = shift;
        if (!make_rows(k->octet + k->octets++, s, k->row_words)) return 0;
    }
    k->pure = 1;
    return 1;
}

void free_pure(pk_search *k) {
    for (uint32_t n = 0; n < k->octets; n++) free(k->octet[n].row);
    free(k->pure_step);
}

/* As `expand`, in a pure system. */
INLINE void expand_rows(worker *w, batch *b, uint32_t row_words) {
    const pk_search *k = w->search;
    const pure_step *step = k->pure_step;
    const uint32_t *rule_of = k->rule_of;
    uint64_t *fired = w->fired, *keys = w->key;
    successor *successors = w->successor;
    for (uint64_t id = b->from; id < b->until && b->status == PK_OK && go_on(w, b); id++) {
        const uint64_t *row[8];
        uint64_t own, made = 0;
        load_key(kept(k, id, 8), &own, 8);
        for (uint32_t n = 0; n < k->octets; n++)
            row[n] = row_at(k->octet + n, own >> k->octet[n].shift & 0xFF, row_words);
        for (uint32_t at = 0; at < row_words; at++) {
            uint64_t enabled = ~0ull;
            for (uint32_t n = 0; n < k->octets; n++) enabled &= row[n][at];
            for (; enabled; enabled &= enabled - 1) {
                uint32_t t = at * 64 + lowest_bit(enabled);
                uint64_t key = (own & ~step[t].clear) | step[t].put;
                fired[rule_of[t]]++;
                if (key == own && !k->record_edges) continue;
                uint64_t hash = hash_of(&key, 1);
                PREFETCH(lately_slot(w, hash, 1));
                keys[made] = key;
                successors[made++] = (successor){hash, t, OTHER};
            }
        }
        b->status = hand_over(w, b, (uint32_t)id, made, 1);
    }
}

void expand_pure(worker *w, batch *b) {
    uint32_t row_words = w->search->row_words;
    row_words == 1 ? expand_rows(w, b, 1) : expand_rows(w, b, row_words);
}
