/* JSON text, built by appending. */
#include "base/json_write.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/decimal.h"

#define FIRST_SIZE 512

void json_begin(struct json *j, struct arena *a)
{
	*j = (struct json){.arena = a};
}

static bool reserve(struct json *j, size_t more)
{
	size_t size = j->size ? j->size : FIRST_SIZE;
	char *bigger;

	if (j->failed)
		return false;
	if (j->size - j->len > more)
		return true;
	while (size - j->len <= more)
		size *= 2;
	bigger = arena_alloc(j->arena, size);
	if (!bigger) {
		j->failed = true;
		return false;
	}
	if (j->len)
		memcpy(bigger, j->text, j->len);
	j->text = bigger;
	j->size = size;
	return true;
}

static void put(struct json *j, const char *text, size_t len)
{
	if (!reserve(j, len))
		return;
	memcpy(j->text + j->len, text, len);
	j->len += len;
}

static void put_name(struct json *j, const char *name)
{
	size_t len = name ? strlen(name) : 0;
	char *to;

	if (!reserve(j, len + strlen(",\"\":")))
		return;
	to = j->text + j->len;
	if (j->comma)
		*to++ = ',';
	j->comma = true;
	if (name) {
		*to++ = '"';
		to = (char *)memcpy(to, name, len) + len;
		*to++ = '"';
		*to++ = ':';
	}
	j->len = (size_t)(to - j->text);
}

static void open_with(struct json *j, const char *name, const char *bracket)
{
	put_name(j, name);
	put(j, bracket, 1);
	j->comma = false;
}

static void close_with(struct json *j, const char *bracket)
{
	put(j, bracket, 1);
	j->comma = true;
}

void json_object(struct json *j, const char *name)
{
	open_with(j, name, "{");
}

void json_object_end(struct json *j)
{
	close_with(j, "}");
}

void json_array(struct json *j, const char *name)
{
	open_with(j, name, "[");
}

void json_array_end(struct json *j)
{
	close_with(j, "]");
}

void json_int(struct json *j, const char *name, int64_t value)
{
	char digits[DECIMAL_TEXT];
	size_t len = decimal_write(digits, value);

	put_name(j, name);
	put(j, digits, len);
}

void json_real(struct json *j, const char *name, double value, int digits)
{
	char text[64];
	int len;

	if (!(fabs(value) < 1e15)) {
		json_null(j, name);
		return;
	}
	len = snprintf(text, sizeof(text), "%.*f", digits, value);
	while (digits > 0 && text[len - 1] == '0')
		len--;
	if (text[len - 1] == '.')
		len--;
	put_name(j, name);
	put(j, text, (size_t)len);
}

void json_bool(struct json *j, const char *name, bool value)
{
	put_name(j, name);
	put(j, value ? "true" : "false", value ? 4 : 5);
}

void json_null(struct json *j, const char *name)
{
	put_name(j, name);
	put(j, "null", 4);
}

void json_time(struct json *j, const char *name, int64_t unix_ms)
{
	char text[CLOCK_TEXT];

	if (unix_ms == 0)
		json_null(j, name);
	else
		json_text(j, name, clock_format(unix_ms, text));
}

static void put_escaped(struct json *j, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

	if (c == '"' || c == '\\') {
		text[1] = (char)c;
		put(j, text, 2);
	} else {
		put(j, text, 6);
	}
}

void json_text(struct json *j, const char *name, const char *value)
{
	const char *from;

	if (!value) {
		json_null(j, name);
		return;
	}
	put_name(j, name);
	put(j, "\"", 1);
	for (from = value; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c >= ' ' && c != '"' && c != '\\' && c != 127)
			continue;
		put(j, from, (size_t)(value - from));
		put_escaped(j, c);
		from = value + 1;
	}
	put(j, from, (size_t)(value - from));
	put(j, "\"", 1);
}

const char *json_done(struct json *j)
{
	put(j, "", 1);
	j->len -= j->failed ? 0 : 1;
	return j->failed ? NULL : j->text;
}
