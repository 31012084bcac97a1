/* Transactions and readings, tried again where that is safe. */
#include "base/clock.h"
#include "store/db.h"
#include "store/pool.h"

#define TRIES 4

typedef enum db_result (*work_fn)(struct db *db, void *arg);
typedef enum db_result (*once_fn)(struct db *db, work_fn work, void *arg);

/* Ends the transaction whose work gave `r`. */
static enum db_result transaction_end(struct db *db, enum db_result r)
{
	if (r == DB_OK) {
		r = db_text(db, "COMMIT");
		if (r != DB_OK && !db_connected(db))
			return DB_UNSURE;
	}
	/* What is neither committed nor rolled back would be committed by the next START TRANSACTION. */
	if (r != DB_OK && db_connected(db) && db_text(db, "ROLLBACK") != DB_OK)
		db_drop(db);
	return r;
}

static enum db_result transaction_once(struct db *db, work_fn work, void *arg)
{
	enum db_result r = db_text(db, "START TRANSACTION");

	return transaction_end(db, r == DB_OK ? work(db, arg) : r);
}

static enum db_result called_once(struct db *db, work_fn work, void *arg)
{
	return transaction_end(db, work(db, arg));
}

/* Whether a try that ended as `r` is worth another. */
static bool again(const struct db *db, enum db_result r, int64_t took_ms, bool was_connected)
{
	if (r == DB_UNSURE)
		return false;
	/* A deadlock is over in no time; who has waited for a lock in vain may do so once more, as long as
	 * somebody waits for the answer. */
	if (r == DB_BUSY)
		return db_left_ms(db) > took_ms;
	/* An idle connection may have died unseen: a fresh one is worth one more try. */
	return was_connected && !db_connected(db) && db_died_at_once(db);
}

/* Runs `once` again where that is safe: nothing of a failed try has stayed. */
static enum db_result try_again(struct db *db, once_fn once, work_fn work, void *arg)
{
	enum db_result r = DB_LOST;

	for (int i = 0; i < TRIES; i++) {
		bool was_connected = db_connected(db);
		int64_t began = clock_ms();

		r = once(db, work, arg);
		if (!again(db, r, clock_ms() - began, was_connected))
			break;
	}
	/* One connection lost says nothing while others are there; a connect that fails speaks for itself. */
	if (r != DB_LOST && r != DB_UNSURE)
		pool_set_healthy(true);
	else if (!db_any_connected())
		pool_set_healthy(false);
	return r;
}

enum db_result db_transaction(struct db *db, enum db_result (*work)(struct db *, void *), void *arg)
{
	return try_again(db, transaction_once, work, arg);
}

enum db_result db_transaction_called(struct db *db, enum db_result (*work)(struct db *, void *), void *arg)
{
	return try_again(db, called_once, work, arg);
}

static enum db_result reading_once(struct db *db, work_fn work, void *arg)
{
	return work(db, arg);
}

enum db_result db_reading(struct db *db, enum db_result (*work)(struct db *, void *), void *arg)
{
	return try_again(db, reading_once, work, arg);
}

static enum db_result snapshot_once(struct db *db, work_fn work, void *arg)
{
	enum db_result r = db_text(db, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");

	if (r == DB_OK)
		r = db_text(db, "START TRANSACTION WITH CONSISTENT SNAPSHOT");
	if (r == DB_OK)
		r = work(db, arg);
	if (db_connected(db) && db_text(db, "ROLLBACK") != DB_OK)
		db_drop(db);
	return r;
}

enum db_result db_snapshot(struct db *db, enum db_result (*work)(struct db *, void *), void *arg)
{
	return try_again(db, snapshot_once, work, arg);
}

enum db_result db_sweep(struct db *db, const char *sql)
{
	enum db_result r;

	do
		r = db_exec(db, sql, "");
	while (r == DB_OK && db_affected(db) == SWEEP_MOST);
	return r;
}

enum code db_code(enum db_result result)
{
	switch (result) {
	case DB_OK:
	case DB_REFUSED:
		return CODE_OK;
	case DB_BUSY:
	case DB_SLOW:
		return CODE_OVERLOADED;
	case DB_LOST:
	case DB_NO_WRITES:
	case DB_UNSURE:
		return CODE_UNAVAILABLE;
	default:
		return CODE_INTERNAL;
	}
}
