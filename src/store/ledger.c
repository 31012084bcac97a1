/* Reading and charging balances. */
#include "store/ledger.h"

#include "base/crash_point.h"

static enum db_result balance_read(struct db *db, void *arg)
{
	struct balance_job *j = arg;
	enum db_result r = db_query(db, "SELECT amount FROM balances WHERE user_id = ?", "i", j->user);

	if (r == DB_OK)
		r = db_row(db, "i", &j->balance);
	j->code = r == DB_NONE ? CODE_USER_NOT_FOUND : CODE_OK;
	return r == DB_NONE ? DB_OK : r;
}

enum code balance_read_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, balance_read, job));
}

/* Nothing was charged: there is no such user, or the balance is too large already. */
static enum db_result charge_refused(struct db *db, struct balance_job *j)
{
	enum db_result r = balance_read(db, j);

	if (r == DB_OK && j->code == CODE_OK)
		j->code = CODE_BALANCE_LIMIT;
	return r == DB_OK ? DB_REFUSED : r;
}

static enum db_result charge(struct db *db, void *arg)
{
	struct balance_job *j = arg;
	enum db_result r = idempotency_begin(db, j->user, &j->idempotency);

	j->code = CODE_OK;
	if (r == DB_DUPLICATE) {
		j->code = CODE_IN_PROGRESS; /* charge_replay() finds out */
		return DB_REFUSED;
	}
	if (r == DB_OK)
		r = db_exec(db,
			    "UPDATE balances SET amount = LAST_INSERT_ID(amount + ?)"
			    " WHERE user_id = ? AND amount <= ?",
			    "iii", j->amount, j->user, (int64_t)BALANCE_MOST - j->amount);
	if (r == DB_OK && db_affected(db) != 1)
		return charge_refused(db, j);
	if (r != DB_OK)
		return r;
	j->balance = db_insert_id(db);
	r = db_exec(db,
		    "INSERT INTO ledger (user_id, kind, amount, balance_after, created_at)"
		    " VALUES (?, 'CHARGE', ?, ?, UTC_TIMESTAMP(3))",
		    "iii", j->user, j->amount, j->balance);
	return r == DB_OK ? idempotency_end(db, j->user, &j->idempotency, db_insert_id(db)) : r;
}

static enum db_result charge_replay(struct db *db, void *arg)
{
	struct balance_job *j = arg;
	int64_t line;
	enum db_result r = idempotency_find(db, j->user, &j->idempotency, &j->code, &line);

	if (r != DB_OK || j->code != CODE_OK)
		return r;
	j->replayed = true;
	r = db_query(db, "SELECT balance_after FROM ledger WHERE id = ?", "i", line);
	return r == DB_OK ? db_row(db, "i", &j->balance) : r;
}

enum code balance_charge_work(struct db *db, struct job *job)
{
	struct balance_job *j = (struct balance_job *)job;
	enum db_result r = db_transaction(db, charge, j);

	if (r == DB_REFUSED && j->code == CODE_IN_PROGRESS)
		r = db_reading(db, charge_replay, j);
	else if (r == DB_OK)
		crash_point(CRASH_charge_after_commit);
	/* The key was freed between the two looks: its first holder gave up just now. */
	return db_code(r == DB_NONE ? DB_OK : r);
}
