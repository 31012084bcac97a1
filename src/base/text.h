/*
 * Text that grows in an arena, printf by printf.
 */
#ifndef USHER_BASE_TEXT_H
#define USHER_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct text {
	struct arena *arena;
	char *at; /* NUL-terminated; NULL before anything was added */
	size_t len, size;
	bool failed; /* memory was out */
};

void text_add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What a macro stands for, as text. */
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

#endif
