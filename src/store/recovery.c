/* Admissions and live holds in MySQL. */
#include "store/recovery.h"

#include <inttypes.h>
#include <stdio.h>

#define ROW_TEXT_MOST 100

static enum db_result admissions_write(struct db *db, void *arg)
{
	struct admissions_job *j = arg;
	size_t size = 128 + j->list.count * ROW_TEXT_MOST, n;
	char *sql = arena_alloc(&j->job.arena, size);

	if (!sql)
		return DB_FAILED;
	/* A queue's name is made of a-z, 0-9 and -, so it needs no quoting. */
	n = (size_t)snprintf(sql, size, "INSERT IGNORE INTO admissions (queue, place, user_id, created_at) VALUES ");
	for (size_t i = 0; i < j->list.count; i++)
		n += (size_t)snprintf(sql + n, size - n, "%s('%s',%" PRIu64 ",%" PRIu64 ",UTC_TIMESTAMP(3))",
				      i ? "," : "", j->queue, j->list.at[i].place, j->list.at[i].user);
	return db_text(db, sql);
}

enum code admissions_write_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, admissions_write, job));
}

enum db_result admission_note(struct db *db, const char *queue, uint64_t place, int64_t user)
{
	return db_exec(db,
		       "INSERT IGNORE INTO admissions (queue, place, user_id, created_at)"
		       " VALUES (?, ?, ?, UTC_TIMESTAMP(3))",
		       "sii", queue, (int64_t)place, user);
}

static enum db_result through_read(struct db *db, void *arg)
{
	struct through_job *j = arg;
	enum db_result r = db_query(db,
				    "SELECT place, user_id FROM admissions WHERE queue = ?"
				    " AND (place > ? OR (place = ? AND user_id > ?)) ORDER BY place, user_id LIMIT ?",
				    "siiii", j->queue, (int64_t)j->place, (int64_t)j->place, (int64_t)j->user,
				    (int64_t)ADMITTED_MOST);

	for (j->list.count = 0; r == DB_OK && j->list.count < ADMITTED_MOST;) {
		int64_t place, user;

		r = db_row(db, "ii", &place, &user);
		if (r == DB_OK)
			j->list.at[j->list.count++] = (struct admitted){(uint64_t)user, (uint64_t)place, 0};
	}
	return r == DB_NONE ? DB_OK : r;
}

enum code through_read_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, through_read, job));
}

#define HOLDS_OF(whose)                                                                                                \
	" FROM reservations r JOIN reservation_seats s ON s.reservation_id = r.id"                                     \
	" WHERE r.queue = ? AND " whose " AND r.status = 'HELD' AND r.expires_at > UTC_TIMESTAMP(3) AND s.live = 1"
#define HOLD_COLUMNS                                                                                                   \
	"SELECT r.user_id, r.place, r.concert_id, r.schedule_id, s.seat_id,"                                           \
	" TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), r.expires_at) DIV 1000"
#define ONE HOLDS_OF("r.user_id = ?")
#define ALL HOLDS_OF("? = 0")

static enum db_result lost_holds_read(struct db *db, void *arg)
{
	struct lost_holds_job *j = arg;
	int64_t most = 0;
	enum db_result r =
		db_query(db, j->user ? "SELECT COUNT(*)" ONE : "SELECT COUNT(*)" ALL, "si", j->queue, j->user);

	if (r == DB_OK)
		r = db_row(db, "i", &most);
	if (r != DB_OK)
		return r;
	j->count = 0;
	j->holds = arena_alloc(&j->job.arena, ((size_t)most + 1) * sizeof(*j->holds));
	if (!j->holds)
		return DB_FAILED;
	r = db_query(db, j->user ? HOLD_COLUMNS ONE " LIMIT ?" : HOLD_COLUMNS ALL " LIMIT ?", "sii", j->queue, j->user,
		     most);
	while (r == DB_OK) {
		struct lost_hold *h = &j->holds[j->count];
		int64_t user = 0, place = 0;

		r = db_row(db, "iiiiii", &user, &place, &h->concert, &h->schedule, &h->seat, &h->remaining_ms);
		h->user = (uint64_t)user;
		h->place = (uint64_t)place;
		j->count += r == DB_OK;
	}
	return r == DB_NONE ? DB_OK : r;
}

enum code lost_holds_work(struct db *db, struct job *job)
{
	return db_code(db_snapshot(db, lost_holds_read, job));
}

static enum db_result admissions_sweep(struct db *db, void *arg)
{
	(void)arg;
	return db_sweep(db, "DELETE FROM admissions WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 7 DAY" SWEEP_LIMIT);
}

enum code admissions_sweep_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, admissions_sweep, job));
}
