/* Cells collected, widths found, rows written. */
#include "ctl/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/say.h"

#define GAP 2 /* blanks between columns */
#define COLUMNS_MOST 16

void table_begin(struct table *t, const char *align)
{
	*t = (struct table){.align = align};
}

void table_add(struct table *t, const char *fmt, ...)
{
	char *text;
	va_list ap;

	if (t->count == t->size) {
		t->size = t->size ? 2 * t->size : 64;
		t->cells = must(realloc(t->cells, t->size * sizeof(*t->cells)));
	}
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	t->cells[t->count++] = text_clean(must(text));
}

/* Of the column's widest cell. */
static int width(const struct table *t, size_t column)
{
	size_t most = 0;

	for (size_t i = column; i < t->count; i += strlen(t->align))
		if (strlen(t->cells[i]) > most)
			most = strlen(t->cells[i]);
	return (int)most;
}

void table_print(const struct table *t, const char *line_end)
{
	size_t columns = strlen(t->align);
	int widths[COLUMNS_MOST] = {0};

	for (size_t c = 0; c < columns; c++)
		widths[c] = width(t, c);
	for (size_t i = 0; i + columns <= t->count; i += columns) {
		for (size_t c = 0; c + 1 < columns; c++)
			printf("%*s%*s", t->align[c] == 'r' ? widths[c] : -widths[c], t->cells[i + c], GAP, "");
		printf("%*s%s", t->align[columns - 1] == 'r' ? widths[columns - 1] : 0, t->cells[i + columns - 1],
		       line_end);
	}
}

void table_free(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->cells[i]);
	free(t->cells);
}
