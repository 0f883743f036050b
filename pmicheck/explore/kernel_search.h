/* Part of kernel.c: all that a search holds. */
#define BUCKET 12

typedef struct {
    uint8_t tag[BUCKET]; /* 0: free */
    uint32_t unused;     /* lest whoever reads the tags at once reads a number, too */
    uint32_t id[BUCKET];
} bucket;

typedef struct {
    large memory;
    bucket *at;
    uint64_t buckets, parts, in_part; /* in_part: how many buckets each part has */
    uint64_t used_in[PK_MOST_THREADS];
} state_index;

/* What the sections that were handed out hold, see kernel_checkpoint.c. */
typedef struct {
    uint64_t states, sets, way_words;
    uint32_t *values, *seen; /* how many of each word and of each projection */
    uint64_t *head;
    pk_piece *piece;
    uint32_t pieces;
} saved;

struct pk_search {
    pk_found found; /* and what else the thread writes that settles */
    large keys, ways, samples; /* the latter two: the discoverers, see kernel_states.c */
    uint64_t way_bits, way_ones;
    state_index index;
    char apart[APART];

    uint64_t next, until, taken, settled; /* states and batches, see kernel_batches.c */
    int settling, together;
    uint64_t opened, expected; /* batches, see kernel_parts.c; candidates of those that are not settled */
    uint64_t looked_up[PK_MOST_THREADS]; /* batches, for each part of the index */
    int part_taken[PK_MOST_THREADS];
    uint64_t unfilled, filling; /* parts of the index */
    uint64_t held;    /* octets that workers and batches had when the settling began */
    uint64_t parents; /* in the next batch */
    char apart_too[APART];

    uint64_t *knowledge;
    uint32_t words, knowledge_words, rules;
    uint32_t transitions, goals, projections, state_ids, knowledge_ids, key_bits, threads;
    uint64_t max_states, memo_limit, most_octets;
    int over, record_edges;
    char *spill;

    uint32_t *update_offset; /* for each transition the first part of its effect; one more at the end */
    update *update;
    uint32_t *rule_of, *needs_of, *learns_of;
    sparse needs, learns;
    generator tree;

    id_table knowledge_table;
    uint64_t interned, knowledge_room;
    uint8_t *knowledge_used; /* whether a state has this set */
    sparse horn_body;
    uint32_t *horn_head, *premise_offset, *premise; /* for each fact the Horn rules whose body has it */
    uint64_t *closing;
    uint32_t *agenda;
    memo closures; /* (knowledge, learns) -> knowledge */

    int reduced;
    uint32_t eager_root, symmetries; /* node of the tree, or 0 */
    uint64_t *symmetry_fixed, *symmetry_value;
    uint32_t *symmetry_facts, *move_offset;
    move *move;
    memo images; /* (knowledge, symmetry + 1) -> knowledge */

    int pure; /* see kernel_pure.c */
    pure_step *pure_step;
    octet_rows octet[8];
    uint32_t octets, row_words;

    uint64_t *guard_mask, *guard_value; /* W words a transition, or NULL: see kernel_rows.c */

    int plain; /* one word, kept as it is */
    word_table *word;
    key_layout layout;

    projection *projection;
    uint64_t *goal_mask, *goal_value;
    sparse goal_facts;
    uint32_t *touch_offset; /* for each transition the projections, then the goals, for which it may matter */
    numbers touch;

    worker *worker;
    batch *batch;
    uint64_t batches;
    team *team;

    uint64_t offset_room, offsets;
    numbers edge_target, edge_via;

    saved saved;
};
