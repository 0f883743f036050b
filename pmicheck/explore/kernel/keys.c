#include "keys.h"

#include <stdlib.h>

#include "memory.h"

int word_init(word_table *t) {
    t->log = 6;
    t->slot = calloc((size_t)2 << t->log, sizeof *t->slot);
    return t->slot != NULL;
}

static int word_grow(word_table *t) {
    word_table grown = *t;
    grown.log++;
    grown.slot = calloc((size_t)2 << grown.log, sizeof *grown.slot);
    if (!grown.slot) return 0;
    for (uint64_t at = 0; at < (uint64_t)1 << t->log; at++)
        if (t->slot[2 * at + 1]) memcpy(word_slot(&grown, t->slot[2 * at]), t->slot + 2 * at, 2 * sizeof *t->slot);
    free(t->slot);
    *t = grown;
    return 1;
}

int word_intern(word_table *t, uint64_t value, uint32_t *number) {
    uint64_t *slot = word_slot(t, value);
    if (slot[1]) {
        *number = (uint32_t)slot[1] - 1;
        return 1;
    }
    if (((uint64_t)t->count + 1) * 2 > (uint64_t)1 << t->log) {
        if (!word_grow(t)) return 0;
        slot = word_slot(t, value);
    }
    if (!GROW(t->value, t->room, t->count + 1ull)) return 0;
    *number = t->count;
    t->value[t->count++] = value;
    slot[0] = value;
    slot[1] = t->count;
    return 1;
}

int lay_out(key_layout *l, uint64_t most) {
    unsigned used[PK_KEY_BITS / 64] = {0};
    uint32_t last = 0;
    uint64_t sum = 0;
    for (uint32_t n = 0; n < l->numbers; n++) {
        place *p = l->at + n;
        p->word = 0;
        while (p->word < PK_KEY_BITS / 64 && used[p->word] + p->bits > 64) p->word++;
        if (p->word == PK_KEY_BITS / 64) return 0;
        p->shift = used[p->word];
        used[p->word] += p->bits;
        sum += p->bits;
        if (p->word > last) last = p->word;
    }
    l->octets = last && used[last] <= 32 ? last * 8 + 4 : (last + 1) * 8;
    return sum <= most;
}

unsigned bits_for(uint64_t value) {
    unsigned bits = 0;
    while (bits < 64 && value >> bits) bits++;
    return bits;
}

/* Of the numbers from `first` on that have been more than 0 the one that is next to outgrow its bits, or PK_NONE if
 * none ever will. */
static uint32_t fullest(const key_layout *l, const uint64_t *last, uint32_t first) {
    uint32_t found = PK_NONE;
    double most = 0;
    for (uint32_t n = first; n < l->numbers; n++) {
        double full = l->at[n].bits < 32 ? (double)last[n] / (double)(1ull << l->at[n].bits) : 0;
        if (full > most) most = full, found = n;
    }
    return found;
}

int widen(const key_layout *old, const uint64_t *last, uint32_t first, uint64_t most, key_layout *wider) {
    wider->numbers = old->numbers;
    if (!(wider->at = calloc(old->numbers, sizeof *wider->at))) return PK_MEMORY;
    for (uint32_t n = 0; n < old->numbers; n++) wider->at[n].bits = bits_for(last[n]);
    if (!lay_out(wider, most)) return PK_KEYS;
    uint32_t octets = wider->octets > old->octets ? wider->octets : old->octets, n;
    while ((n = fullest(wider, last, first)) != PK_NONE) {
        wider->at[n].bits++;
        if (lay_out(wider, most) && wider->octets <= octets) continue;
        wider->at[n].bits--;
        break;
    }
    lay_out(wider, most);
    wider->octets = octets;
    return PK_OK;
}

void repack(const key_layout *from, const uint64_t *key, const key_layout *to, uint64_t *packed) {
    memset(packed, 0, words_in(to->octets) * sizeof *packed);
    for (uint32_t n = 0; n < from->numbers; n++) put_number(packed, to->at + n, number_in(key, from->at + n));
}
