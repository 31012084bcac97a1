/*
 * Reconciliation: what a daemon that died, was stopped or lost its connection has left undone between
 * MySQL and Redis, any keeper finishes, and several may at once. Each duty costs one cheap look while
 * there is nothing to do.
 */
#ifndef USHER_RECONCILE_H
#define USHER_RECONCILE_H

#include "duty.h"
#include "store/payments.h"
#include "store/reconcile.h"

/* Payments and cancellations that were committed, but perhaps not told to Redis. */
struct settling {
	struct duty duty;
	struct engine *engine;
	struct unsettled_job *list;
	size_t at, told;
	int64_t reservations[SETTLE_BATCH]; /* what Redis has been told of */
};

/* Holds in MySQL whose time is up. */
struct lapsing {
	struct duty duty;
	struct lapse_job *job;
	void (*answered)(void); /* MySQL has just answered */
};

/* Holds in one queue's Redis that may have no reservation. */
struct dropping {
	struct duty duty;
	struct engine *engine;
	struct queue *queue;
	struct unrecorded_list list;
	struct recorded_job *job;
};

/* Each makes its duty on the keeper's loop, to be begun with duty_start(). 0, or -1 when memory is out. */
int settling_init(struct settling *s, struct engine *e);
int lapsing_init(struct lapsing *l, struct loop *loop, void (*answered)(void));
int dropping_init(struct dropping *d, struct engine *e, struct queue *q);

#endif
