/* Writing, reading and ending reservations. */
#include "store/reservations.h"

#include <string.h>

#include "base/clock.h"
#include "base/crash_point.h"
#include "store/recovery.h"

static const char *const status_names[] = {"HELD", "PAID", "EXPIRED", "CANCELLED"};

const char *reservation_status_name(enum reservation_status s)
{
	return status_names[s];
}

static enum reservation_status status_of(const char *name, int64_t over)
{
	for (int i = RESERVATION_PAID; i <= RESERVATION_CANCELLED; i++)
		if (strcmp(name, status_names[i]) == 0)
			return (enum reservation_status)i;
	return over ? RESERVATION_EXPIRED : RESERVATION_HELD;
}

static enum db_result seats_read(struct db *db, struct reservation *out)
{
	struct seat_list *seats = &out->seats;
	enum db_result r =
		db_query(db, "SELECT seat_id, price FROM reservation_seats WHERE reservation_id = ? ORDER BY seat_id",
			 "i", out->id);

	for (seats->count = 0; r == DB_OK && seats->count < SEATS_MOST; seats->count++) {
		r = db_row(db, "ii", &seats->ids[seats->count], &out->prices[seats->count]);
		if (r != DB_OK)
			break;
	}
	return r == DB_NONE ? DB_OK : r;
}

#define RESERVATION_COLUMNS                                                                                            \
	"user_id, concert_id, schedule_id, queue, place, amount, status, expires_at,"                                  \
	" expires_at <= UTC_TIMESTAMP(3)"

static enum db_result reservation_row(struct db *db, enum db_result r, int64_t id, struct reservation *out)
{
	char status[16];
	int64_t place, over;

	out->id = id;
	if (r == DB_OK)
		r = db_row(db, "iiisiisti", &out->user, &out->seats.concert, &out->seats.schedule, out->queue,
			   sizeof(out->queue), &place, &out->amount, status, sizeof(status), &out->expires_at, &over);
	if (r != DB_OK)
		return r;
	out->place = (uint64_t)place;
	out->status = status_of(status, over);
	return seats_read(db, out);
}

enum db_result reservation_read(struct db *db, int64_t id, struct reservation *out)
{
	return reservation_row(
		db, db_query(db, "SELECT " RESERVATION_COLUMNS " FROM reservations WHERE id = ?", "i", id), id, out);
}

static enum db_result reservation_lock(struct db *db, int64_t id, struct reservation *out)
{
	return reservation_row(
		db, db_query(db, "SELECT " RESERVATION_COLUMNS " FROM reservations WHERE id = ? FOR UPDATE", "i", id),
		id, out);
}

enum db_result reservation_end(struct db *db, int64_t id, enum reservation_status status)
{
	enum db_result r = db_exec(db, "UPDATE reservations SET status = ? WHERE id = ? AND status = 'HELD'", "si",
				   status_names[status], id);

	if (r != DB_OK)
		return r;
	return db_exec(db, "UPDATE reservation_seats SET live = NULL WHERE reservation_id = ?", "i", id);
}

enum db_result settlement_owe(struct db *db, int64_t id)
{
	return db_exec(db, "INSERT INTO settlements (reservation_id, created_at) VALUES (?, UTC_TIMESTAMP(3))", "i",
		       id);
}

/* Seats of the catalogue stay what they are until the transaction ends; gives their prices. */
static enum db_result prices_lock(struct db *db, struct reserve_job *j)
{
	struct reservation *out = &j->reservation;

	out->amount = 0;
	for (size_t i = 0; i < j->seats.count; i++) {
		enum db_result r = db_query(db,
					    "SELECT price FROM seats WHERE schedule_id = ? AND seat_id = ?"
					    " AND removed = 0 LOCK IN SHARE MODE",
					    "ii", j->seats.schedule, j->seats.ids[i]);

		if (r == DB_OK)
			r = db_row(db, "i", &out->prices[i]);
		if (r == DB_NONE) {
			j->code = CODE_SEAT_NOT_FOUND;
			return DB_REFUSED;
		}
		if (r != DB_OK)
			return r;
		out->amount += out->prices[i];
	}
	return DB_OK;
}

/* The balance row is the user's lock: two requests of one user are looked at one after the other. */
static enum db_result user_lock(struct db *db, const struct reserve_job *j)
{
	return db_query(db, "SELECT amount FROM balances WHERE user_id = ? FOR UPDATE", "i", j->user);
}

/* What the user has paid for counts as well as what is held, these seats included. It comes after the
 * seats, so that the unique key speaks first about seats that are taken. */
static enum db_result limit_check(struct db *db, struct reserve_job *j)
{
	int64_t live;
	enum db_result r = db_query(db,
				    "SELECT COUNT(*) FROM reservations r JOIN reservation_seats s"
				    " ON s.reservation_id = r.id WHERE r.user_id = ? AND r.concert_id = ?"
				    " AND s.live = 1 AND (r.status = 'PAID' OR r.expires_at > UTC_TIMESTAMP(3))",
				    "ii", j->user, j->seats.concert);

	if (r == DB_OK)
		r = db_row(db, "i", &live);
	if (r != DB_OK)
		return r;
	if (live <= j->seat_limit)
		return DB_OK;
	j->code = CODE_SEAT_LIMIT;
	return DB_REFUSED;
}

static enum db_result seats_insert(struct db *db, const struct reserve_job *j)
{
	for (size_t i = 0; i < j->seats.count; i++) {
		enum db_result r = db_exec(db,
					   "INSERT INTO reservation_seats (reservation_id, schedule_id, seat_id,"
					   " price, live) VALUES (?, ?, ?, ?, 1)",
					   "iiii", j->reservation.id, j->seats.schedule, j->seats.ids[i],
					   j->reservation.prices[i]);

		if (r != DB_OK)
			return r;
	}
	return DB_OK;
}

static enum db_result reservation_insert(struct db *db, struct reserve_job *j)
{
	/* What is left of the hold, by a clock that runs on while the daemon is stopped. */
	int64_t left_ms = j->hold_ms - (clock_ms() - j->held_at);
	enum db_result r = db_exec(db,
				   "INSERT INTO reservations (user_id, concert_id, schedule_id, queue, place, amount,"
				   " status, expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, 'HELD',"
				   " UTC_TIMESTAMP(3) + INTERVAL ? MICROSECOND, UTC_TIMESTAMP(3))",
				   "iiisiii", j->user, j->seats.concert, j->seats.schedule, j->queue, (int64_t)j->place,
				   j->reservation.amount, (left_ms > 0 ? left_ms : 0) * 1000);

	j->reservation.id = db_insert_id(db);
	return r == DB_OK ? seats_insert(db, j) : r;
}

static bool same_seats(const struct seat_list *a, const struct seat_list *b)
{
	return a->schedule == b->schedule && a->count == b->count &&
	       memcmp(a->ids, b->ids, a->count * sizeof(a->ids[0])) == 0;
}

/* Looks for a held reservation of the user with exactly these seats. */
static enum db_result own_find(struct db *db, struct reserve_job *j)
{
	struct reservation *found = &j->reservation;
	int64_t id = 0;
	enum db_result r = db_query(db,
				    "SELECT s.reservation_id FROM reservation_seats s JOIN reservations r"
				    " ON r.id = s.reservation_id WHERE s.schedule_id = ? AND s.seat_id = ?"
				    " AND s.live = 1 AND r.user_id = ?",
				    "iii", j->seats.schedule, j->seats.ids[0], j->user);

	if (r == DB_OK)
		r = db_row(db, "i", &id);
	if (r == DB_OK)
		r = reservation_read(db, id, found);
	if (r != DB_OK)
		return r;
	j->existed = found->status == RESERVATION_HELD && same_seats(&found->seats, &j->seats);
	return j->existed ? DB_OK : DB_NONE;
}

static enum db_result reserve_new(struct db *db, struct reserve_job *j)
{
	enum db_result r = prices_lock(db, j);

	if (r == DB_OK)
		r = reservation_insert(db, j);
	if (r == DB_OK)
		r = limit_check(db, j);
	if (r == DB_OK)
		r = admission_note(db, j->queue, j->place, j->user);
	if (r == DB_OK)
		r = reservation_read(db, j->reservation.id, &j->reservation);
	if (r != DB_OK || j->reservation.status == RESERVATION_HELD)
		return r;
	/* Redis keeps a hold a little longer than MySQL: one that is over here is not given again. */
	j->code = CODE_SEAT_TAKEN;
	return DB_REFUSED;
}

static enum db_result reserve(struct db *db, void *arg)
{
	struct reserve_job *j = arg;
	enum db_result r = idempotency_begin(db, j->user, &j->idempotency);

	j->code = CODE_OK;
	j->existed = false;
	if (r == DB_DUPLICATE) {
		j->code = CODE_IN_PROGRESS; /* reserve_replay() finds out */
		return DB_REFUSED;
	}
	if (r == DB_OK)
		r = user_lock(db, j);
	if (r == DB_OK)
		r = own_find(db, j);
	if (r == DB_NONE)
		r = reserve_new(db, j);
	if (r == DB_OK)
		r = idempotency_end(db, j->user, &j->idempotency, j->existed ? -j->reservation.id : j->reservation.id);
	if (r == DB_OK)
		crash_point(CRASH_reservation_before_commit);
	return r;
}

/* The answer a key was given before. The first answer said HELD, whatever became of it since. */
static enum db_result reserve_replay(struct db *db, void *arg)
{
	struct reserve_job *j = arg;
	int64_t id = 0;
	enum db_result r =
		(j->replay_only ? idempotency_await : idempotency_find)(db, j->user, &j->idempotency, &j->code, &id);

	if (r != DB_OK || j->code != CODE_OK)
		return r;
	j->existed = id < 0;
	r = reservation_read(db, j->existed ? -id : id, &j->reservation);
	j->stands = j->reservation.status == RESERVATION_HELD || j->reservation.status == RESERVATION_PAID;
	j->reservation.status = RESERVATION_HELD;
	j->replayed = true;
	return r;
}

static enum db_result truth_read(struct db *db, struct reserve_job *j)
{
	for (size_t i = 0; i < j->seats.count; i++) {
		struct lost_hold *h = &j->truth[i];
		int64_t user = 0, place = 0;
		enum db_result r =
			db_query(db,
				 "SELECT r.user_id, r.place, IF(r.status = 'PAID', -1,"
				 " GREATEST(0, TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), r.expires_at) DIV 1000))"
				 " FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id"
				 " WHERE s.schedule_id = ? AND s.seat_id = ? AND s.live = 1",
				 "ii", j->seats.schedule, j->seats.ids[i]);

		*h = (struct lost_hold){
			.concert = j->seats.concert, .schedule = j->seats.schedule, .seat = j->seats.ids[i]};
		if (r == DB_OK)
			r = db_row(db, "iii", &user, &place, &h->remaining_ms);
		if (r != DB_OK && r != DB_NONE)
			return r;
		h->user = (uint64_t)user;
		h->place = (uint64_t)place;
	}
	return DB_OK;
}

/* Ends the lapsed reservations that still sit on the seats. */
static enum db_result seats_lapse(struct db *db, void *arg)
{
	const struct reserve_job *j = arg;

	for (size_t i = 0; i < j->seats.count; i++) {
		struct reservation old;
		int64_t id;
		enum db_result r = db_query(db,
					    "SELECT reservation_id FROM reservation_seats"
					    " WHERE schedule_id = ? AND seat_id = ? AND live = 1",
					    "ii", j->seats.schedule, j->seats.ids[i]);

		if (r == DB_OK)
			r = db_row(db, "i", &id);
		if (r == DB_NONE)
			continue;
		if (r == DB_OK)
			r = reservation_lock(db, id, &old);
		if (r == DB_OK && old.status == RESERVATION_EXPIRED)
			r = reservation_end(db, id, RESERVATION_EXPIRED);
		if (r != DB_OK)
			return r;
	}
	return DB_OK;
}

static enum db_result conflict_read(struct db *db, void *arg)
{
	struct reserve_job *j = arg;

	j->code = CODE_SEAT_TAKEN;
	return truth_read(db, j);
}

/* A unique key fired: the seats are a lapsed hold's, or somebody else's. */
static enum db_result reserve_conflict(struct db *db, struct reserve_job *j)
{
	enum db_result r = db_transaction(db, seats_lapse, j);

	if (r == DB_OK)
		r = db_transaction(db, reserve, j);
	return r == DB_DUPLICATE ? db_reading(db, conflict_read, j) : r;
}

/* A key that is not there is no fault: it was not used before, or its holder gave up just now. */
static enum db_result replay_result(enum db_result r)
{
	return r == DB_NONE ? DB_OK : r;
}

enum code reserve_work(struct db *db, struct job *job)
{
	struct reserve_job *j = (struct reserve_job *)job;
	enum db_result r;

	j->reservation.seats = j->seats;
	j->code = CODE_OK;
	if (j->replay_only)
		return db_code(replay_result(db_reading(db, reserve_replay, j)));
	r = db_transaction(db, reserve, j);
	if (r == DB_DUPLICATE)
		r = reserve_conflict(db, j);
	if (r == DB_REFUSED && j->code == CODE_IN_PROGRESS)
		r = db_reading(db, reserve_replay, j);
	else if (r == DB_OK && j->code == CODE_OK)
		crash_point(CRASH_reservation_after_commit);
	j->unsure = r == DB_UNSURE;
	return db_code(replay_result(r));
}

/* Whether the reservation is this user's and may be touched with this token, as a code. */
static enum code own_code(const struct reservation_job *j, enum db_result r)
{
	if (r != DB_OK || j->reservation.user != j->user)
		return CODE_RESERVATION_NOT_FOUND;
	return strcmp(j->reservation.queue, j->queue) == 0 ? CODE_OK : CODE_WRONG_QUEUE;
}

static enum db_result own_read(struct db *db, void *arg)
{
	struct reservation_job *j = arg;
	enum db_result r = reservation_read(db, j->id, &j->reservation);

	j->code = own_code(j, r);
	return r == DB_NONE ? DB_OK : r;
}

enum code reservation_read_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, own_read, job));
}

static enum db_result cancel(struct db *db, void *arg)
{
	struct reservation_job *j = arg;
	enum db_result r = reservation_lock(db, j->id, &j->reservation);

	if (r != DB_OK && r != DB_NONE)
		return r;
	j->code = own_code(j, r);
	if (j->code != CODE_OK)
		return DB_REFUSED;
	if (j->reservation.status == RESERVATION_PAID) {
		j->code = CODE_ALREADY_PAID;
		return DB_REFUSED;
	}
	j->ended = j->reservation.status == RESERVATION_HELD;
	if (j->reservation.status == RESERVATION_CANCELLED)
		return DB_OK; /* cancelling twice is cancelling once */
	r = reservation_end(db, j->id, j->ended ? RESERVATION_CANCELLED : RESERVATION_EXPIRED);
	return r == DB_OK && j->ended ? settlement_owe(db, j->id) : r;
}

enum code reservation_cancel_work(struct db *db, struct job *job)
{
	return db_code(db_transaction(db, cancel, job));
}

static enum db_result session_cancel(struct db *db, void *arg)
{
	const struct session_cancel_job *j = arg;
	enum db_result r = db_exec(db,
				   "INSERT INTO settlements (reservation_id, created_at) SELECT id, UTC_TIMESTAMP(3)"
				   " FROM reservations WHERE user_id = ? AND queue = ? AND status = 'HELD' FOR UPDATE",
				   "is", j->user, j->queue);

	if (r != DB_OK)
		return r;
	return db_exec(db,
		       "UPDATE reservations r JOIN reservation_seats s ON s.reservation_id = r.id"
		       " SET s.live = NULL, r.status = 'CANCELLED'"
		       " WHERE r.user_id = ? AND r.queue = ? AND r.status = 'HELD'",
		       "is", j->user, j->queue);
}

enum code session_cancel_work(struct db *db, struct job *job)
{
	return db_code(db_transaction(db, session_cancel, job));
}
