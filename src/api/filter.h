/*
 * The token filter and the admin key: steps in front of the routes that need them.
 */
#ifndef USHER_API_FILTER_H
#define USHER_API_FILTER_H

#include "api/visit.h"

/* A token that is not inside passes if the request carries an Idempotency-Key: the handler looks for the
 * answer that may have got lost. visit->standing.code is not ACTIVE then. Goes with NEED_ACTIVE. */
#define NEED_ACTIVE_OR_REPLAY 16

/* Somebody far back may be told an estimate that asks nobody. Goes with NEED_TOKEN. */
#define MAY_ESTIMATE 32

/* Asks what has become of a schedule's seats, in one go with where the token stands. Goes with NEED_ACTIVE; what
 * is heard is no answer before the token was judged. */
#define NEED_SEATS 64

/* Is there only with an admin key, and open to who has none: the page that asks for the key. */
#define WITH_ADMIN 128

/* The order is the order of the sequence diagrams. */
extern const struct prelude filter_preludes[];
extern const size_t filter_prelude_count;

/* 302 to the token route. */
enum step reply_expired(struct request *r);

/* 302 or 403, whichever the filter has for where the token stands. */
enum step reply_not_inside(struct request *r);

/* What a user is told about where they stand: WAITING or SCHEDULED by the queue's opening. */
enum code standing_code(const struct queue *q, const struct standing *s);

#endif
