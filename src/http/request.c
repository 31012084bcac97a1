/* What a request says beside its path and body: the query, and what it would have for an answer. */
#include "http/request.h"

#include <ctype.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

/* Decodes `len` bytes; NULL if that cannot be. */
static const char *decoded(struct arena *a, const char *text, size_t len)
{
	char *out = arena_copy(a, text, len), *to = out;

	for (size_t i = 0; out && i < len; i++) {
		char c = text[i] == '+' ? ' ' : text[i];

		if (c == '%') {
			char hex[3] = {0};

			if (len - i < 3 || !isxdigit((unsigned char)text[i + 1]) ||
			    !isxdigit((unsigned char)text[i + 2]))
				return NULL;
			memcpy(hex, text + i + 1, 2);
			c = (char)strtol(hex, NULL, 16);
			i += 2;
		}
		if (c == '\0')
			return NULL;
		*to++ = c;
	}
	if (out)
		*to = '\0';
	return out;
}

enum query request_query(struct request *r, const char *name, const char **value)
{
	const char *uri = evhttp_request_get_uri(r->ev), *p = uri ? strchr(uri, '?') : NULL;
	size_t name_len = strlen(name);
	enum query found = QUERY_NONE;

	while (p && *p && *p != '#') {
		size_t len = strcspn(++p, "&#");

		if (len >= name_len && strncmp(p, name, name_len) == 0 && (len == name_len || p[name_len] == '=')) {
			size_t skip = len == name_len ? len : name_len + 1;

			if (found != QUERY_NONE)
				return QUERY_TWICE;
			*value = decoded(&r->task.arena, p + skip, len - skip);
			if (!*value)
				return QUERY_BROKEN;
			found = QUERY_ONE;
		}
		p += len;
	}
	return found;
}

/* The weight of one element of the list ("gzip;q=0.5"), in thousandths. */
static int weight(const char *element, size_t len)
{
	for (const char *p = memchr(element, ';', len); p; p = memchr(p, ';', len - (size_t)(p - element))) {
		p++;
		p += strspn(p, " \t");
		if (strncasecmp(p, "q=", 2) == 0) {
			double q = strtod(p + 2, NULL);

			return q > 0 ? (int)((q < 1 ? q : 1) * 1000 + 0.5) : 0; /* what is no number as well */
		}
	}
	return 1000;
}

static bool is_coding(const char *element, size_t len, const char *name)
{
	size_t n = strcspn(element, "; \t,");

	return n <= len && n == strlen(name) && strncasecmp(element, name, n) == 0;
}

bool request_takes_gzip(const struct request *r)
{
	const char *p = request_header(r, "Accept-Encoding");
	int gzip = -1, identity = -1, other = -1;

	for (; p && *p; p += *p == ',') {
		size_t len;

		p += strspn(p, " \t");
		len = strcspn(p, ",");
		if (is_coding(p, len, "gzip") || is_coding(p, len, "x-gzip"))
			gzip = weight(p, len);
		else if (is_coding(p, len, "identity"))
			identity = weight(p, len);
		else if (is_coding(p, len, "*"))
			other = weight(p, len);
		p += len;
	}
	if (gzip < 0)
		gzip = other;
	return gzip > 0 && gzip >= identity;
}

bool request_knows(const struct request *r, const char *etag)
{
	const char *wanted = request_header(r, "If-None-Match");

	return wanted && (strstr(wanted, etag) || strcmp(wanted, "*") == 0);
}

/* Whether an element of Accept-Language ("ko-KR;q=0.8") is this language, in any region. */
static bool is_language(const char *element, const char *language)
{
	size_t n = strlen(language);

	return strncasecmp(element, language, n) == 0 && strchr("-; \t,", element[n]) != NULL;
}

size_t request_language(const struct request *r, const char *const *languages, size_t count)
{
	const char *p = request_header(r, "Accept-Language");
	int most = 0;
	size_t best = 0;

	for (; p && *p; p += *p == ',') {
		size_t len;

		p += strspn(p, " \t");
		len = strcspn(p, ",");
		for (size_t i = 0; i < count; i++)
			if (is_language(p, languages[i]) && weight(p, len) > most) {
				most = weight(p, len);
				best = i;
			}
		p += len;
	}
	return best;
}
