/*
 * A small blocking HTTP/1.1 client: one request on a connection of its own.
 */
#ifndef USHER_CTL_CLIENT_H
#define USHER_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/options.h"

#define CLIENT_PATIENCE_MS 5000 /* for a connection, for sending to go on, and for most answers */
#define CLIENT_WHY 200

struct client_request {
	const char *method;
	const char *path; /* behind the URL's own */
	const char *body; /* JSON, or NULL */
	size_t len;
	int answer_ms; /* how long the whole answer may take once the request is sent */
	/* Told how many bytes of the body have gone out; may be NULL. */
	void (*sent)(void *arg, size_t done);
	void *sent_arg;
};

struct client_answer {
	int status;
	char *body; /* ends with a NUL that `len` does not count */
	size_t len;
	char *text; /* the whole answer; `body` points into it */
};

/* Asks the daemon `o` names and reads the whole answer, whatever its status; answer_free() gives it
 * back. An answer that comes before the body has gone out ends the sending. On failure gives false
 * and says in `why` what went wrong; then there is nothing to free. */
bool client_ask(const struct options *o, const struct client_request *q, struct client_answer *a, char why[CLIENT_WHY]);

void answer_free(struct client_answer *a);

#endif
