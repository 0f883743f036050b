/* Tables of ids with exact comparison by the caller, memo tables, sparse sets.
 *
 * Open addressing with linear probing, load at most 3/4. A slot of an id table holds 32 bits of the hash and the id
 * plus 1; the slot is chosen by the top bits of the same 32, so a table grows by one walk in order and never looks at
 * the keys.
 */
#ifndef PMICHECK_TABLES_H
#define PMICHECK_TABLES_H

#include <stddef.h>
#include <stdint.h>

#define MULTIPLIER 0x9E3779B97F4A7C15ull

static inline uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * MULTIPLIER;
    return hash ^ (hash >> 32);
}

static inline uint32_t tag_of(uint64_t hash) { return (uint32_t)((hash * MULTIPLIER) >> 32); }

typedef struct {
    uint64_t *slot; /* tag << 32 | id + 1, or 0 */
    uint64_t used;
    unsigned log;
} id_table;

int ids_init(id_table *t, unsigned log);

/* Room for one more entry, doubling the table when it is 3/4 full. */
int ids_reserve(id_table *t);

/* The caller has reserved room and knows that the key is new. */
void ids_add(id_table *t, uint32_t tag, uint32_t id);

static inline uint64_t ids_home(const id_table *t, uint32_t tag) {
    return t->log <= 32 ? (uint64_t)tag >> (32 - t->log) : (uint64_t)tag << (t->log - 32);
}

static inline uint64_t ids_next(const id_table *t, uint64_t at) { return (at + 1) & (((uint64_t)1 << t->log) - 1); }

/* The loop head of every lookup: `id` runs over the candidates with this tag; the body leaves on an exact match. */
#define IDS_CANDIDATES(t, tag, id)                                                                                    \
    for (uint64_t at_ = ids_home(t, tag), entry_; (entry_ = (t)->slot[at_]) != 0; at_ = ids_next(t, at_))             \
        for (uint32_t id = (uint32_t)entry_ - 1, once_ = 1; once_ && (uint32_t)(entry_ >> 32) == (tag); once_ = 0)

/* A memo: key (not 0) to value. It forgets everything when `limit` entries are reached: it saves work, no more. */
typedef struct {
    uint64_t *slot; /* key, value */
    uint64_t used, limit;
    unsigned log;
} memo;

int memo_init(memo *m, unsigned log, uint64_t limit);

void memo_clear(memo *m);

/* Remember a value for a key that is not there yet; 0 if memory does not suffice. */
int memo_add(memo *m, uint64_t key, uint64_t value);

static inline uint64_t *memo_slot(const memo *m, uint64_t key) {
    uint64_t last = ((uint64_t)1 << m->log) - 1;
    uint64_t at = mix(key >> 32, key) & last;
    while (m->slot[2 * at] && m->slot[2 * at] != key) at = (at + 1) & last;
    return m->slot + 2 * at;
}

/* Sets of facts as the few words in which they have any. */
typedef struct {
    uint32_t *offset; /* of the first part of each set; one more at the end */
    uint32_t *word;
    uint64_t *bits;
} sparse;

int sparse_init(sparse *s, const uint64_t *sets, uint64_t count, uint32_t words);

void sparse_free(sparse *s);

static inline int sparse_within(const sparse *s, uint32_t set, const uint64_t *knowledge) {
    for (uint32_t part = s->offset[set]; part < s->offset[set + 1]; part++)
        if (s->bits[part] & ~knowledge[s->word[part]]) return 0;
    return 1;
}

#endif
