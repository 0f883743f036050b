/* Part of kernel.c: tables of ids with exact comparison by the caller, memo tables, sparse sets.
 *
 * Open addressing with linear probing, load at most 3/4. A slot holds 32 bits of the hash and the id plus 1; the slot
 * is chosen by the top bits of the same 32, so a table grows by one walk in order and never looks at the keys.
 */
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

static int ids_init(id_table *t, unsigned log) {
    t->slot = calloc((size_t)1 << log, sizeof *t->slot);
    t->log = log;
    t->used = 0;
    return t->slot != NULL;
}

static inline uint64_t ids_home(const id_table *t, uint32_t tag) {
    return t->log <= 32 ? (uint64_t)tag >> (32 - t->log) : (uint64_t)tag << (t->log - 32);
}

static inline uint64_t ids_next(const id_table *t, uint64_t at) { return (at + 1) & (((uint64_t)1 << t->log) - 1); }

static void ids_put(id_table *t, uint64_t entry) {
    uint64_t at = ids_home(t, (uint32_t)(entry >> 32));
    while (t->slot[at]) at = ids_next(t, at);
    t->slot[at] = entry;
}

/* Room for one more entry, doubling the table when it is 3/4 full. */
static int ids_reserve(id_table *t) {
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

/* The loop head of every lookup: `id` runs over the candidates with this tag; the body leaves on an exact match. */
#define IDS_CANDIDATES(t, tag, id)                                                                                    \
    for (uint64_t at_ = ids_home(t, tag), entry_; (entry_ = (t)->slot[at_]) != 0; at_ = ids_next(t, at_))             \
        for (uint32_t id = (uint32_t)entry_ - 1, once_ = 1; once_ && (uint32_t)(entry_ >> 32) == (tag); once_ = 0)

/* The caller has reserved room and knows that the key is new. */
static void ids_add(id_table *t, uint32_t tag, uint32_t id) {
    ids_put(t, (uint64_t)tag << 32 | (id + 1));
    t->used++;
}

/* A memo: key (not 0) to value. It forgets everything when `limit` entries are reached: it saves work, no more. */
typedef struct {
    uint64_t *slot; /* key, value */
    uint64_t used, limit;
    unsigned log;
} memo;

static int memo_init(memo *m, unsigned log, uint64_t limit) {
    m->slot = calloc((size_t)2 << log, sizeof *m->slot);
    m->log = log;
    m->used = 0;
    m->limit = limit;
    return m->slot != NULL;
}

static inline uint64_t *memo_slot(const memo *m, uint64_t key) {
    uint64_t last = ((uint64_t)1 << m->log) - 1;
    uint64_t at = mix(key >> 32, key) & last;
    while (m->slot[2 * at] && m->slot[2 * at] != key) at = (at + 1) & last;
    return m->slot + 2 * at;
}

static void memo_clear(memo *m) {
    memset(m->slot, 0, ((size_t)2 << m->log) * sizeof *m->slot);
    m->used = 0;
}

/* Remember a value for a key that is not there yet; 0 if memory does not suffice. */
static int memo_add(memo *m, uint64_t key, uint64_t value) {
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

/* Sets of facts as the few words in which they have any. */
typedef struct {
    uint32_t *offset; /* of the first part of each set; one more at the end */
    uint32_t *word;
    uint64_t *bits;
} sparse;

static int sparse_init(sparse *s, const uint64_t *sets, uint64_t count, uint32_t words) {
    uint64_t parts = 0;
    for (uint64_t i = 0; i < count * words; i++) parts += sets[i] != 0;
    if (parts > UINT32_MAX) return 0;
    if (!resize((void **)&s->offset, count + 1, sizeof *s->offset)) return 0;
    if (!resize((void **)&s->word, parts, sizeof *s->word)) return 0;
    if (!resize((void **)&s->bits, parts, sizeof *s->bits)) return 0;
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

static inline int sparse_within(const sparse *s, uint32_t set, const uint64_t *knowledge) {
    for (uint32_t part = s->offset[set]; part < s->offset[set + 1]; part++)
        if (s->bits[part] & ~knowledge[s->word[part]]) return 0;
    return 1;
}

static void sparse_free(sparse *s) {
    free(s->offset);
    free(s->word);
    free(s->bits);
    memset(s, 0, sizeof *s);
}
