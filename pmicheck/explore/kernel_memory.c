/* Part of kernel.c: memory that is checked, and large arrays that grow without a copy.
 *
 * A large array reserves addresses for all that it may ever hold and is given pages as it is written to, of memory or of
 * a file in the spill directory; where the machine has no such addresses to give it falls back to realloc.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#define HAS_MMAP 1
#endif

/* Make room for `count` items of `size` octets; the old content stays, also on failure (0). */
static int resize(void **memory, uint64_t count, size_t size) {
    if (count == 0) count = 1;
    if (count > SIZE_MAX / size) return 0;
    void *grown = realloc(*memory, (size_t)count * size);
    if (!grown) return 0;
    *memory = grown;
    return 1;
}

static void *copy_of(const void *from, uint64_t count, size_t size) {
    void *copy = NULL;
    if (!resize(&copy, count, size)) return NULL;
    if (count) memcpy(copy, from, (size_t)count * size);
    return copy;
}

static void release(void *pointer_to_memory) {
    void **memory = pointer_to_memory;
    free(*memory);
    *memory = NULL;
}

/* An array of numbers that grows by half. */
typedef struct {
    uint32_t *at;
    uint64_t count, room;
} numbers;

static int numbers_reserve(numbers *n, uint64_t more) {
    if (n->count + more <= n->room) return 1;
    uint64_t room = n->room + n->room / 2 + more + 16;
    if (!resize((void **)&n->at, room, sizeof *n->at)) return 0;
    n->room = room;
    return 1;
}

static int numbers_add(numbers *n, uint32_t number) {
    if (n->count == n->room && !numbers_reserve(n, 1)) return 0;
    n->at[n->count++] = number;
    return 1;
}

/* A large array. `spill` (or NULL) names the directory of its file, which has no name of its own. */
typedef struct {
    void *at;
    uint64_t octets, reserved; /* usable, and addresses taken; the latter is 0 if `at` comes from realloc */
    const char *spill;
    int file; /* descriptor + 1, or 0 */
} large;

#define STEP ((uint64_t)1 << 16)          /* octets by which a large array is made to grow, at least */
#define HUGE_FROM ((uint64_t)1 << 23)     /* smaller arrays do without huge pages */
#define MOST_RESERVED ((uint64_t)1 << 38) /* addresses for one array: 256 GB, 2^32 keys of eight words */

#if HAS_MMAP
/* A file that goes with its last descriptor, whatever ends the process. */
static int large_open(large *a) {
    char name[4096];
#ifdef O_TMPFILE
    int nameless = open(a->spill, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (nameless >= 0) {
        a->file = nameless + 1;
        return 1;
    }
#endif
    if (snprintf(name, sizeof name, "%s/pmicheck-XXXXXX", a->spill) >= (int)sizeof name) return 0;
    int file = mkstemp(name);
    if (file < 0) return 0;
    unlink(name);
    a->file = file + 1;
    return 1;
}

static int large_map(large *a) {
    if (a->spill && !a->file && !large_open(a)) return 0;
    int flags = a->file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void *at = mmap(NULL, MOST_RESERVED, PROT_READ | PROT_WRITE, flags, a->file - 1, 0);
    if (at == MAP_FAILED) return 0;
#ifdef MADV_RANDOM
    if (a->file) madvise(at, MOST_RESERVED, MADV_RANDOM); /* else each look at the index reads its neighbourhood, too */
#endif
    a->at = at;
    a->reserved = MOST_RESERVED;
    return 1;
}
#endif

/* Make sure of so many octets; what is new is zero. 0 if there is no room on the machine or its disk. */
static int large_reserve(large *a, uint64_t octets) {
    if (octets <= a->octets) return 1;
    octets = (octets + STEP - 1) / STEP * STEP;
#if HAS_MMAP
    if (!a->at && !large_map(a) && a->spill) return 0;
    if (a->reserved) {
        if (octets > a->reserved) return 0;
        if (a->file && posix_fallocate(a->file - 1, (off_t)a->octets, (off_t)(octets - a->octets))) return 0;
#ifdef MADV_HUGEPAGE
        if (!a->file && octets >= HUGE_FROM && a->octets < HUGE_FROM) madvise(a->at, a->reserved, MADV_HUGEPAGE);
#endif
        a->octets = octets;
        return 1;
    }
#else
    if (a->spill) return 0;
#endif
    octets += a->octets / 4;
    if (!resize(&a->at, octets, 1)) return 0;
    memset((char *)a->at + a->octets, 0, octets - a->octets);
    a->octets = octets;
    return 1;
}

/* Octets that are going to be read one after the other: a disk can begin with them. */
static void large_ahead(const large *a, uint64_t from, uint64_t octets) {
#if HAS_MMAP && defined(MADV_WILLNEED)
    from = from / STEP * STEP;
    if (a->file && from + octets <= a->octets) madvise((char *)a->at + from, octets, MADV_WILLNEED);
#else
    (void)a, (void)from, (void)octets;
#endif
}

static void large_free(large *a) {
#if HAS_MMAP
    if (a->reserved) {
        munmap(a->at, a->reserved);
        a->at = NULL;
    }
    if (a->file) close(a->file - 1);
#endif
    free(a->at);
    *a = (large){.spill = a->spill};
}
