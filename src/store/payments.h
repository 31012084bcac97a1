/*
 * Payments: one transaction that takes the money and marks the reservation paid, and the list of
 * what Redis has still to be told about.
 */
#ifndef USHER_STORE_PAYMENTS_H
#define USHER_STORE_PAYMENTS_H

#include "store/reservations.h"

struct payment {
	int64_t id, balance, paid_at; /* balance right after it; paid_at Unix ms */
	struct reservation reservation;
};

struct payment_job {
	struct job job;
	int64_t user, reservation;
	uint64_t place; /* of the session that pays, and that the payment ends */
	char queue[QUEUE_NAME_MAX + 1];
	struct idempotency idempotency;
	bool replay_only; /* look for the answer of the key and do nothing else */
	/* OK, RESERVATION_NOT_FOUND, WRONG_QUEUE, ALREADY_PAID, RESERVATION_EXPIRED, INSUFFICIENT_BALANCE,
	 * IDEMPOTENCY_KEY_REUSED, IN_PROGRESS; TOKEN_EXPIRED when replay_only found nothing */
	enum code code;
	bool replayed;
	struct payment payment;
};
enum code payment_work(struct db *db, struct job *job);

/* Payments and cancellations committed at least SETTLE_AFTER_MS ago that Redis may not have been told of. */
#define SETTLE_BATCH 100
#define SETTLE_AFTER_MS 500

struct unsettled_job {
	struct job job;
	size_t count;
	struct settlement items[SETTLE_BATCH];
	bool paid[SETTLE_BATCH]; /* else it was cancelled */
	int64_t reservations[SETTLE_BATCH];
};
enum code unsettled_read_work(struct db *db, struct job *job);

/* Strikes those off the list that Redis was told of. */
struct strike_job {
	struct job job;
	size_t count;
	int64_t reservations[SETTLE_BATCH];
};
enum code strike_work(struct db *db, struct job *job);

#endif
