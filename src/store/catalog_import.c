/* Writes a checked catalogue file into MySQL in one transaction: concerts, schedules, and the whole. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/crash_point.h"
#include "store/import.h"

enum db_result import_refuse(struct import *m, enum code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	m->job->code = code;
	m->job->why = arena_vprintf(m->a, fmt, ap);
	va_end(ap);
	return DB_REFUSED;
}

enum db_result import_number(struct import *m, const char *sql, int64_t argument, int64_t *out)
{
	enum db_result r = db_query(m->db, sql, "i", argument);

	return r == DB_OK ? db_row(m->db, "i", out) : r;
}

void sql_append(struct sql *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->at + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
}

static enum db_result live_of_schedule(struct import *m, int64_t schedule, int64_t *live)
{
	return import_number(m,
			     "SELECT COUNT(*) FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id"
			     " WHERE s.schedule_id = ? AND s.live = 1"
			     " AND (r.status = 'PAID' OR r.expires_at > UTC_TIMESTAMP(3))",
			     schedule, live);
}

static void schedule_changed(struct import *m, enum change_how how, const struct file_schedule *s, int64_t starts_at,
			     const char *venue)
{
	struct change *x = changes_add(&m->job->changes, CHANGED_SCHEDULES, how, s->id, s->venue);

	change_time(x, "startsAt", starts_at, s->starts_at);
	change_text(&m->job->changes, x, "venue", venue, s->venue);
}

static enum db_result schedule_write(struct import *m, const char *path, const struct file_concert *c,
				     const struct file_schedule *s)
{
	int64_t concert, starts_at, removed;
	char venue[NAME_TEXT];
	enum db_result r =
		db_query(m->db, "SELECT concert_id, starts_at, venue, removed FROM schedules WHERE id = ? FOR UPDATE",
			 "i", s->id);

	if (r == DB_OK)
		r = db_row(m->db, "itsi", &concert, &starts_at, venue, sizeof(venue), &removed);
	if (r == DB_NONE) {
		schedule_changed(m, CHANGE_ADDED, s, 0, "");
		return db_exec(m->db, "INSERT INTO schedules (id, concert_id, starts_at, venue) VALUES (?, ?, ?, ?)",
			       "iits", s->id, c->id, s->starts_at, s->venue);
	}
	if (r != DB_OK)
		return r;
	if (concert != c->id)
		return import_refuse(m, CODE_CATALOG_CONFLICT,
				     "%s.id: schedule %" PRId64 " belongs to concert %" PRId64, path, s->id, concert);
	if (starts_at == s->starts_at && strcmp(venue, s->venue) == 0 && !removed)
		return DB_OK;
	schedule_changed(m, removed ? CHANGE_ADDED : CHANGE_CHANGED, s, starts_at, venue);
	return db_exec(m->db, "UPDATE schedules SET starts_at = ?, venue = ?, removed = 0 WHERE id = ?", "tsi",
		       s->starts_at, s->venue, s->id);
}

struct ids {
	int64_t at[10000];
	size_t count;
};

static void ids_add(void *arg, int64_t id)
{
	struct ids *ids = arg;

	if (ids->count < sizeof(ids->at) / sizeof(ids->at[0]))
		ids->at[ids->count++] = id;
}

static bool file_has(const struct file_concert *c, int64_t schedule)
{
	for (size_t i = 0; i < c->schedule_count; i++)
		if (c->schedules[i].id == schedule)
			return true;
	return false;
}

/* Takes one schedule away, with its seats. */
static enum db_result schedule_remove(struct import *m, int64_t id)
{
	struct changes *c = &m->job->changes;
	char venue[NAME_TEXT];
	enum db_result r = db_query(m->db, "SELECT venue FROM schedules WHERE id = ?", "i", id);

	if (r == DB_OK)
		r = db_row(m->db, "s", venue, sizeof(venue));
	if (r == DB_OK)
		r = db_exec(m->db, "UPDATE schedules SET removed = 1 WHERE id = ?", "i", id);
	if (r == DB_OK)
		r = db_exec(m->db, "UPDATE seats SET removed = 1 WHERE schedule_id = ? AND removed = 0", "i", id);
	if (r != DB_OK)
		return r;
	changes_add(c, CHANGED_SCHEDULES, CHANGE_REMOVED, id, arena_copy(m->a, venue, strlen(venue)));
	if (db_affected(m->db))
		changes_add_seats(c, CHANGE_REMOVED, id, NULL, db_affected(m->db), 0, 0);
	return DB_OK;
}

/* A concert's list of schedules is complete: one it no longer has is taken away. */
static enum db_result schedules_remove(struct import *m, const char *path, const struct file_concert *c)
{
	struct ids *old = arena_alloc(m->a, sizeof(*old));
	char sql[128];
	enum db_result r;

	if (!old)
		return DB_FAILED;
	snprintf(sql, sizeof(sql), "SELECT id FROM schedules WHERE concert_id = %" PRId64 " AND removed = 0", c->id);
	r = db_text_numbers(m->db, sql, ids_add, old);
	for (size_t i = 0; r == DB_OK && i < old->count; i++) {
		int64_t live = 0;

		if (file_has(c, old->at[i]))
			continue;
		r = schedule_remove(m, old->at[i]);
		if (r == DB_OK)
			r = live_of_schedule(m, old->at[i], &live);
		if (r == DB_OK && live)
			return import_refuse(m, CODE_CATALOG_CONFLICT,
					     "%s.schedules: takes away schedule %" PRId64
					     ", which has seats sold or held",
					     path, old->at[i]);
	}
	return r;
}

/* Seats of a concert live in Redis under its queue: it cannot move while any is taken. */
static enum db_result concert_move(struct import *m, const char *path, int64_t id)
{
	int64_t live;
	enum db_result r = import_number(m,
					 "SELECT COUNT(*) FROM reservations r JOIN reservation_seats s"
					 " ON s.reservation_id = r.id WHERE r.concert_id = ? AND s.live = 1",
					 id, &live);

	if (r == DB_OK && live)
		return import_refuse(m, CODE_CATALOG_CONFLICT,
				     "%s.queue: concert %" PRId64 " cannot move while seats are sold or held", path,
				     id);
	return r;
}

static void concert_changed(struct import *m, enum change_how how, const struct file_concert *old,
			    const struct file_concert *new)
{
	struct changes *c = &m->job->changes;
	struct change *x = changes_add(c, CHANGED_CONCERTS, how, new->id, new->title);

	change_text(c, x, "title", old->title, new->title);
	change_text(c, x, "queue", old->queue, new->queue);
	change_number(x, "seatLimit", old->seat_limit, new->seat_limit);
	change_number(x, "holdSeconds", old->hold_seconds, new->hold_seconds);
}

static enum db_result concert_write(struct import *m, const char *path, const struct file_concert *c)
{
	char title[NAME_TEXT], queue[QUEUE_NAME_MAX + 1];
	struct file_concert old = {.title = title, .queue = queue};
	enum db_result r =
		db_query(m->db, "SELECT title, queue, seat_limit, hold_seconds FROM concerts WHERE id = ? FOR UPDATE",
			 "i", c->id);

	if (r == DB_OK)
		r = db_row(m->db, "ssii", title, sizeof(title), queue, sizeof(queue), &old.seat_limit,
			   &old.hold_seconds);
	if (r == DB_NONE) {
		concert_changed(m, CHANGE_ADDED, &(struct file_concert){.title = "", .queue = ""}, c);
		return db_exec(m->db,
			       "INSERT INTO concerts (id, title, queue, seat_limit, hold_seconds)"
			       " VALUES (?, ?, ?, ?, ?)",
			       "issii", c->id, c->title, c->queue, c->seat_limit, c->hold_seconds);
	}
	if (r == DB_OK && strcmp(queue, c->queue) != 0)
		r = concert_move(m, path, c->id);
	if (r != DB_OK || (strcmp(title, c->title) == 0 && strcmp(queue, c->queue) == 0 &&
			   old.seat_limit == c->seat_limit && old.hold_seconds == c->hold_seconds))
		return r;
	concert_changed(m, CHANGE_CHANGED, &old, c);
	return db_exec(m->db, "UPDATE concerts SET title = ?, queue = ?, seat_limit = ?, hold_seconds = ? WHERE id = ?",
		       "ssiii", c->title, c->queue, c->seat_limit, c->hold_seconds, c->id);
}

static enum db_result queue_exists(struct import *m, const char *path, const char *name)
{
	int64_t there;
	enum db_result r = db_query(m->db, "SELECT 1 FROM queues WHERE name = ?", "s", name);

	if (r == DB_OK)
		r = db_row(m->db, "i", &there);
	return r == DB_NONE ? import_refuse(m, CODE_INVALID_FIELD, "%s.queue: no such queue", path) : r;
}

static enum db_result concert_import(struct import *m, size_t i)
{
	const struct file_concert *c = &m->file->concerts[i];
	const char *path = arena_printf(m->a, "concerts[%zu]", i);
	enum db_result r = path ? queue_exists(m, path, c->queue) : DB_FAILED;

	if (r == DB_OK)
		r = concert_write(m, path, c);
	if (r == DB_OK)
		r = schedules_remove(m, path, c);
	for (size_t k = 0; r == DB_OK && k < c->schedule_count; k++) {
		const char *under = arena_printf(m->a, "%s.schedules[%zu]", path, k);

		r = under ? schedule_write(m, under, c, &c->schedules[k]) : DB_FAILED;
		if (r == DB_OK)
			r = import_seats(m, under, &c->schedules[k]);
	}
	return r;
}

static bool any_changed(const struct changes *c)
{
	for (int kind = 0; kind < CHANGED_KINDS; kind++)
		if (changes_of(c, kind))
			return true;
	return false;
}

/* A dry run ends as if it had been refused, but with nothing said against it. */
static enum db_result import_all(struct db *db, void *arg)
{
	struct import *m = arg;
	struct catalog_import_job *j = m->job;
	int64_t version;
	enum db_result r;

	m->db = db;
	changes_begin(&j->changes, m->a);
	/* One import at a time. */
	r = import_number(m, "SELECT version FROM catalog_version WHERE id = ? FOR UPDATE", 1, &version);
	for (size_t i = 0; r == DB_OK && i < m->file->queue_count; i++)
		r = import_queue(m, i);
	if (r == DB_OK)
		r = import_users(m);
	if (r == DB_OK)
		crash_point(CRASH_import_half);
	for (size_t i = 0; r == DB_OK && i < m->file->concert_count; i++)
		r = concert_import(m, i);
	if (r == DB_OK && j->dry_run)
		return DB_REFUSED;
	if (r == DB_OK && any_changed(&j->changes))
		r = db_exec(db, "UPDATE catalog_version SET version = version + 1 WHERE id = 1", "");
	return r;
}

enum code catalog_import_work(struct db *db, struct job *job)
{
	struct catalog_import_job *j = (struct catalog_import_job *)job;
	struct import m = {.job = j, .a = &job->arena};

	j->code = CODE_OK;
	m.file = catalog_file_read(&job->arena, j->text, j->len, &j->code, &j->why);
	if (!m.file)
		return CODE_OK;
	return db_code(db_transaction(db, import_all, &m));
}
