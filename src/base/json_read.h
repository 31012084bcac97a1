/*
 * Strict JSON reading on top of cJSON: what cJSON lets pass and we do not is refused here.
 */
#ifndef USHER_BASE_JSON_READ_H
#define USHER_BASE_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON;
struct arena;

#define ID_MOST 9007199254740991 /* 2^53 - 1, the last integer a double holds for sure */

/* Parses exactly one JSON value of valid UTF-8 (RFC 8259). Refused as well: the character NUL in
 * any spelling, an object with the same key twice or with more than 64 keys, a number that only rounding
 * would make whole. On failure gives NULL
 * and says in `why` (memory of `a`) what is wrong; a field that is to blame is named with its path.
 * The value is freed when `a` is reset. */
struct cJSON *json_parse(struct arena *a, const char *text, size_t len, const char **why);

/* Whether `item` is a whole number in the range, and which. */
bool json_integer(const struct cJSON *item, int64_t least, int64_t most, int64_t *out);

/* What a member of an object must be, and where in `out` its value goes. */
struct json_field {
	const char *name;
	enum json_kind {
		JSON_INT,  /* int64_t, within least..most */
		JSON_BOOL, /* int64_t, 0 or 1 */
		JSON_TEXT, /* const char *, least..most characters, no control characters */
		JSON_TIME, /* int64_t Unix ms, from RFC 3339; null reads as 0 */
		JSON_LIST, /* const struct cJSON *, least..most elements */
	} kind;
	int64_t least, most;
	enum json_need { JSON_OPTIONAL, JSON_REQUIRED } need;
	size_t offset;
};

enum json_unknown { JSON_UNKNOWN_PASS, JSON_UNKNOWN_REFUSE };

/* Reads an object's members. What is optional and absent stays as it was in `out`. On failure
 * gives false and says in `why` (memory of `a`) which field is wrong and what it must be; `path`
 * ("" at the top) goes in front of its name. */
bool json_fields(struct arena *a, const struct cJSON *object, const char *path, const struct json_field *fields,
		 size_t count, enum json_unknown unknown, void *out, const char **why);

/* Whether `len` bytes are valid UTF-8 (RFC 3629) without NUL. */
bool utf8_valid(const char *text, size_t len);

#endif
