/*
 * Memory that lives as long as one request, job or task, and is given back at once.
 */
#ifndef USHER_BASE_ARENA_H
#define USHER_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;
struct arena_cleanup;

struct arena {
	struct arena_chunk *chunks; /* newest first; the oldest is kept over a reset */
	struct arena_cleanup *cleanups;
};

/* Gives `size` zeroed bytes aligned for any type, or NULL when memory is out. */
void *arena_alloc(struct arena *a, size_t size);

/* Copies `len` bytes and ends them with a NUL. NULL when memory is out. */
char *arena_copy(struct arena *a, const void *data, size_t len);

/* printf into the arena. NULL when memory is out. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

/* Has `fn(arg)` called at the next reset, last added first. Gives 0, or -1 when memory is out
 * (then `fn` was called at once, so that nothing leaks). */
int arena_on_reset(struct arena *a, void (*fn)(void *), void *arg);

/* Runs the clean-ups and forgets all memory; arena_free also gives the last chunk back. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
