/* Taking money for a reservation, exactly once. */
#include "store/payments.h"

#include <string.h>

#include "base/crash_point.h"

/* Locks the reservation and checks that it can still be paid. */
static enum db_result payable(struct db *db, struct payment_job *j, struct reservation *r)
{
	enum db_result result =
		db_query(db, "SELECT id FROM reservations WHERE id = ? FOR UPDATE", "i", j->reservation);
	int64_t id;

	if (result == DB_OK)
		result = db_row(db, "i", &id);
	if (result == DB_OK)
		result = reservation_read(db, j->reservation, r);
	if (result == DB_NONE || (result == DB_OK && r->user != j->user))
		j->code = CODE_RESERVATION_NOT_FOUND;
	else if (result != DB_OK)
		return result;
	else if (strcmp(r->queue, j->queue) != 0)
		j->code = CODE_WRONG_QUEUE;
	else if (r->status == RESERVATION_PAID)
		j->code = CODE_ALREADY_PAID;
	else if (r->status != RESERVATION_HELD)
		j->code = CODE_RESERVATION_EXPIRED;
	return j->code == CODE_OK ? DB_OK : DB_REFUSED;
}

static enum db_result refuse(struct payment_job *j, enum code code)
{
	j->code = code;
	return DB_REFUSED;
}

/* With the row locked, time decides here and nowhere else: this statement's own clock reading.
 * The session that pays is kept, since it is the one to be ended. */
static enum db_result mark_paid(struct db *db, struct payment_job *j)
{
	enum db_result r = db_exec(db,
				   "UPDATE reservations SET status = 'PAID', place = ?"
				   " WHERE id = ? AND status = 'HELD' AND expires_at > UTC_TIMESTAMP(3)",
				   "ii", (int64_t)j->place, j->reservation);

	if (r == DB_OK && db_affected(db) != 1)
		return refuse(j, CODE_RESERVATION_EXPIRED);
	return r;
}

static enum db_result take_money(struct db *db, struct payment_job *j)
{
	struct payment *p = &j->payment;
	int64_t amount = p->reservation.amount;
	enum db_result r = db_exec(db,
				   "UPDATE balances SET amount = LAST_INSERT_ID(amount - ?)"
				   " WHERE user_id = ? AND amount >= ?",
				   "iii", amount, j->user, amount);

	if (r == DB_OK && db_affected(db) != 1 && amount > 0)
		return refuse(j, CODE_INSUFFICIENT_BALANCE);
	if (r != DB_OK)
		return r;
	p->balance = db_insert_id(db);
	r = db_exec(db,
		    "INSERT INTO payments (reservation_id, user_id, amount, balance_after, paid_at)"
		    " VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))",
		    "iiii", j->reservation, j->user, amount, p->balance);
	if (r != DB_OK)
		return r;
	p->id = db_insert_id(db);
	return db_exec(db,
		       "INSERT INTO ledger (user_id, kind, amount, balance_after, reservation_id, created_at)"
		       " VALUES (?, 'PAYMENT', ?, ?, ?, UTC_TIMESTAMP(3))",
		       "iiii", j->user, -amount, p->balance, j->reservation);
}

static enum db_result payment_read(struct db *db, struct payment *p)
{
	enum db_result r =
		db_query(db, "SELECT reservation_id, balance_after, paid_at FROM payments WHERE id = ?", "i", p->id);
	int64_t reservation;

	if (r == DB_OK)
		r = db_row(db, "iit", &reservation, &p->balance, &p->paid_at);
	return r == DB_OK ? reservation_read(db, reservation, &p->reservation) : r;
}

static enum db_result pay(struct db *db, void *arg)
{
	struct payment_job *j = arg;
	enum db_result r = idempotency_begin(db, j->user, &j->idempotency);

	j->code = CODE_OK;
	if (r == DB_DUPLICATE)
		return refuse(j, CODE_IN_PROGRESS); /* replay() finds out */
	if (r == DB_OK)
		r = payable(db, j, &j->payment.reservation);
	if (r == DB_OK)
		r = mark_paid(db, j);
	if (r == DB_OK)
		r = take_money(db, j);
	if (r == DB_OK)
		r = settlement_owe(db, j->reservation);
	if (r == DB_OK)
		r = idempotency_end(db, j->user, &j->idempotency, j->payment.id);
	if (r == DB_OK)
		r = payment_read(db, &j->payment);
	if (r == DB_OK)
		crash_point(CRASH_payment_before_commit);
	return r;
}

static enum db_result replay(struct db *db, void *arg)
{
	struct payment_job *j = arg;
	enum db_result r = (j->replay_only ? idempotency_await : idempotency_find)(db, j->user, &j->idempotency,
										   &j->code, &j->payment.id);

	if (r != DB_OK || j->code != CODE_OK)
		return r;
	j->replayed = true;
	return payment_read(db, &j->payment);
}

enum code payment_work(struct db *db, struct job *job)
{
	struct payment_job *j = (struct payment_job *)job;
	enum db_result r;

	if (j->replay_only) {
		r = db_reading(db, replay, j);
		if (r == DB_NONE)
			j->code = CODE_TOKEN_EXPIRED;
		return db_code(r == DB_NONE ? DB_OK : r);
	}
	r = db_transaction(db, pay, j);
	if (r == DB_REFUSED && j->code == CODE_IN_PROGRESS)
		r = db_reading(db, replay, j);
	else if (r == DB_OK)
		crash_point(CRASH_payment_after_commit);
	/* The key was freed between the two looks: its first holder gave up just now. */
	return db_code(r == DB_NONE ? DB_OK : r);
}

static enum db_result unsettled_read(struct db *db, void *arg)
{
	struct unsettled_job *j = arg;
	enum db_result r = db_query(db,
				    "SELECT reservation_id FROM settlements"
				    " WHERE created_at <= UTC_TIMESTAMP(3) - INTERVAL ? MICROSECOND"
				    " ORDER BY created_at LIMIT ?",
				    "ii", (int64_t)SETTLE_AFTER_MS * 1000, (int64_t)SETTLE_BATCH);

	for (j->count = 0; r == DB_OK && j->count < SETTLE_BATCH; j->count++) {
		r = db_row(db, "i", &j->reservations[j->count]);
		if (r != DB_OK)
			break;
	}
	if (r != DB_OK && r != DB_NONE)
		return r;
	for (size_t i = 0; i < j->count; i++) {
		struct reservation told;

		r = reservation_read(db, j->reservations[i], &told);
		if (r != DB_OK)
			return r;
		j->items[i].user = (uint64_t)told.user;
		j->items[i].place = told.place;
		j->items[i].seats = told.seats;
		j->paid[i] = told.status == RESERVATION_PAID;
		memcpy(j->items[i].queue, told.queue, sizeof(told.queue));
	}
	return DB_OK;
}

enum code unsettled_read_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, unsettled_read, job));
}

static enum db_result unsettled_strike(struct db *db, void *arg)
{
	const struct unsettled_job *j = arg;
	enum db_result r = DB_OK;

	for (size_t i = 0; r == DB_OK && i < j->count; i++)
		r = db_exec(db, "DELETE FROM settlements WHERE reservation_id = ?", "i", j->reservations[i]);
	return r;
}

enum code unsettled_strike_work(struct db *db, struct job *job)
{
	return db_code(db_transaction(db, unsettled_strike, job));
}
