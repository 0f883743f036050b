#include "states.h"

#include <stdlib.h>

#include "memory.h"

int make_layout(pk_search *k, const pk_system *s) {
    uint64_t used = s->initial[0];
    for (uint32_t t = 0; t < s->transitions; t++) used |= s->put[(uint64_t)t * s->words];
    k->plain = s->words == 1;
    k->layout.numbers = s->words + 1;
    k->layout.at = calloc(k->layout.numbers, sizeof *k->layout.at);
    k->word = calloc(s->words, sizeof *k->word);
    if (!k->layout.at || !k->word) return 0;
    for (uint32_t w = 0; w < s->words && !k->plain; w++)
        if (!word_init(k->word + w)) return 0;
    if (k->plain) {
        k->layout.at[0].bits = bits_for(used);
        for (uint32_t at = 0; at < k->update_offset[s->transitions]; at++)
            k->update[at].clear &= low_bits(k->layout.at[0].bits);
    }
    return lay_out(&k->layout, k->key_bits);
}

int fitting_layout(const pk_search *k, key_layout *wider) {
    uint64_t last[PK_MOST_WORDS + 1];
    for (uint32_t w = 0; w < k->words; w++) last[w] = k->plain ? low_bits(k->layout.at[w].bits) : k->word[w].count - 1;
    last[k->words] = k->interned - 1;
    return widen(&k->layout, last, k->plain != 0, k->key_bits, wider);
}

int repack_all(pk_search *k, key_layout *wider) {
    uint64_t states = k->found.states, old[PK_KEY_BITS / 64], packed[PK_KEY_BITS / 64];
    uint32_t octets = wider->octets;
    if (pk_bytes(k) + states * (octets - k->layout.octets) > k->most_octets) return PK_MEMORY;
    if (!large_reserve(&k->keys, states * octets)) return PK_MEMORY;
    for (uint64_t n = states; n-- > 0;) { /* from the end: a longer key lies on no key that is still to be read */
        get_key(k, n, old);
        repack(&k->layout, old, wider, packed);
        keep_key(kept(k, n, octets), packed, octets);
    }
    free(k->layout.at);
    k->layout = *wider;
    *wider = (key_layout){0};
    k->found.key_octets = octets;
    return PK_OK;
}

uint32_t unpack_state(const pk_search *k, uint64_t id, uint64_t *local) {
    uint64_t key[PK_KEY_BITS / 64];
    get_key(k, id, key);
    return unpack(k, key, local);
}

int reserve_ways(pk_search *k, uint64_t ones, uint64_t zeros) {
    return large_reserve(&k->ways, ((k->way_bits + ones + zeros) / 64 + 1) * 8) &&
           large_reserve(&k->samples, ((k->way_ones + ones) / SAMPLE + 1) * 8);
}

uint64_t discoverer(const pk_search *k, uint64_t id) {
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

int sample_ways(pk_search *k) {
    const uint64_t *ways = k->ways.at;
    uint64_t ones = 0, at = 0;
    if (!large_reserve(&k->samples, (k->found.states / SAMPLE + 1) * 8)) return PK_MEMORY;
    for (; at < k->way_bits; at += 64) {
        uint64_t word = ways[at / 64] & low_bits(k->way_bits - at < 64 ? (unsigned)(k->way_bits - at) : 64);
        uint64_t wanted = (ones + SAMPLE - 1) / SAMPLE * SAMPLE, more = ones_in(word);
        if (wanted < ones + more) {
            for (uint64_t before = ones; before < wanted; before++) word &= word - 1;
            ((uint64_t *)k->samples.at)[wanted / SAMPLE] = at + lowest_bit(word);
        }
        ones += more;
    }
    k->way_ones = ones;
    return ones == k->found.states - 1 ? PK_OK : PK_FORMAT;
}
