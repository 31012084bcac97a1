/* Checks around cJSON. */
#include "base/json_read.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

#define KEYS_MOST 64
#define KEY_SHOWN 64 /* bytes of a key in a message */

/* The length of the UTF-8 sequence at `p`, or 0 if it is not one. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
	static const struct {
		unsigned char mask, lead;
		unsigned long least;
	} kinds[] = {{0x80, 0x00, 1}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t n = 1; n <= 4; n++) {
		unsigned long code = p[0] & (unsigned char)~kinds[n - 1].mask;

		if ((p[0] & kinds[n - 1].mask) != kinds[n - 1].lead)
			continue;
		if (left < n)
			return 0;
		for (size_t i = 1; i < n; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[i] & 0x3f);
		}
		return code >= kinds[n - 1].least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? n : 0;
	}
	return 0;
}

bool utf8_valid(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	while (len) {
		size_t n = utf8_sequence(p, len);

		if (n == 0)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

/* cJSON ends a string at \u0000, so that spelling of NUL must not get that far. */
static bool has_escaped_nul(const char *text, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (text[i] != '\\')
			continue;
		if (len - i >= 6 && memcmp(text + i + 1, "u0000", 5) == 0)
			return true;
		i++;
	}
	return false;
}

/* Moves past digits. Gives whether there was one. */
static bool digits_skip(const char **p, const char *end)
{
	const char *from = *p;

	while (*p < end && **p >= '0' && **p <= '9')
		++*p;
	return *p > from;
}

/* Moves past a number as RFC 8259 writes it. */
static bool number_skip(const char **p, const char *end)
{
	if (**p == '-')
		++*p;
	if (*p < end && **p == '0')
		++*p;
	else if (!digits_skip(p, end))
		return false;
	if (*p < end && **p == '.' && (++*p, !digits_skip(p, end)))
		return false;
	if (*p < end && (**p == 'e' || **p == 'E')) {
		++*p;
		if (*p < end && (**p == '+' || **p == '-'))
			++*p;
		if (!digits_skip(p, end))
			return false;
	}
	return *p == end || !strchr("0123456789+-.eE", **p);
}

/* Moves past a string and its quotes; one without an end is cJSON's to refuse. */
static bool string_skip(const char **p, const char *end)
{
	for (++*p; *p < end && **p != '"'; ++*p) {
		if ((unsigned char)**p < ' ')
			return false;
		if (**p == '\\' && *p + 1 < end)
			++*p;
	}
	*p += *p < end;
	return true;
}

/* cJSON takes 01 and 1. for numbers, bare control characters in a string and any of them as white
 * space. What is between these it checks itself. */
static bool tokens_valid(const char *text, size_t len)
{
	const char *p = text, *end = text + len;

	while (p < end) {
		bool good = true;

		if (*p == '"')
			good = string_skip(&p, end);
		else if (*p == '-' || (*p >= '0' && *p <= '9'))
			good = number_skip(&p, end);
		else if ((unsigned char)*p < ' ' && !strchr("\t\r\n", *p))
			good = false;
		else
			p++;
		if (!good)
			return false;
	}
	return true;
}

/* printf for messages; the text is never NULL. */
static const char *say(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static const char *say(struct arena *a, const char *fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, fmt);
	text = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return text ? text : "out of memory";
}

/* How many bytes of a key a message shows: whole characters only. */
static int shown(const char *key)
{
	size_t n = strnlen(key, KEY_SHOWN);

	while (n && ((unsigned char)key[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

/* Where a value stands: the value it is in, and its key or its number there. Paths are written
 * only for what is wrong: for every value of a deep body they would take its size squared. */
struct spot {
	const struct spot *in;
	const char *key;
	int number;
};

#define PART_TEXT (KEY_SHOWN + 16)

static size_t part_write(const struct spot *s, char part[PART_TEXT])
{
	int n = s->key ? snprintf(part, PART_TEXT, "%s%.*s", s->in ? "." : "", shown(s->key), s->key)
		       : snprintf(part, PART_TEXT, "[%d]", s->number);

	return (size_t)n;
}

static const char *path_of(struct arena *a, const struct spot *spot)
{
	char part[PART_TEXT], *path, *p;
	size_t len = 0;

	for (const struct spot *s = spot; s; s = s->in)
		len += part_write(s, part);
	path = arena_alloc(a, len + 1);
	if (!path)
		return "";
	p = path + len;
	for (const struct spot *s = spot; s; s = s->in) {
		size_t n = part_write(s, part);

		p -= n;
		memcpy(p, part, n);
	}
	return path;
}

static bool stands_before(const cJSON *object, const cJSON *child)
{
	for (const cJSON *before = object->child; before != child; before = before->next)
		if (strcmp(before->string, child->string) == 0)
			return true;
	return false;
}

/* What is left of the text, for looking at numbers as they are written. */
struct rest {
	const char *at, *end;
};

/* Moves past the next number, of which there is one. Gives how many digits it has between the first
 * and the last that is not 0. */
static int digits_of_next(struct rest *r)
{
	int digits = 0, significant = 0;

	while (r->at < r->end && *r->at != '-' && (*r->at < '0' || *r->at > '9')) {
		if (*r->at == '"')
			string_skip(&r->at, r->end);
		else
			r->at++;
	}
	for (; r->at < r->end && strchr("-.0123456789", *r->at); r->at++) {
		digits += *r->at >= (digits ? '0' : '1');
		if (*r->at >= '1')
			significant = digits;
	}
	/* What is left of an exponent would be taken for a number of its own. */
	while (r->at < r->end && strchr("eE+-0123456789", *r->at))
		r->at++;
	return significant;
}

/* Whether a number is whole only because a double has room for 16 digits and a bit. */
static bool number_rounded(double n, struct rest *r)
{
	int digits = digits_of_next(r);

	return n == floor(n) && fabs(n) <= (double)ID_MOST && (digits > 16 || (n == 0 && digits));
}

/* Names the first key that stands twice in one object or number that was rounded, with its path, or
 * gives NULL. */
static const char *values_check(struct arena *a, const cJSON *item, const struct spot *in, struct rest *r)
{
	struct spot spot = {.in = in};

	for (const cJSON *child = item->child; child; child = child->next, spot.number++) {
		const char *why;

		spot.key = child->string;
		if (spot.key && spot.number == KEYS_MOST)
			return say(a, "%s: more than %d fields in one object", path_of(a, &spot), KEYS_MOST);
		if (spot.key && stands_before(item, child))
			return say(a, "%s: stands twice", path_of(a, &spot));
		if (cJSON_IsNumber(child) && number_rounded(child->valuedouble, r))
			return say(a, "%s: has more digits than a number may", path_of(a, &spot));
		why = child->child ? values_check(a, child, &spot, r) : NULL;
		if (why)
			return why;
	}
	return NULL;
}

static void json_free(void *json)
{
	cJSON_Delete(json);
}

cJSON *json_parse(struct arena *a, const char *text, size_t len, const char **why)
{
	const char *end = NULL;
	cJSON *json;

	*why = NULL;
	if (!utf8_valid(text, len) || has_escaped_nul(text, len) || memchr(text, 0, len)) {
		*why = "the body is not valid UTF-8 or holds the character NUL";
		return NULL;
	}
	json = tokens_valid(text, len) ? cJSON_ParseWithLengthOpts(text, len, &end, 0) : NULL;
	if (json && arena_on_reset(a, json_free, json) != 0)
		json = NULL;
	while (json && end < text + len && strchr(" \t\r\n", *end))
		end++;
	if (!json || end != text + len) {
		*why = "the body is not valid JSON";
		return NULL;
	}
	*why = values_check(a, json, NULL, &(struct rest){text, end});
	return *why ? NULL : json;
}

bool json_integer(const cJSON *item, int64_t least, int64_t most, int64_t *out)
{
	double n;

	if (!cJSON_IsNumber(item))
		return false;
	n = item->valuedouble;
	if (!isfinite(n) || n != floor(n) || n < (double)least || n > (double)most)
		return false;
	*out = (int64_t)n;
	return true;
}

/* Counts characters; -1 if there is a control character among them. */
static int64_t text_length(const char *text)
{
	int64_t n = 0;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < ' ' || c == 127)
			return -1;
		n += (c & 0xc0) != 0x80;
	}
	return n;
}

static const char *field_read(struct arena *a, const cJSON *item, const struct json_field *f, void *to)
{
	int64_t n;

	switch (f->kind) {
	case JSON_INT:
		if (json_integer(item, f->least, f->most, to))
			return NULL;
		return say(a, "must be a whole number from %" PRId64 " to %" PRId64, f->least, f->most);
	case JSON_BOOL:
		*(int64_t *)to = cJSON_IsTrue(item);
		return cJSON_IsBool(item) ? NULL : "must be true or false";
	case JSON_TIME:
		if (cJSON_IsNull(item))
			*(int64_t *)to = 0;
		else if (!cJSON_IsString(item) || clock_parse(item->valuestring, to) != 0)
			return "must be an RFC 3339 time such as 2026-12-24T10:00:00.000Z";
		return NULL;
	case JSON_LIST:
		n = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : -1;
		*(const cJSON **)to = item;
		if (n >= f->least && n <= f->most)
			return NULL;
		return say(a, "must be a list of %" PRId64 " to %" PRId64 " elements", f->least, f->most);
	default:
		n = cJSON_IsString(item) ? text_length(item->valuestring) : -1;
		*(const char **)to = cJSON_GetStringValue(item);
		if (n >= f->least && n <= f->most)
			return NULL;
		return say(a, "must be a text of %" PRId64 " to %" PRId64 " characters without control characters",
			   f->least, f->most);
	}
}

static const char *unknown_find(const cJSON *object, const struct json_field *fields, size_t count)
{
	for (const cJSON *item = object->child; item; item = item->next) {
		size_t i = 0;

		while (i < count && strcmp(fields[i].name, item->string) != 0)
			i++;
		if (i == count)
			return item->string;
	}
	return NULL;
}

bool json_fields(struct arena *a, const cJSON *object, const char *path, const struct json_field *fields, size_t count,
		 enum json_unknown unknown, void *out, const char **why)
{
	const char *dot = *path ? "." : "", *odd;

	if (!cJSON_IsObject(object)) {
		*why = say(a, "%s: must be an object", *path ? path : "the body");
		return false;
	}
	odd = unknown == JSON_UNKNOWN_REFUSE ? unknown_find(object, fields, count) : NULL;
	if (odd) {
		*why = say(a, "%s%s%.*s: no such field", path, dot, shown(odd), odd);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, fields[i].name);
		const char *wrong = NULL;

		if (item)
			wrong = field_read(a, item, &fields[i], (char *)out + fields[i].offset);
		else if (fields[i].need == JSON_REQUIRED)
			wrong = "is missing";
		if (wrong) {
			*why = say(a, "%s%s%s: %s", path, dot, fields[i].name, wrong);
			return false;
		}
	}
	return true;
}
