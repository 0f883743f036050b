#include "enabled.h"

#include <string.h>

#include "memory.h"

#define ROW_ENTRIES 8 /* transitions that filtered lists may hold, on average, before the memo forgets them all */
#define MOST_ROWS 9 /* of one state: 8 words and the knowledge */
#define ROWS_OCTETS (1u << 20)

const uint64_t *filter_list(worker *w, uint32_t node, uint32_t knowledge, uint64_t key) {
    const pk_search *k = w->search;
    const gen_node *n = k->tree.node + node;
    if (w->rows.used >= k->memo_limit || w->row_count / ROW_ENTRIES >= k->memo_limit) {
        memo_clear(&w->rows);
        w->row_count = 0;
    }
    if (!GROW(w->row, w->row_room, w->row_count + n->count)) return NULL;
    uint64_t from = w->row_count;
    for (uint32_t i = 0; i < n->count; i++) {
        const gen_entry *entry = k->tree.entry + n->list + i;
        if (!sparse_within(&k->needs, k->needs_of[entry->transition], known_in(k, knowledge))) continue;
        gen_entry *met = w->row + w->row_count++;
        *met = *entry;
        met->facts = met->needs = 0;
    }
    if (!memo_add(&w->rows, key, from << 32 | (w->row_count - from))) return NULL;
    return memo_slot(&w->rows, key);
}

int find_firing(worker *w, uint32_t knowledge, uint64_t *count) {
    int status = find_enabled(w, w->local, knowledge);
    *count = status == PK_OK ? w->enabled_count : 0;
    memcpy(w->firing, w->enabled, *count * sizeof *w->firing);
    return status;
}

int make_guards(pk_search *k, const pk_system *s) {
    uint64_t count = (uint64_t)s->transitions * s->words;
    if (k->plain || k->reduced || s->transitions > MOST_ROW_BITS || s->words >= MOST_ROWS) return 1;
    k->row_words = (s->transitions + 63) / 64;
    k->guard_mask = copy_of(s->mask, count, sizeof *s->mask);
    k->guard_value = copy_of(s->value, count, sizeof *s->value);
    return k->guard_mask && k->guard_value;
}

/* Whether number `number` of word n, or of the knowledge if n is the number of words, allows a transition. */
static int allows(const pk_search *k, uint32_t n, uint32_t number, uint32_t t) {
    if (n == k->words)
        return sparse_within(&k->needs, k->needs_of[t], known_in(k, number));
    uint64_t at = (uint64_t)t * k->words + n;
    return (k->word[n].value[number] & k->guard_mask[at]) == k->guard_value[at];
}

int fill_rows(worker *w, uint32_t n, uint32_t number) {
    const pk_search *k = w->search;
    number_rows *r = w->allowed + n;
    uint64_t octets = (uint64_t)k->row_words * 8, room = number + (uint64_t)number / 2 + 16;
    if (number >= k->memo_limit) return 0;
    if (number >= r->room) {
        w->allowed_octets += (room - r->room) * octets;
        if (w->allowed_octets > ROWS_OCTETS || !RESIZE(r->bits, room * k->row_words)) return 0;
        r->room = (uint32_t)room;
    }
    for (; r->count <= number; r->count++) {
        uint64_t *bits = r->bits + (uint64_t)r->count * k->row_words;
        memset(bits, 0, octets);
        for (uint32_t t = 0; t < k->transitions; t++)
            bits[t / 64] |= (uint64_t)allows(k, n, r->count, t) << t % 64;
    }
    return 1;
}

void give_rows_up(worker *w) {
    for (uint32_t n = 0; n <= w->search->words; n++) release(&w->allowed[n].bits);
    w->allowed_octets = 0;
    w->crowded = 1;
}
