/*
 * What any daemon puts right between MySQL and Redis: holds whose time is up, and holds that Redis has
 * and MySQL may not. (Payments that Redis was not told of are in store/payments.h.)
 */
#ifndef USHER_STORE_RECONCILE_H
#define USHER_STORE_RECONCILE_H

#include "engine/unrecorded.h"
#include "store/pool.h"

/* Ends holds whose time is up, at most LAPSE_BATCH a job. One that somebody else is at work on, to pay
 * or to cancel it, is left for the next time. */
struct lapse_job {
	struct job job;
	int64_t ended;
};
#define LAPSE_BATCH 200
enum code lapse_work(struct db *db, struct job *job);

/* Says of each hold on the list whether its user has a live reservation of the seat: one statement. */
struct recorded_job {
	struct job job;
	struct unrecorded_list list;
};
enum code recorded_work(struct db *db, struct job *job);

#endif
