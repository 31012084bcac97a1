/*
 * A careful client: it has a key for what it does, asks again until it has a definite answer, and goes
 * to the other daemon when one does not answer.
 */
#ifndef USHER_TESTS_CHAOS_CLIENT_H
#define USHER_TESTS_CHAOS_CLIENT_H

#include "journal.h"
#include "run.h"
#include "support/http.h"

struct client {
	int number, user;
	char *token; /* NULL: none */
	uint64_t place;
	int daemon; /* the one it talks to */
	unsigned keys;
	struct dice dice;
	struct journal journal;
};

/* A new idempotency key, in memory that the next call for this client uses again. */
const char *client_key(struct client *c);

/* Asks until the answer is definite: neither lost nor 503 nor IN_PROGRESS. `key` and `json` may be NULL.
 * Gives the answer, which the caller frees; its status is 0 only if the servers are healed and there has
 * been none for half a minute, which is a finding. */
struct reply client_ask(struct client *c, const char *method, const char *path, const char *key, const char *json);

#endif
