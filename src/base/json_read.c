/* Checks around cJSON. */
#include "base/json_read.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

#define KEYS_MOST 64

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

static const char *digits_end(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* The end of the number at `p` by the grammar of RFC 8259, or NULL: cJSON takes 05 and 5. as well. */
static const char *number_end(const char *p, const char *end)
{
	const char *from = p += *p == '-';

	p = digits_end(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return NULL;
	if (p < end && *p == '.') {
		from = ++p;
		p = digits_end(p, end);
		if (p == from)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		from = p += p < end && (*p == '+' || *p == '-');
		p = digits_end(p, end);
	}
	return p == from ? NULL : p;
}

/* Whether numbers, white space and the inside of strings are what JSON allows, which cJSON does
 * not look at closely. */
static bool strict(const char *p, const char *end)
{
	bool quoted = false;

	while (p && p < end) {
		unsigned char c = (unsigned char)*p;

		if (c < ' ' && (quoted || !strchr("\t\r\n", c)))
			return false;
		if (!quoted && (c == '-' || (c >= '0' && c <= '9'))) {
			p = number_end(p, end);
			continue;
		}
		if (c == '"')
			quoted = !quoted;
		p += quoted && c == '\\' ? 2 : 1;
	}
	return p != NULL;
}

/* Names the first key that stands twice in one object, with its path, or gives NULL. */
static const char *keys_check(struct arena *a, const cJSON *item, const char *path)
{
	int n = 0;

	for (const cJSON *child = item->child; child; child = child->next, n++) {
		const char *name, *why;

		if (cJSON_IsArray(item))
			name = arena_printf(a, "%s[%d]", path, n);
		else
			name = arena_printf(a, "%s%s%.64s", path, *path ? "." : "", child->string);
		if (!name)
			return "out of memory";
		if (cJSON_IsObject(item)) {
			if (n == KEYS_MOST)
				return arena_printf(a, "%s: more than %d fields in one object", name, KEYS_MOST);
			for (const cJSON *before = item->child; before != child; before = before->next)
				if (strcmp(before->string, child->string) == 0)
					return arena_printf(a, "%s: stands twice", name);
		}
		if (!child->child)
			continue;
		why = keys_check(a, child, name);
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
	json = strict(text, text + len) ? cJSON_ParseWithLengthOpts(text, len, &end, 0) : NULL;
	if (json && arena_on_reset(a, json_free, json) != 0)
		json = NULL;
	while (json && end < text + len && strchr(" \t\r\n", *end))
		end++;
	if (!json || end != text + len) {
		*why = "the body is not valid JSON";
		return NULL;
	}
	*why = keys_check(a, json, "");
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
		return arena_printf(a, "must be a whole number from %" PRId64 " to %" PRId64, f->least, f->most);
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
		return arena_printf(a, "must be a list of %" PRId64 " to %" PRId64 " elements", f->least, f->most);
	default:
		n = cJSON_IsString(item) ? text_length(item->valuestring) : -1;
		*(const char **)to = cJSON_GetStringValue(item);
		if (n >= f->least && n <= f->most)
			return NULL;
		return arena_printf(
			a, "must be a text of %" PRId64 " to %" PRId64 " characters without control characters",
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
		*why = arena_printf(a, "%s: must be an object", *path ? path : "the body");
		return false;
	}
	odd = unknown == JSON_UNKNOWN_REFUSE ? unknown_find(object, fields, count) : NULL;
	if (odd) {
		*why = arena_printf(a, "%s%s%.64s: no such field", path, dot, odd);
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
			*why = arena_printf(a, "%s%s%s: %s", path, dot, fields[i].name, wrong);
			return false;
		}
	}
	return true;
}
