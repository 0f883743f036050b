/* Loaded before the C library: lets one of the system calls that write fail, once, with an error number of choice.

   Counted are calls that make, change or remove a file; those on standard streams are left alone. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static long turn = -1, counted = -1; /* counted: -1 where nobody counts */
static int number;

void failing_begin(long at, int error) {
    turn = at;
    number = error;
    counted = 0;
}

long failing_end(void) {
    long found = counted;
    counted = -1;
    return found;
}

static int fails(void) {
    if (counted < 0 || counted++ != turn) return 0;
    errno = number;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                                   \
    int name(const char *path, int flags, ...) {                                     \
        mode_t mode = 0;                                                             \
        if (flags & (O_CREAT | O_TMPFILE)) {                                         \
            va_list rest;                                                            \
            va_start(rest, flags);                                                   \
            mode = va_arg(rest, mode_t);                                             \
            va_end(rest);                                                            \
        }                                                                            \
        if ((flags & O_ACCMODE) != O_RDONLY && fails()) return -1;                   \
        return REAL(name)(path, flags, mode);                                        \
    }
#define TWO(result, name, first, second)                                             \
    result name(first a, second b) { return fails() ? -1 : REAL(name)(a, b); }
#define FALLOCATE(name, offset)                                                      \
    int name(int file, offset at, offset octets) { return fails() ? errno : REAL(name)(file, at, octets); }

OPEN(open)
OPEN(open64)
TWO(int, ftruncate, int, off_t)
TWO(int, ftruncate64, int, off64_t)
TWO(int, rename, const char *, const char *)
TWO(int, mkdir, const char *, mode_t)
FALLOCATE(posix_fallocate, off_t)
FALLOCATE(posix_fallocate64, off64_t)

ssize_t write(int file, const void *octets, size_t count) {
    return file > 2 && fails() ? -1 : REAL(write)(file, octets, count);
}

int fsync(int file) { return fails() ? -1 : REAL(fsync)(file); }
int unlink(const char *path) { return fails() ? -1 : REAL(unlink)(path); }
int mkstemp(char *name) { return fails() ? -1 : REAL(mkstemp)(name); }
