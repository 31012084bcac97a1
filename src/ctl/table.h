/*
 * A table of short texts whose columns are as wide as they need to be.
 */
#ifndef USHER_CTL_TABLE_H
#define USHER_CTL_TABLE_H

#include <stddef.h>

struct table {
	const char *align; /* a letter a column, 'l' or 'r'; at most 16 */
	char **cells;      /* row after row */
	size_t count, size;
};

/* Begins an empty table; table_free() gives its memory back. */
void table_begin(struct table *t, const char *align);

/* Adds the next cell, printf-like; after the last column the next row begins. */
void table_add(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes the whole rows to standard output, each with `line_end` behind it. */
void table_print(const struct table *t, const char *line_end);

void table_free(struct table *t);

#endif
