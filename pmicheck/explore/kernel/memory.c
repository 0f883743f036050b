#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* madvise, O_TMPFILE */
#endif

#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "machine.h"

#if HAS_MMAP
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#define STEP ((uint64_t)1 << 16)          /* octets by which a large array is made to grow, at least */
#define HUGE_FROM ((uint64_t)1 << 23)     /* smaller arrays do without huge pages */
#define MOST_RESERVED ((uint64_t)1 << 38) /* addresses for one array: 256 GB, 2^32 keys of eight words */

int resize(void *pointer_to_array, uint64_t count, size_t size) {
    void **array = pointer_to_array;
    if (count == 0) count = 1;
    if (count > SIZE_MAX / size) return 0;
    void *grown = realloc(*array, (size_t)count * size);
    if (!grown) return 0;
    *array = grown;
    return 1;
}

int grow(void *pointer_to_array, uint64_t *room, uint64_t count, size_t size) {
    if (count <= *room) return 1;
    uint64_t more = count + count / 2 + 64;
    if (!resize(pointer_to_array, more, size)) return 0;
    *room = more;
    return 1;
}

void *copy_of(const void *from, uint64_t count, size_t size) {
    void *copy = NULL;
    if (!resize(&copy, count, size)) return NULL;
    if (count) memcpy(copy, from, (size_t)count * size);
    return copy;
}

void release(void *pointer_to_array) {
    void **array = pointer_to_array;
    free(*array);
    *array = NULL;
}

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

int large_reserve(large *a, uint64_t octets) {
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

void large_ahead(const large *a, uint64_t from, uint64_t octets) {
#if HAS_MMAP && defined(MADV_WILLNEED)
    from = from / STEP * STEP;
    if (a->file && from + octets <= a->octets) madvise((char *)a->at + from, octets, MADV_WILLNEED);
#else
    (void)a, (void)from, (void)octets;
#endif
}

void large_free(large *a) {
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
