/* Seats of one schedule: what is new, what has changed, what is taken away. */
#include "store/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEATS_A_STATEMENT 500

/* A seat as it is in MySQL, and whether the file still has it. */
struct old_seat {
	int64_t id, number, price, removed;
	char section[SECTION_TEXT], row[ROW_TEXT];
	bool kept;
};

struct old_seats {
	struct old_seat *at;
	size_t count;
	int64_t last_id;
};

static int by_name(const void *a, const void *b)
{
	const struct old_seat *x = a, *y = b;
	int d = strcmp(x->section, y->section);

	if (d == 0)
		d = strcmp(x->row, y->row);
	return d ? d : (x->number > y->number) - (x->number < y->number);
}

static enum db_result old_seats_read(struct import *m, int64_t schedule, struct old_seats *old)
{
	int64_t count;
	enum db_result r = import_number(m, "SELECT COUNT(*) FROM seats WHERE schedule_id = ?", schedule, &count);

	*old = (struct old_seats){0};
	if (r != DB_OK)
		return r;
	old->at = arena_alloc(m->a, ((size_t)count + 1) * sizeof(*old->at));
	if (!old->at)
		return DB_FAILED;
	r = db_query(m->db,
		     "SELECT seat_id, section, row_label, number, price, removed FROM seats WHERE schedule_id = ?"
		     " ORDER BY seat_id FOR UPDATE",
		     "i", schedule);
	while (r == DB_OK && old->count < (size_t)count) {
		struct old_seat *s = &old->at[old->count];

		r = db_row(m->db, "issiii", &s->id, s->section, sizeof(s->section), s->row, sizeof(s->row), &s->number,
			   &s->price, &s->removed);
		if (r != DB_OK)
			break;
		old->last_id = s->id;
		old->count++;
	}
	qsort(old->at, old->count, sizeof(*old->at), by_name);
	return r == DB_NONE ? DB_OK : r;
}

static enum db_result seat_update(struct import *m, int64_t schedule, struct old_seat *s, const char *section,
				  int64_t price)
{
	s->kept = true;
	if (s->price == price && !s->removed)
		return DB_OK;
	changes_add_seats(&m->job->changes, s->removed ? CHANGE_ADDED : CHANGE_CHANGED, schedule, section, 1,
			  s->removed ? 0 : s->price, price);
	return db_exec(m->db, "UPDATE seats SET price = ?, removed = 0 WHERE schedule_id = ? AND seat_id = ?", "iii",
		       price, schedule, s->id);
}

/* INSERTs put together row by row. */
struct seat_insert {
	struct sql sql;
	int rows;
};

static enum db_result seats_flush(struct import *m, struct seat_insert *in)
{
	enum db_result r = in->rows ? db_text(m->db, in->sql.at) : DB_OK;

	in->rows = 0;
	in->sql.len = 0;
	return r;
}

static enum db_result seat_add(struct import *m, struct seat_insert *in, int64_t schedule, int64_t id,
			       const char *section, int64_t row, int64_t number_in_row, int64_t price)
{
	char quoted[2 * SECTION_TEXT + 3];

	if (in->rows == 0)
		sql_append(&in->sql,
			   "INSERT INTO seats (schedule_id, seat_id, section, row_label, number, price) VALUES ");
	db_quote(m->db, quoted, section, strlen(section));
	sql_append(&in->sql, "%s(%" PRId64 ",%" PRId64 ",%s,'%" PRId64 "',%" PRId64 ",%" PRId64 ")",
		   in->rows ? "," : "", schedule, id, quoted, row, number_in_row, price);
	in->rows++;
	changes_add_seats(&m->job->changes, CHANGE_ADDED, schedule, section, 1, 0, price);
	return in->rows == SEATS_A_STATEMENT ? seats_flush(m, in) : DB_OK;
}

static enum db_result section_import(struct import *m, struct seat_insert *in, const struct file_schedule *s,
				     const struct file_section *c, struct old_seats *old)
{
	enum db_result r = DB_OK;

	for (int64_t row = 1; row <= c->rows; row++) {
		for (int64_t n = 1; r == DB_OK && n <= c->seats_per_row; n++) {
			struct old_seat key = {.number = n}, *found;

			snprintf(key.section, sizeof(key.section), "%s", c->name);
			snprintf(key.row, sizeof(key.row), "%" PRId64, row);
			found = old->count ? bsearch(&key, old->at, old->count, sizeof(key), by_name) : NULL;
			r = found ? seat_update(m, s->id, found, c->name, c->price)
				  : seat_add(m, in, s->id, ++old->last_id, c->name, row, n, c->price);
		}
	}
	return r;
}

static void live_mark(void *arg, int64_t id)
{
	int64_t *least = arg;

	if (*least == 0 || id < *least)
		*least = id;
}

/* Takes away what the file no longer has. The seats are locked first: a reservation that is being
 * written now either shows up in the count or finds its seat gone. */
static enum db_result seats_remove(struct import *m, const char *path, int64_t schedule, const struct old_seats *old)
{
	enum db_result r = DB_OK;
	int64_t live = 0;
	char sql[400];

	for (size_t i = 0; r == DB_OK && i < old->count; i++) {
		if (old->at[i].kept || old->at[i].removed)
			continue;
		changes_add_seats(&m->job->changes, CHANGE_REMOVED, schedule, old->at[i].section, 1, 0, 0);
		r = db_exec(m->db, "UPDATE seats SET removed = 1 WHERE schedule_id = ? AND seat_id = ?", "ii", schedule,
			    old->at[i].id);
	}
	if (r != DB_OK)
		return r;
	snprintf(sql, sizeof(sql),
		 "SELECT s.seat_id FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id"
		 " JOIN seats c ON c.schedule_id = s.schedule_id AND c.seat_id = s.seat_id"
		 " WHERE s.schedule_id = %" PRId64 " AND s.live = 1 AND c.removed = 1"
		 " AND (r.status = 'PAID' OR r.expires_at > UTC_TIMESTAMP(3))",
		 schedule);
	r = db_text_numbers(m->db, sql, live_mark, &live);
	if (r == DB_OK && live)
		return import_refuse(m, CODE_CATALOG_CONFLICT,
				     "%s: takes away seat %" PRId64 " of schedule %" PRId64 ", which is sold or held",
				     path, live, schedule);
	return r;
}

enum db_result import_seats(struct import *m, const char *path, const struct file_schedule *s)
{
	const size_t size = SEATS_A_STATEMENT * (2 * SECTION_TEXT + 100) + 256;
	struct seat_insert in = {{malloc(size), 0, size}, 0};
	struct old_seats old;
	enum db_result r = in.sql.at ? old_seats_read(m, s->id, &old) : DB_FAILED;

	for (size_t i = 0; r == DB_OK && i < s->section_count; i++)
		r = section_import(m, &in, s, &s->sections[i], &old);
	if (r == DB_OK)
		r = seats_flush(m, &in);
	free(in.sql.at);
	if (r == DB_OK)
		r = seats_remove(m, arena_printf(m->a, "%s.sections", path), s->id, &old);
	return r;
}
