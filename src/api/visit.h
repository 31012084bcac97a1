/*
 * What the api keeps of a request between its steps.
 */
#ifndef USHER_API_VISIT_H
#define USHER_API_VISIT_H

#include "api/bodies.h"
#include "http/reply.h"
#include "http/route.h"
#include "store/idempotency.h"
#include "worker.h"

struct visit {
	struct worker *worker;
	struct catalog *catalog; /* set by catalog_or_reply() */
	/* Set by the token filter. */
	struct queue *queue;
	struct token token;
	struct standing standing;
	struct idempotency idempotency; /* set by idempotency_or_reply() */
	void *job;                      /* the job waited for last */
	void *state;                    /* what a handler keeps between its steps */
};

static inline struct visit *visit_of(const struct request *r)
{
	return r->context;
}

/* Makes the visit of a new request: struct server_config's `begin`. */
bool visit_begin(struct request *r);

/* Zeroed memory for a handler's `state`, or NULL after a 503. */
void *state_or_reply(struct request *r, size_t size);

/* The catalogue, held until the request ends, or NULL after a 503. */
struct catalog *catalog_or_reply(struct request *r);

/* Things of the catalogue by a number of the path or body; after a 404, or a 403 for another
 * queue's, NULL. */
const struct catalog_concert *concert_or_reply(struct request *r, int64_t id);
const struct catalog_schedule *schedule_or_reply(struct request *r, int64_t id);

/* A job of `size` bytes for visit_of(r)->job, or NULL after a 503. */
void *job_or_reply(struct request *r, size_t size, enum code (*work)(struct db *, struct job *));

/* Hands visit_of(r)->job in and waits for it. */
enum step job_wait(struct request *r);

/* Reads the Idempotency-Key of a request of `user`, if there is one, and takes the fingerprint of
 * route and body. False after a 400. */
bool idempotency_or_reply(struct request *r);

/* A parameter of the query (NULL: not given), or false after a 400 that names it. */
bool query_or_reply(struct request *r, const char *name, const char **value);

/* The JSON body in the struct of its shape, or false after the 400 that names the field. */
bool body_or_reply(struct request *r, const struct body *shape, void *out);

#endif
