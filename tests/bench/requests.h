/*
 * Requests written beforehand, so that a load generator only has to send them.
 */
#ifndef USHER_TESTS_BENCH_REQUESTS_H
#define USHER_TESTS_BENCH_REQUESTS_H

#include <stddef.h>

struct requests {
	char *text;
	size_t len, room;
	size_t *at; /* where each begins; one more says where the last one ends */
	size_t count, most;
	size_t next; /* the one to be sent next; after the last comes the first */
};

/* Adds a GET, or a POST with that JSON body; `headers` are complete lines, or NULL. */
void requests_add(struct requests *r, const char *method, const char *path, const char *headers, const char *json);

/* Takes the next one. */
const char *requests_take(struct requests *r, size_t *len);

void requests_free(struct requests *r);

#endif
