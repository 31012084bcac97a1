/* import --dry-run: a line for each change, "from -> to" for each field of it. */
#include "ctl/preview.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/table.h"

#define LINE 512

/* Text that grows up to LINE bytes, and is cut there. */
struct line {
	char text[LINE];
	size_t len;
};

static void line_add(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void line_add(struct line *l, const char *fmt, ...)
{
	size_t room = sizeof(l->text) - l->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, room, fmt, ap);
	va_end(ap);
	l->len += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

static void value_add(struct line *l, const cJSON *value)
{
	char *text = must(cJSON_PrintUnformatted(value));

	line_add(l, "%s", text);
	cJSON_free(text);
}

static void fields_add(struct line *l, const cJSON *fields)
{
	const cJSON *field;

	cJSON_ArrayForEach (field, fields) {
		const cJSON *from = cJSON_GetObjectItemCaseSensitive(field, "from");

		line_add(l, "%s%s ", l->len ? ", " : "", member_text(field, "field"));
		if (!cJSON_IsNull(from)) {
			value_add(l, from);
			line_add(l, " -> ");
		}
		value_add(l, cJSON_GetObjectItemCaseSensitive(field, "to"));
	}
}

/* 11 Olympic Hall; 2 to 1000; main; 11 A */
static void name_add(struct line *l, const cJSON *change)
{
	double id = member_number(change, "id"), last = member_number(change, "lastId");
	const char *name = member_text(change, "name");

	if (id > 0)
		line_add(l, "%.0f", id);
	if (last > 0)
		line_add(l, " to %.0f", last);
	if (*name)
		line_add(l, "%s%s", l->len ? " " : "", name);
}

static void change_add(struct table *t, const char *kind, const cJSON *change)
{
	struct line name = {0}, fields = {0};

	name_add(&name, change);
	fields_add(&fields, cJSON_GetObjectItemCaseSensitive(change, "fields"));
	table_add(t, "%.0f", member_number(change, "count"));
	table_add(t, "%s", kind);
	table_add(t, "%s", member_text(change, "change"));
	table_add(t, "%s", name.text);
	table_add(t, "%s", fields.text);
}

/* Gives how many things of the kind the lines leave out. */
static double kind_add(struct table *t, const cJSON *kind)
{
	double left = member_number(kind, "added") + member_number(kind, "changed") + member_number(kind, "removed");
	const cJSON *change;

	cJSON_ArrayForEach (change, cJSON_GetObjectItemCaseSensitive(kind, "listed")) {
		change_add(t, kind->string, change);
		left -= member_number(change, "count");
	}
	return left;
}

void preview_print(const cJSON *answer)
{
	const cJSON *kinds = cJSON_GetObjectItemCaseSensitive(answer, "changes"), *kind;
	struct table t;

	table_begin(&t, "rllll");
	cJSON_ArrayForEach (kind, kinds) {
		double left = kind_add(&t, kind);

		if (left > 0) {
			table_add(&t, "%.0f", left);
			table_add(&t, "%s", kind->string);
			table_add(&t, "more");
			table_add(&t, "%s", "");
			table_add(&t, "%s", "");
		}
	}
	if (t.count)
		table_print(&t, "\n");
	puts(t.count ? "nothing was written: this was a dry run" : "nothing would change");
	table_free(&t);
}
