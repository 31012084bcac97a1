/* Appending with doubling room. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

#define FIRST_SIZE 4096

static bool room(struct text *t, size_t more)
{
	size_t size = t->size ? t->size : FIRST_SIZE;
	char *bigger;

	if (t->size > t->len + more)
		return true;
	while (size <= t->len + more)
		size *= 2;
	bigger = arena_alloc(t->arena, size);
	if (!bigger)
		return false;
	if (t->len)
		memcpy(bigger, t->at, t->len);
	t->at = bigger;
	t->size = size;
	return true;
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || t->failed || !room(t, (size_t)n)) {
		t->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf(t->at + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}
