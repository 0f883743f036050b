/* Part of kernel.c: exact keys. A key holds a number for each word of a local part and the number of the knowledge set.
 *
 * Words are interned: the number of a word is small, since few of its values ever occur. A system of one word in which
 * the knowledge fits beside it is kept as it is (`plain`), in the lowest bits. Where a number outgrows its bits the search gives it more and
 * packs all keys anew, in 1, 2, 4 or 8 words of 64 bits; nothing ever wraps.
 */
#define SPARE_BITS 2 /* that a number gets beyond the one that it needs, if they are to be had */
#define FIRST_BITS 4

/* The values that one word of local parts takes, by number. */
typedef struct {
    uint64_t *value;
    uint32_t count, room;
    uint64_t *slot; /* value, number + 1 */
    unsigned log;
} word_table;

/* Where a number lies in a key. */
typedef struct {
    unsigned word, shift, bits;
} place;

/* The places of the W words, and as number W that of the knowledge set. */
typedef struct {
    uint32_t numbers, words; /* W + 1; 64-bit words of a key */
    place *at;
} key_layout;

static inline uint64_t low_bits(unsigned bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; }

static inline uint64_t *word_slot(const word_table *t, uint64_t value) {
    uint64_t last = ((uint64_t)1 << t->log) - 1, at = (mix(MULTIPLIER, value) >> 8) & last;
    while (t->slot[2 * at + 1] && t->slot[2 * at] != value) at = (at + 1) & last;
    return t->slot + 2 * at;
}

/* The number of a value, or PK_NONE if it is new. */
static inline uint32_t word_number(const word_table *t, uint64_t value) {
    return (uint32_t)word_slot(t, value)[1] - 1;
}

static int word_init(word_table *t) {
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

/* The number of a value, new or old; 0 if memory does not suffice. */
static int word_intern(word_table *t, uint64_t value, uint32_t *number) {
    uint64_t *slot = word_slot(t, value);
    if (slot[1]) {
        *number = (uint32_t)slot[1] - 1;
        return 1;
    }
    if (((uint64_t)t->count + 1) * 2 > (uint64_t)1 << t->log) {
        if (!word_grow(t)) return 0;
        slot = word_slot(t, value);
    }
    if (t->count == t->room) {
        uint32_t room = t->room + t->room / 2 + 64;
        if (!resize((void **)&t->value, room, sizeof *t->value)) return 0;
        t->room = room;
    }
    *number = t->count;
    t->value[t->count++] = value;
    slot[0] = value;
    slot[1] = t->count;
    return 1;
}

/* Lay the numbers out from the first key word on, none astride; 0 if they need more than `most` bits. */
static int lay_out(key_layout *l, uint64_t most) {
    for (l->words = 1; l->words * 64 <= PK_KEY_BITS; l->words *= 2) {
        unsigned used[PK_KEY_BITS / 64] = {0};
        uint32_t placed = 0;
        uint64_t sum = 0;
        for (; placed < l->numbers; placed++) {
            place *p = l->at + placed;
            p->word = 0;
            while (p->word < l->words && used[p->word] + p->bits > 64) p->word++;
            if (p->word == l->words) break;
            p->shift = used[p->word];
            used[p->word] += p->bits;
            sum += p->bits;
        }
        if (sum > most) return 0;
        if (placed == l->numbers) return 1;
    }
    return 0;
}

static inline uint64_t number_in(const uint64_t *key, const place *p) {
    return p->bits ? key[p->word] >> p->shift & low_bits(p->bits) : 0;
}

static inline void put_number(uint64_t *key, const place *p, uint64_t number) {
    if (!p->bits) return; /* the only number is 0; its shift may be 64 */
    key[p->word] = (key[p->word] & ~(low_bits(p->bits) << p->shift)) | number << p->shift;
}

/* A layout in which number `which` has room for `value`; with spare bits if that makes no key longer. */
static int widen(const key_layout *old, uint32_t which, uint64_t value, uint64_t most, key_layout *wider) {
    unsigned needed = 1;
    while (value >> needed) needed++;
    for (unsigned spare = SPARE_BITS + 1; spare--;) {
        if (!wider->at && !(wider->at = malloc(old->numbers * sizeof *old->at))) return PK_MEMORY;
        memcpy(wider->at, old->at, old->numbers * sizeof *old->at);
        wider->numbers = old->numbers;
        wider->at[which].bits = needed + spare;
        if (needed + spare <= 64 && lay_out(wider, most) && (wider->words == old->words || !spare)) return PK_OK;
    }
    return PK_KEYS;
}

/* Pack a key anew, from one layout to another. */
static void repack(const key_layout *from, const uint64_t *key, const key_layout *to, uint64_t *packed) {
    memset(packed, 0, to->words * sizeof *packed);
    for (uint32_t n = 0; n < from->numbers; n++) put_number(packed, to->at + n, number_in(key, from->at + n));
}
