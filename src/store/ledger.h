/*
 * Balances and the ledger whose lines add up to them.
 */
#ifndef USHER_STORE_LEDGER_H
#define USHER_STORE_LEDGER_H

#include "store/idempotency.h"

#define CHARGE_MOST 10000000
#define BALANCE_MOST 9007199254740991 /* what a JSON number holds for sure */

struct balance_job {
	struct job job;
	int64_t user, amount; /* amount: what is charged, 1..CHARGE_MOST */
	struct idempotency idempotency;
	/* OK, USER_NOT_FOUND, BALANCE_LIMIT, IDEMPOTENCY_KEY_REUSED, IN_PROGRESS */
	enum code code;
	bool replayed;
	int64_t balance;
};

enum code balance_read_work(struct db *db, struct job *job);
enum code balance_charge_work(struct db *db, struct job *job);

#endif
