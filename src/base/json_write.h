/*
 * Writing JSON into an arena, front to back. Names are given without quotes; inside an array and
 * for the outermost value the name is NULL.
 */
#ifndef USHER_BASE_JSON_WRITE_H
#define USHER_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct json {
	struct arena *arena;
	char *text; /* NUL-terminated after json_done() */
	size_t len, size;
	bool comma, failed;
};

void json_begin(struct json *j, struct arena *a);

void json_object(struct json *j, const char *name);
void json_object_end(struct json *j);
void json_array(struct json *j, const char *name);
void json_array_end(struct json *j);

void json_int(struct json *j, const char *name, int64_t value);
/* Rounded to that many digits behind the point, without zeros at the end; null unless it is a number below 10^15. */
void json_real(struct json *j, const char *name, double value, int digits);
void json_bool(struct json *j, const char *name, bool value);
void json_null(struct json *j, const char *name);
/* Unix ms as RFC 3339; 0 is null. */
void json_time(struct json *j, const char *name, int64_t unix_ms);
/* Any UTF-8; NULL is null. */
void json_text(struct json *j, const char *name, const char *value);

/* Ends the text. Gives it, or NULL when memory was out on the way. */
const char *json_done(struct json *j);

#endif
