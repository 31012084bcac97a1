/*
 * Strikes: payments that Redis has been told of leave the list of the unsettled, many at a time, so that
 * a payment costs no second commit of its own. What is not struck off a keeper tells again.
 */
#ifndef USHER_STORE_STRIKES_H
#define USHER_STORE_STRIKES_H

#include "store/payments.h"

struct event;

/* What one loop has still to strike off. */
struct strikes {
	struct loop *loop;
	struct event *timer;
	size_t count;
	int64_t reservations[SETTLE_BATCH];
};

/* 0, or -1 when memory is out; destroying is fine either way, and leaves to the keepers what is on it. */
int strikes_init(struct strikes *s, struct loop *l);
void strikes_destroy(struct strikes *s);

/* Redis has been told of this reservation's payment. */
void strikes_add(struct strikes *s, int64_t reservation);

#endif
