/* Part of kernel.c: successors in a system of one word without any knowledge, the fastest case.
 *
 * The word is cut into slices of whole fields. Each transition belongs to the slice that holds most of its guard, and for
 * each value of a slice the transitions are listed that it allows; so few are tried, and none is looked for.
 */
#define SLICE_BITS 10

/* Cut the fields into slices: the first bit and the width of each; 0 if a field is too wide, or they overlap. */
static int cut(const pk_system *s, slice *slices, uint32_t *count) {
    uint64_t taken = 0;
    *count = 0;
    for (unsigned bit = 0; bit < 64;) {
        unsigned width = 1;
        for (uint32_t f = 0; f < s->fields; f++)
            if (s->field[3 * f + 1] == bit && s->field[3 * f + 2] > width) width = s->field[3 * f + 2];
        if (width > SLICE_BITS) return 0;
        slice *last = *count ? slices + *count - 1 : NULL;
        if (last && last->width + width <= SLICE_BITS)
            last->width += width;
        else
            slices[(*count)++] = (slice){.shift = bit, .width = width};
        taken |= low_bits(width) << bit;
        bit += width;
    }
    return taken == ~0ull;
}

static inline uint64_t slice_mask(const slice *s) { return low_bits(s->width) << s->shift; }

static uint32_t bits_set(uint64_t word) {
    uint32_t count = 0;
    for (; word; word &= word - 1) count++;
    return count;
}

/* For each value of a slice the transitions among `of_slice` that it allows, in index order. */
static int list_allowed(const pk_system *s, slice *slice, const uint32_t *home, uint32_t number) {
    numbers list = {0};
    uint64_t mask = slice_mask(slice);
    if (!resize((void **)&slice->offset, (1ull << slice->width) + 1, sizeof *slice->offset)) return 0;
    for (uint64_t value = 0; value < 1ull << slice->width; value++) {
        slice->offset[value] = (uint32_t)list.count;
        for (uint32_t t = 0; t < s->transitions; t++) {
            if (home[t] != number || ((value << slice->shift ^ s->value[t]) & s->mask[t] & mask)) continue;
            if (!numbers_add(&list, t)) {
                free(list.at);
                return 0;
            }
        }
    }
    slice->offset[1ull << slice->width] = (uint32_t)list.count;
    slice->list = list.at;
    return 1;
}

/* Set the fast case up where it applies; 0 if memory does not suffice. */
static int make_pure(pk_search *k, const pk_system *s) {
    slice slices[64] = {0};
    uint32_t count, used = 0, *home = NULL;
    if (s->words != 1 || s->needs > 1 || s->learns > 1 || k->reduced || !cut(s, slices, &count)) return 1;
    int fine = resize((void **)&home, s->transitions, sizeof *home) &&
               resize((void **)&k->pure_step, s->transitions, sizeof *k->pure_step) &&
               resize((void **)&k->slice, count, sizeof *k->slice);
    for (uint32_t t = 0; fine && t < s->transitions; t++) {
        k->pure_step[t] = (pure_step){s->mask[t], s->value[t], s->clear[t] & low_bits(k->layout.at[0].bits), s->put[t]};
        home[t] = 0;
        for (uint32_t n = 1; n < count; n++)
            if (bits_set(slice_mask(slices + n) & s->mask[t]) > bits_set(slice_mask(slices + home[t]) & s->mask[t]))
                home[t] = n;
    }
    for (uint32_t n = 0; fine && n < count; n++) {
        fine = list_allowed(s, slices + n, home, n);
        if (slices[n].offset[1ull << slices[n].width])
            k->slice[used++] = slices[n];
        else
            free(slices[n].offset), free(slices[n].list);
    }
    free(home);
    k->slices = used;
    k->pure = fine;
    return fine;
}

static void free_pure(pk_search *k) {
    for (uint32_t n = 0; n < k->slices; n++) free(k->slice[n].offset), free(k->slice[n].list);
    free(k->slice), free(k->pure_step);
}

/* As `expand`, in a pure system. */
static void expand_pure(worker *w, batch *b) {
    const pk_search *k = w->search;
    const pure_step *step = k->pure_step;
    for (uint64_t id = b->from; id < b->until && b->status == PK_OK && go_on(w, b); id++) {
        uint64_t own, made = 0;
        load_key(kept(k, id, 8), &own, 8);
        for (uint32_t n = 0; n < k->slices; n++) {
            const slice *s = k->slice + n;
            uint64_t value = own >> s->shift & low_bits(s->width);
            for (uint32_t at = s->offset[value]; at < s->offset[value + 1]; at++) {
                uint32_t t = s->list[at];
                if ((own & step[t].mask) != step[t].value) continue;
                uint64_t key = (own & ~step[t].clear) | step[t].put;
                w->fired[k->rule_of[t]]++;
                if (key == own && !k->record_edges) continue;
                uint64_t hash = hash_of(&key, 1);
                PREFETCH(lately_slot(w, hash, 1));
                w->key[made] = key;
                w->successor[made++] = (successor){hash, t, OTHER};
            }
        }
        b->status = hand_over(w, b, (uint32_t)id, made, 1);
    }
}
