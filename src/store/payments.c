/* Taking money for a reservation, exactly once. */
#include "store/payments.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crash_point.h"

static enum db_result payment_read(struct db *db, struct payment *p)
{
	enum db_result r =
		db_query(db, "SELECT reservation_id, balance_after, paid_at FROM payments WHERE id = ?", "i", p->id);
	int64_t reservation;

	if (r == DB_OK)
		r = db_row(db, "iit", &reservation, &p->balance, &p->paid_at);
	return r == DB_OK ? reservation_read(db, reservation, &p->reservation) : r;
}

/* The next row of what usher_pay gives: one a seat, or one that says why not. */
static enum db_result paid_row(struct db *db, struct payment_job *j, int64_t *seat, int64_t *price)
{
	struct payment *p = &j->payment;
	struct reservation *r = &p->reservation;
	char outcome[32];
	enum db_result result = db_row(db, "siitiiiii", outcome, sizeof(outcome), &p->id, &p->balance, &p->paid_at,
				       &r->seats.concert, &r->seats.schedule, &r->amount, seat, price);

	if (result == DB_OK)
		j->code = code_of(outcome);
	return result;
}

static enum db_result paid_read(struct db *db, struct payment_job *j)
{
	struct reservation *out = &j->payment.reservation;
	struct seat_list *seats = &out->seats;
	enum db_result r = DB_OK;

	*out = (struct reservation){
		.id = j->reservation, .user = j->user, .place = j->place, .status = RESERVATION_PAID};
	memcpy(out->queue, j->queue, sizeof(out->queue));
	while (r == DB_OK && j->code == CODE_OK && seats->count < SEATS_MOST) {
		r = paid_row(db, j, &seats->ids[seats->count], &out->prices[seats->count]);
		seats->count += r == DB_OK;
	}
	if (j->code != CODE_OK)
		return DB_REFUSED;
	return r == DB_NONE ? DB_OK : r;
}

static enum db_result pay(struct db *db, void *arg)
{
	struct payment_job *j = arg;
	const struct idempotency *i = &j->idempotency;
	enum db_result r = db_query(db, "CALL usher_pay(?, ?, ?, ?, ?, ?)", "isbisi", j->user, i->key, i->fingerprint,
				    sizeof(i->fingerprint), j->reservation, j->queue, (int64_t)j->place);

	j->code = CODE_OK;
	if (r == DB_OK)
		r = paid_read(db, j);
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
	r = db_transaction_called(db, pay, j);
	if (r == DB_REFUSED && j->code == CODE_IN_PROGRESS)
		r = db_reading(db, replay, j); /* finds out */
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

#define ID_DIGITS 20

/* By the primary key whatever the optimizer thinks of so small a table: a scan would wait for payments that
 * are under way. */
static enum db_result strike(struct db *db, void *arg)
{
	struct strike_job *j = arg;
	size_t size = 128 + j->count * (ID_DIGITS + 1), n;
	char *sql = arena_alloc(&j->job.arena, size);

	if (!sql)
		return DB_FAILED;
	n = (size_t)snprintf(sql, size,
			     "DELETE s FROM settlements s FORCE INDEX (PRIMARY) WHERE s.reservation_id IN (");
	for (size_t i = 0; i < j->count; i++)
		n += (size_t)snprintf(sql + n, size - n, "%s%" PRId64, i ? "," : "", j->reservations[i]);
	snprintf(sql + n, size - n, ")");
	return db_text(db, sql);
}

enum code strike_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, strike, job));
}
