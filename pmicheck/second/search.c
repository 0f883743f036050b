/* A second explorer, as dull as possible: it shares no code with the first, keeps every state as it is, tries every
   transition in every state, and closes knowledge by running over all Horn rules until none adds anything.

   stdin, words of 64 bits: W and K (words of the local part and of the knowledge), the numbers of rules, transitions,
   Horn rules and projections, how many levels to expand; the start (W + K words); each transition as its rule, mask,
   value, clear, put (W each), needs, learns (K each); each Horn rule as its body (K) and the number of its head; each
   projection as W + K words of mask.
   stdout, lines: the number of states and their fingerprint (the sum of third powers modulo each of two primes); the states of each level; how often each rule fired; for
   each projection the number of its values and their fingerprint. Exit 1: no memory, 2: the input ends too early. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t word;
typedef struct { size_t count, room, slots, *table; word *rows, sum[2]; } set;

static size_t W, K, N; /* N = W + K */
static word *horn, horns;

static void *take(void *old, size_t octets) {
    void *new = realloc(old, octets ? octets : 1);
    if (!new) exit(1);
    return new;
}

static word *read_words(size_t count) {
    word *words = take(NULL, 8 * count);
    if (fread(words, 8, count, stdin) != count) exit(2);
    return words;
}

static const word primes[2] = {((word)1 << 61) - 1, ((word)1 << 62) - 57};

static word cube(const word *row, word p) { /* of the row as one number, the last word first, modulo p */
    unsigned __int128 rest = 0;
    for (size_t i = N; i--;) rest = (rest << 64 | row[i]) % p;
    return (word)(rest * rest % p * rest % p);
}

static size_t hash(const word *row) {
    word value = 1;
    for (size_t i = 0; i < N; i++) { value = (value ^ row[i]) * 0x9E3779B97F4A7C15u; value ^= value >> 29; }
    return (size_t)value;
}

static size_t *place(set *s, const word *row) {
    size_t at = hash(row) & (s->slots - 1);
    while (s->table[at] && memcmp(s->rows + (s->table[at] - 1) * N, row, 8 * N)) at = (at + 1) & (s->slots - 1);
    return &s->table[at];
}

static void add(set *s, const word *row) {
    if (2 * s->count >= s->slots) {
        s->slots = s->slots ? 2 * s->slots : 1024;
        s->table = take(s->table, s->slots * sizeof *s->table);
        memset(s->table, 0, s->slots * sizeof *s->table);
        for (size_t i = 0; i < s->count; i++) *place(s, s->rows + i * N) = i + 1;
    }
    size_t *slot = place(s, row);
    if (*slot) return;
    if (s->count == s->room) s->rows = take(s->rows, (s->room = 2 * s->room + 1024) * N * 8);
    memcpy(s->rows + s->count * N, row, 8 * N);
    *slot = ++s->count;
    for (int i = 0; i < 2; i++) s->sum[i] = (s->sum[i] + cube(row, primes[i])) % primes[i];
}

static int within(const word *part, const word *whole) {
    for (size_t i = 0; i < K; i++) if (part[i] & ~whole[i]) return 0;
    return 1;
}

static void close_knowledge(word *known) {
    for (int more = 1; more;) {
        more = 0;
        for (word h = 0; h < horns; h++) {
            word *body = horn + h * (K + 1), *part = &known[body[K] / 64], bit = (word)1 << body[K] % 64;
            if (!(*part & bit) && within(body, known)) *part |= bit, more = 1;
        }
    }
}

static void show(const set *s) {
    printf("%zu %llu %llu\n", s->count, (unsigned long long)s->sum[0], (unsigned long long)s->sum[1]);
}

int main(void) {
    word *head = read_words(7), rules = head[2], transitions = head[3], projections = head[5];
    W = head[0], K = head[1], N = W + K, horns = head[4];
    word *row = read_words(N), *moves = read_words(transitions * (1 + 4 * W + 2 * K));
    horn = read_words(horns * (K + 1));
    word *masks = read_words(projections * N);
    word *fired = memset(take(NULL, 8 * rules), 0, 8 * rules), *seen = take(NULL, 8 * N);
    set states = {0}, *values = memset(take(NULL, projections * sizeof *values), 0, projections * sizeof *values);
    close_knowledge(row + W);
    add(&states, row);
    size_t begin = 0, end = 1, levels = 0, *sizes = NULL;
    for (; begin < end; begin = end, end = states.count) {
        sizes = take(sizes, (levels + 1) * sizeof *sizes);
        sizes[levels++] = end - begin;
        if (levels > head[6]) break;
        for (word t = 0; t < transitions; t++) {
            const word *move = moves + t * (1 + 4 * W + 2 * K), *mask = move + 1, *value = mask + W;
            const word *clear = value + W, *put = clear + W, *needs = put + W, *learns = needs + K;
            for (size_t s = begin; s < end; s++) {
                size_t i = 0;
                for (const word *from = states.rows + s * N; i < W && (from[i] & mask[i]) == value[i];) i++;
                if (i < W || !within(needs, states.rows + s * N + W)) continue;
                memcpy(row, states.rows + s * N, 8 * N);
                for (i = 0; i < W; i++) row[i] = (row[i] & ~clear[i]) | put[i];
                if (!within(learns, row + W)) {
                    for (i = 0; i < K; i++) row[W + i] |= learns[i];
                    close_knowledge(row + W);
                }
                fired[move[0]]++;
                add(&states, row);
            }
        }
    }
    show(&states);
    for (size_t i = 0; i < levels; i++) printf("%zu ", sizes[i]);
    printf("\n");
    for (word r = 0; r < rules; r++) printf("%llu ", (unsigned long long)fired[r]);
    printf("\n");
    for (word p = 0; p < projections; p++) {
        for (size_t s = 0; s < states.count; s++) {
            for (size_t i = 0; i < N; i++) seen[i] = states.rows[s * N + i] & masks[p * N + i];
            add(&values[p], seen);
        }
        show(&values[p]);
    }
    return 0;
}
