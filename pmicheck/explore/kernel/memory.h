/* Memory that is checked, arrays that grow, and large arrays that grow without a copy.
 *
 * A large array reserves addresses for all that it may ever hold and is given pages as it is written to, of memory or
 * of a file in the spill directory; where the machine has no such addresses to give it falls back to realloc.
 */
#ifndef PMICHECK_MEMORY_H
#define PMICHECK_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Make room for `count` items of `size` octets in an array, given by a pointer to it; the old content stays, also on
 * failure (0). */
int resize(void *pointer_to_array, uint64_t count, size_t size);

#define RESIZE(array, count) resize(&(array), count, sizeof *(array))

/* The same if `count` is more than its `room`, and for half as many items more. */
int grow(void *pointer_to_array, uint64_t *room, uint64_t count, size_t size);

#define GROW(array, room, count) grow(&(array), &(room), count, sizeof *(array))

/* A copy of `count` items of `size` octets, or NULL. */
void *copy_of(const void *from, uint64_t count, size_t size);

/* Give an array back, given by a pointer to it. */
void release(void *pointer_to_array);

/* An array of numbers. */
typedef struct {
    uint32_t *at;
    uint64_t count, room;
} numbers;

static inline int numbers_reserve(numbers *n, uint64_t more) { return GROW(n->at, n->room, n->count + more); }

static inline int numbers_add(numbers *n, uint32_t number) {
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

/* Make sure of so many octets; what is new is zero. 0 if there is no room on the machine or its disk. */
int large_reserve(large *a, uint64_t octets);

/* Octets that are going to be read one after the other: a disk can begin with them. */
void large_ahead(const large *a, uint64_t from, uint64_t octets);

void large_free(large *a);

#endif
