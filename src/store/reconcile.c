/* Holds that are over, and holds that were never recorded. */
#include "store/reconcile.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/reservations.h"

struct due {
	size_t count;
	int64_t ids[LAPSE_BATCH];
};

static void due_add(void *arg, int64_t id)
{
	struct due *due = arg;

	if (due->count < LAPSE_BATCH)
		due->ids[due->count++] = id;
}

/* A row that somebody holds locked must not keep the others waiting. */
static enum db_result lapse_one(struct db *db, void *arg)
{
	int64_t id = *(int64_t *)arg;
	enum db_result r = db_query(db,
				    "SELECT id FROM reservations WHERE id = ? AND status = 'HELD'"
				    " AND expires_at <= UTC_TIMESTAMP(3) FOR UPDATE SKIP LOCKED",
				    "i", id);

	if (r == DB_OK)
		r = db_row(db, "i", &id);
	/* Paid or cancelled in the meantime: then there is nothing to end. */
	if (r == DB_NONE)
		return DB_REFUSED;
	return r == DB_OK ? reservation_end(db, id, RESERVATION_EXPIRED) : r;
}

enum code lapse_work(struct db *db, struct job *job)
{
	struct lapse_job *j = (struct lapse_job *)job;
	struct due due = {0};
	char sql[160];
	enum db_result r;

	snprintf(sql, sizeof(sql),
		 "SELECT id FROM reservations WHERE status = 'HELD' AND expires_at <= UTC_TIMESTAMP(3)"
		 " ORDER BY expires_at LIMIT %d",
		 LAPSE_BATCH);
	r = db_text_numbers(db, sql, due_add, &due);
	for (size_t i = 0; r == DB_OK && i < due.count; i++) {
		r = db_transaction(db, lapse_one, &due.ids[i]);
		j->ended += r == DB_OK;
		if (r == DB_REFUSED)
			r = DB_OK;
	}
	return db_code(r);
}

#define LOOK_TEXT_MOST 320

/* One entry's look, found by the unique key: gives `n` if there is such a reservation. */
static int look_text(char *to, size_t size, size_t n, const struct unrecorded *x)
{
	return snprintf(to, size,
			"%s(SELECT %zu FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id"
			" WHERE s.schedule_id = %" PRId64 " AND s.seat_id = %" PRId64
			" AND s.live = 1 AND r.user_id = %" PRIu64 ")",
			n ? " UNION ALL " : "", n, x->hold.schedule, x->hold.seat, x->user);
}

static void recorded_note(void *arg, int64_t n)
{
	struct unrecorded_list *l = arg;

	l->at[n].recorded = true;
}

static enum db_result recorded_read(struct db *db, void *arg)
{
	struct recorded_job *j = arg;
	size_t size = j->list.count * LOOK_TEXT_MOST + 1, n = 0;
	char *sql = arena_alloc(&j->job.arena, size);

	if (!sql)
		return DB_FAILED;
	for (size_t i = 0; i < j->list.count; i++)
		n += (size_t)look_text(sql + n, size - n, i, &j->list.at[i]);
	return db_text_numbers(db, sql, recorded_note, &j->list);
}

enum code recorded_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, recorded_read, job));
}
