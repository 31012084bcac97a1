/*
 * What users were told about their wait, so that the error can be measured when they are let in.
 */
#ifndef USHER_API_PROMISES_H
#define USHER_API_PROMISES_H

#include <stdint.h>

/* One worker's, bounded: a newer user takes an older one's slot. */
#define PROMISES 16384

struct promise {
	uint64_t user, place;
	int64_t due; /* Unix ms, Redis' clock */
};

struct promises {
	struct promise at[PROMISES];
};

/* Keeps the first time a user was promised for this place. */
void promise_make(struct promises *p, uint64_t user, uint64_t place, int64_t due);

/* The user is inside, seen at `now`: records the error of the promise, once. */
void promise_kept(struct promises *p, uint64_t user, uint64_t place, int64_t now);

#endif
