/* Part of kernel.c: exact keys. A key holds a number for each word of a local part and the number of the knowledge set.
 *
 * Words are interned: the number of a word is small, since few of its values ever occur. A system of one word in which
 * the knowledge fits beside it is kept as it is (`plain`), in the lowest bits. Where a number outgrows its bits the
 * search gives it more and packs all keys anew; nothing ever wraps. A key has whole words of 64 bits to work with; where
 * it is kept it goes without the upper half of the last one if nothing is there.
 */

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
    uint32_t numbers, octets; /* W + 1; of a key as it is kept, a multiple of 4 */
    place *at;
} key_layout;

static inline uint32_t words_in(uint32_t octets) { return (octets + 7) / 8; }

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

static inline uint64_t number_in(const uint64_t *key, const place *p) {
    return p->bits ? key[p->word] >> p->shift & low_bits(p->bits) : 0;
}

static inline void put_number(uint64_t *key, const place *p, uint64_t number) {
    if (!p->bits) return; /* the only number is 0; its shift may be 64 */
    key[p->word] = (key[p->word] & ~(low_bits(p->bits) << p->shift)) | number << p->shift;
}

static unsigned bits_for(uint64_t value) {
    unsigned bits = 0;
    while (bits < 64 && value >> bits) bits++;
    return bits;
}

/* Of the numbers from `first` on that have been more than 0 the one that is next to outgrow its bits, or PK_NONE if none
 * ever will. */
static uint32_t fullest(const key_layout *l, const uint64_t *last, uint32_t first) {
    uint32_t found = PK_NONE;
    double most = 0;
    for (uint32_t n = first; n < l->numbers; n++) {
        double full = l->at[n].bits < 32 ? (double)last[n] / (double)(1ull << l->at[n].bits) : 0;
        if (full > most) most = full, found = n;
    }
    return found;
}

/* A layout in which the numbers up to those in `last` have room. What bits are left in such a key go to those from
 * `first` on that would outgrow theirs next. */
static int widen(const key_layout *old, const uint64_t *last, uint32_t first, uint64_t most, key_layout *wider) {
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

/* Pack a key anew, from one layout to another. */
static void repack(const key_layout *from, const uint64_t *key, const key_layout *to, uint64_t *packed) {
    memset(packed, 0, words_in(to->octets) * sizeof *packed);
    for (uint32_t n = 0; n < from->numbers; n++) put_number(packed, to->at + n, number_in(key, from->at + n));
}

/* A key from where it is kept, and back again. */
INLINE void load_key(const char *at, uint64_t *key, uint32_t octets) {
    for (uint32_t w = 0; w < octets / 8; w++) memcpy(key + w, at + 8 * w, 8);
    if (octets % 8) {
        uint32_t half;
        memcpy(&half, at + octets / 8 * 8, 4);
        key[octets / 8] = half;
    }
}

INLINE void keep_key(char *at, const uint64_t *key, uint32_t octets) {
    for (uint32_t w = 0; w < octets / 8; w++) memcpy(at + 8 * w, key + w, 8);
    if (octets % 8) {
        uint32_t half = (uint32_t)key[octets / 8];
        memcpy(at + octets / 8 * 8, &half, 4);
    }
}

INLINE int same_key(const uint64_t *left, const uint64_t *right, uint32_t key_words) {
    uint64_t differs = 0;
    for (uint32_t w = 0; w < key_words; w++) differs |= left[w] ^ right[w];
    return !differs;
}

INLINE int kept_is(const char *at, const uint64_t *key, uint32_t octets) {
    uint64_t kept[PK_KEY_BITS / 64];
    load_key(at, kept, octets);
    return same_key(kept, key, words_in(octets));
}
