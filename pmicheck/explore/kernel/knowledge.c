#include "knowledge.h"

#include <stdlib.h>
#include <string.h>

int make_horn(pk_search *k, const pk_system *s) {
    uint64_t facts = (uint64_t)s->knowledge_words * 64, mentions = 0;
    if (!sparse_init(&k->horn_body, s->horn_body, s->horn, s->knowledge_words)) return 0;
    k->horn_head = copy_of(s->horn_head, s->horn, sizeof *s->horn_head);
    k->premise_offset = calloc(facts + 2, sizeof *k->premise_offset);
    if (!k->horn_head || !k->premise_offset) return 0;
    const sparse *body = &k->horn_body;
    uint32_t parts = body->offset[s->horn];
    for (uint32_t part = 0; part < parts; part++)
        for (uint64_t bits = body->bits[part]; bits; bits &= bits - 1, mentions++)
            k->premise_offset[body->word[part] * 64 + lowest_bit(bits) + 2]++;
    if (mentions > UINT32_MAX || !RESIZE(k->premise, mentions)) return 0;
    for (uint64_t fact = 0; fact <= facts; fact++) k->premise_offset[fact + 1] += k->premise_offset[fact];
    for (uint32_t rule = 0; rule < s->horn; rule++)
        for (uint32_t part = body->offset[rule]; part < body->offset[rule + 1]; part++)
            for (uint64_t bits = body->bits[part]; bits; bits &= bits - 1)
                k->premise[k->premise_offset[body->word[part] * 64 + lowest_bit(bits) + 1]++] = rule;
    return RESIZE(k->closing, s->knowledge_words) &&
           RESIZE(k->agenda, facts) && memo_init(&k->closures, 8, s->memo_limit) &&
           ids_init(&k->knowledge_table, 8);
}

void free_horn(pk_search *k) {
    sparse_free(&k->horn_body);
    free(k->horn_head), free(k->premise_offset), free(k->premise), free(k->closing), free(k->agenda);
    free(k->closures.slot), free(k->knowledge_table.slot), free(k->knowledge_used), free(k->knowledge);
}

static inline uint32_t words_tag(const uint64_t *word, const uint64_t *mask, uint32_t words) {
    uint64_t hash = MULTIPLIER;
    for (uint32_t w = 0; w < words; w++) hash = mix(hash, mask ? word[w] & mask[w] : word[w]);
    return tag_of(hash);
}

static inline int words_same(const uint64_t *left, const uint64_t *right, const uint64_t *mask, uint32_t words) {
    uint64_t differs = 0;
    for (uint32_t w = 0; w < words; w++) differs |= (left[w] ^ right[w]) & (mask ? mask[w] : ~0ull);
    return !differs;
}

static int grow_knowledge(pk_search *k) {
    uint64_t room = k->knowledge_room * 2 + 64;
    if (!RESIZE(k->knowledge, room * k->knowledge_words)) return 0;
    for (uint32_t p = 0; p < k->projections; p++)
        if (!RESIZE(k->projection[p].fact_class, room)) return 0;
    if (!RESIZE(k->knowledge_used, room)) return 0;
    memset(k->knowledge_used + k->knowledge_room, 0, room - k->knowledge_room);
    k->knowledge_room = room;
    return 1;
}

/* The first knowledge set that agrees with set `id` on the facts of a projection: `id` itself if there is none. */
static int classify(pk_search *k, projection *p, uint32_t id) {
    const uint64_t *set = known_in(k, id);
    p->fact_class[id] = 0;
    if (!p->any_facts) return 1;
    if (!ids_reserve(&p->fact_table)) return 0;
    uint32_t tag = words_tag(set, p->facts, k->knowledge_words);
    IDS_CANDIDATES(&p->fact_table, tag, other) {
        const uint64_t *that = known_in(k, other);
        if (words_same(set, that, p->facts, k->knowledge_words)) {
            p->fact_class[id] = other;
            return 1;
        }
    }
    ids_add(&p->fact_table, tag, id);
    p->fact_class[id] = id;
    return 1;
}

int intern(pk_search *k, const uint64_t *set, uint32_t *id) {
    uint32_t tag = words_tag(set, NULL, k->knowledge_words);
    IDS_CANDIDATES(&k->knowledge_table, tag, other) {
        const uint64_t *that = known_in(k, other);
        if (words_same(set, that, NULL, k->knowledge_words)) {
            *id = other;
            return PK_OK;
        }
    }
    if (k->interned >= k->knowledge_ids) return PK_KNOWLEDGE_IDS;
    if (k->interned == k->knowledge_room && !grow_knowledge(k)) return PK_MEMORY;
    if (!ids_reserve(&k->knowledge_table)) return PK_MEMORY;
    *id = (uint32_t)k->interned;
    memcpy(k->knowledge + k->interned * k->knowledge_words, set, k->knowledge_words * sizeof *set);
    for (uint32_t p = 0; p < k->projections; p++)
        if (!classify(k, k->projection + p, *id)) return PK_MEMORY;
    ids_add(&k->knowledge_table, tag, *id);
    k->interned++;
    return PK_OK;
}

/* Close a closed set together with the facts of a `learns` set, in place. */
static void close_set(pk_search *k, uint64_t *set, uint32_t learns) {
    uint32_t waiting = 0;
    for (uint32_t part = k->learns.offset[learns]; part < k->learns.offset[learns + 1]; part++) {
        uint32_t word = k->learns.word[part];
        uint64_t fresh = k->learns.bits[part] & ~set[word];
        set[word] |= fresh;
        for (; fresh; fresh &= fresh - 1) k->agenda[waiting++] = word * 64 + lowest_bit(fresh);
    }
    while (waiting) {
        uint32_t fact = k->agenda[--waiting];
        for (uint32_t at = k->premise_offset[fact]; at < k->premise_offset[fact + 1]; at++) {
            uint32_t rule = k->premise[at], head = k->horn_head[rule];
            if (set[head / 64] >> (head % 64) & 1 || !sparse_within(&k->horn_body, rule, set)) continue;
            set[head / 64] |= 1ull << (head % 64);
            k->agenda[waiting++] = head;
        }
    }
}

int learn(pk_search *k, uint32_t knowledge, uint32_t learns, uint32_t *result) {
    *result = learnt(k, knowledge, learns);
    if (*result != PK_NONE) return PK_OK;
    const uint64_t *known = known_in(k, knowledge);
    uint64_t key = (uint64_t)knowledge << 32 | learns; /* not 0: set number 0 is empty, nothing new in it */
    memcpy(k->closing, known, k->knowledge_words * sizeof *known);
    close_set(k, k->closing, learns);
    int status = intern(k, k->closing, result);
    if (status != PK_OK) return status;
    return memo_add(&k->closures, key, *result) ? PK_OK : PK_MEMORY;
}
