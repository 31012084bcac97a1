/*
 * The invariants as MySQL can count them, and the paid seats that Redis must agree with.
 */
#ifndef USHER_STORE_AUDIT_H
#define USHER_STORE_AUDIT_H

#include "store/pool.h"

struct audit_count {
	int64_t counted, violations;
};

struct audit_seat {
	int64_t schedule, seat;
};

/* All of one snapshot. */
struct audit_job {
	struct job job;
	struct audit_count seat_live, paid_payment, balance_ledger;
	struct audit_seat *paid; /* by schedule, then seat; in the job's arena */
	size_t paid_count;
	struct audit_seat *unsettled; /* paid, but Redis may not have been told yet */
	size_t unsettled_count;
};
enum code audit_work(struct db *db, struct job *job);

#endif
