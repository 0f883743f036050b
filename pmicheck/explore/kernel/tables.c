#include "tables.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

int ids_init(id_table *t, unsigned log) {
    t->slot = calloc((size_t)1 << log, sizeof *t->slot);
    t->log = log;
    t->used = 0;
    return t->slot != NULL;
}

static void ids_put(id_table *t, uint64_t entry) {
    uint64_t at = ids_home(t, (uint32_t)(entry >> 32));
    while (t->slot[at]) at = ids_next(t, at);
    t->slot[at] = entry;
}

int ids_reserve(id_table *t) {
    if ((t->used + 1) * 4 <= ((uint64_t)3 << t->log)) return 1;
    id_table grown;
    if (t->log >= 60 || !ids_init(&grown, t->log + 1)) return 0;
    for (uint64_t at = 0; at < (uint64_t)1 << t->log; at++)
        if (t->slot[at]) ids_put(&grown, t->slot[at]);
    grown.used = t->used;
    free(t->slot);
    *t = grown;
    return 1;
}

void ids_add(id_table *t, uint32_t tag, uint32_t id) {
    ids_put(t, (uint64_t)tag << 32 | (id + 1));
    t->used++;
}

int memo_init(memo *m, unsigned log, uint64_t limit) {
    m->slot = calloc((size_t)2 << log, sizeof *m->slot);
    m->log = log;
    m->used = 0;
    m->limit = limit;
    return m->slot != NULL;
}

void memo_clear(memo *m) {
    memset(m->slot, 0, ((size_t)2 << m->log) * sizeof *m->slot);
    m->used = 0;
}

int memo_add(memo *m, uint64_t key, uint64_t value) {
    if (m->used >= m->limit) memo_clear(m);
    if ((m->used + 1) * 4 > ((uint64_t)3 << m->log)) {
        memo grown;
        if (!memo_init(&grown, m->log + 1, m->limit)) return 0;
        for (uint64_t at = 0; at < (uint64_t)1 << m->log; at++) {
            const uint64_t *old = m->slot + 2 * at;
            if (old[0]) memcpy(memo_slot(&grown, old[0]), old, 2 * sizeof *old);
        }
        grown.used = m->used;
        free(m->slot);
        *m = grown;
    }
    uint64_t *slot = memo_slot(m, key);
    slot[0] = key;
    slot[1] = value;
    m->used++;
    return 1;
}

int sparse_init(sparse *s, const uint64_t *sets, uint64_t count, uint32_t words) {
    uint64_t parts = 0;
    for (uint64_t i = 0; i < count * words; i++) parts += sets[i] != 0;
    if (parts > UINT32_MAX) return 0;
    if (!RESIZE(s->offset, count + 1)) return 0;
    if (!RESIZE(s->word, parts)) return 0;
    if (!RESIZE(s->bits, parts)) return 0;
    uint32_t part = 0;
    for (uint64_t i = 0; i < count; i++) {
        s->offset[i] = part;
        for (uint32_t w = 0; w < words; w++) {
            uint64_t bits = sets[i * words + w];
            if (!bits) continue;
            s->word[part] = w;
            s->bits[part++] = bits;
        }
    }
    s->offset[count] = part;
    return 1;
}

void sparse_free(sparse *s) {
    free(s->offset);
    free(s->word);
    free(s->bits);
    memset(s, 0, sizeof *s);
}
