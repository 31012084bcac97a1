/* Counting the invariants for real, on one snapshot. */
#include "store/audit.h"

static enum db_result count(struct db *db, const char *sql, struct audit_count *out)
{
	enum db_result r = db_query(db, sql, "");

	return r == DB_OK ? db_row(db, "ii", &out->counted, &out->violations) : r;
}

static enum db_result seats_read(struct db *db, struct audit_job *j, const char *how_many, const char *which,
				 struct audit_seat **out, size_t *n)
{
	int64_t most = 0;
	enum db_result r = db_query(db, how_many, "");

	*n = 0;
	if (r == DB_OK)
		r = db_row(db, "i", &most);
	if (r != DB_OK)
		return r;
	*out = arena_alloc(&j->job.arena, ((size_t)most + 1) * sizeof(**out));
	if (!*out)
		return DB_FAILED;
	r = db_query(db, which, "");
	while (r == DB_OK && *n < (size_t)most) {
		r = db_row(db, "ii", &(*out)[*n].schedule, &(*out)[*n].seat);
		if (r == DB_OK)
			++*n;
	}
	return r == DB_NONE ? DB_OK : r;
}

#define PAID_SEATS                                                                                                     \
	" FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id"                                     \
	" WHERE s.live = 1 AND r.status = 'PAID'"
#define UNSETTLED_SEATS                                                                                                \
	" FROM settlements t JOIN reservation_seats s ON s.reservation_id = t.reservation_id AND s.live = 1"

static enum db_result audit(struct db *db, void *arg)
{
	struct audit_job *j = arg;
	enum db_result r = count(db,
				 "SELECT COUNT(*), COALESCE(SUM(n > 1 OR ended > 0), 0) FROM (SELECT COUNT(*) AS n,"
				 " SUM(r.status NOT IN ('HELD', 'PAID')) AS ended FROM reservation_seats s"
				 " JOIN reservations r ON r.id = s.reservation_id WHERE s.live = 1"
				 " GROUP BY s.schedule_id, s.seat_id) AS t",
				 &j->seat_live);

	if (r == DB_OK)
		r = count(db,
			  "SELECT COUNT(*), COALESCE(SUM(payments <> 1 OR paid <> amount OR price <> amount), 0)"
			  " FROM (SELECT r.amount, (SELECT COUNT(*) FROM payments p WHERE p.reservation_id = r.id)"
			  " AS payments, (SELECT COALESCE(SUM(p.amount), -1) FROM payments p"
			  " WHERE p.reservation_id = r.id) AS paid, (SELECT COALESCE(SUM(s.price), -1)"
			  " FROM reservation_seats s WHERE s.reservation_id = r.id AND s.live = 1) AS price"
			  " FROM reservations r WHERE r.status = 'PAID') AS t",
			  &j->paid_payment);
	if (r == DB_OK)
		r = count(db,
			  "SELECT COUNT(*), COALESCE(SUM(b.amount <> COALESCE(l.total, 0) OR b.amount < 0), 0)"
			  " FROM balances b LEFT JOIN (SELECT user_id, SUM(amount) AS total FROM ledger"
			  " GROUP BY user_id) AS l ON l.user_id = b.user_id",
			  &j->balance_ledger);
	if (r == DB_OK)
		r = seats_read(db, j, "SELECT COUNT(*)" PAID_SEATS,
			       "SELECT s.schedule_id, s.seat_id" PAID_SEATS " ORDER BY s.schedule_id, s.seat_id",
			       &j->paid, &j->paid_count);
	if (r == DB_OK)
		r = seats_read(db, j, "SELECT COUNT(*)" UNSETTLED_SEATS,
			       "SELECT s.schedule_id, s.seat_id" UNSETTLED_SEATS " ORDER BY s.schedule_id, s.seat_id",
			       &j->unsettled, &j->unsettled_count);
	return r;
}

enum code audit_work(struct db *db, struct job *job)
{
	return db_code(db_snapshot(db, audit, job));
}
