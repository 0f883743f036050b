/* Part of kernel.c: which transitions are enabled, in a system of few words, few transitions and few values a word.
 *
 * For each number in a key there is a row of bits: for that of a word's value the transitions whose guard it does not
 * rule out, for that of a knowledge set those whose needs it meets. Where all rows agree the transitions are enabled; so
 * no guard is tested. A worker fills its rows in as it meets the numbers. When they outgrow a core's own cache it gives
 * them up for good, and walks the tree.
 */
#define MOST_ROW_BITS 1024 /* transitions */
#define MOST_ROWS 9 /* of one state: 8 words and the knowledge */
#define ROWS_OCTETS (1u << 20)

/* Set this up where it applies; 0 if memory does not suffice. */
static int make_guards(pk_search *k, const pk_system *s) {
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
        return sparse_within(&k->needs, k->needs_of[t], k->knowledge + (uint64_t)number * k->knowledge_words);
    uint64_t at = (uint64_t)t * k->words + n;
    return (k->word[n].value[number] & k->guard_mask[at]) == k->guard_value[at];
}

/* Fill the rows of word n in up to this number; 0 if they would be too many. */
static int fill_rows(worker *w, uint32_t n, uint32_t number) {
    const pk_search *k = w->search;
    number_rows *r = w->allowed + n;
    uint64_t octets = (uint64_t)k->row_words * 8, room = number + (uint64_t)number / 2 + 16;
    if (number >= k->memo_limit) return 0;
    if (number >= r->room) {
        w->allowed_octets += (room - r->room) * octets;
        if (w->allowed_octets > ROWS_OCTETS || !resize((void **)&r->bits, room * octets / 8, 8)) return 0;
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

static void give_rows_up(worker *w) {
    for (uint32_t n = 0; n <= w->search->words; n++) release(&w->allowed[n].bits);
    w->allowed_octets = 0;
    w->crowded = 1;
}

/* As `find_enabled`, in index order, in the state that has this key; 0 if there are no rows for it. */
INLINE int find_by_rows(worker *w, const uint64_t *key) {
    const pk_search *k = w->search;
    uint64_t bits[MOST_ROW_BITS / 64], count = 0;
    if (!k->guard_mask || w->crowded) return 0;
    for (uint32_t n = 0; n <= k->words; n++) {
        uint32_t number = (uint32_t)number_in(key, k->layout.at + n);
        if (number >= w->allowed[n].count && !fill_rows(w, n, number)) {
            give_rows_up(w);
            return 0;
        }
        const uint64_t *row = w->allowed[n].bits + (uint64_t)number * k->row_words;
        for (uint32_t at = 0; at < k->row_words; at++) bits[at] = n ? bits[at] & row[at] : row[at];
    }
    for (uint32_t at = 0; at < k->row_words; at++)
        for (; bits[at]; bits[at] &= bits[at] - 1) w->enabled[count++] = at * 64 + lowest_bit(bits[at]);
    w->enabled_count = count;
    return 1;
}
