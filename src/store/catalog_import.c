/* Writes a checked catalogue file into MySQL in one transaction. */
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/catalog_file.h"

#define SEATS_A_STATEMENT 500
#define USERS_A_STATEMENT 1000

/* One import: what it reads from, what it has found wrong, what it changed. */
struct import {
	struct db *db;
	struct catalog_import_job *job;
	struct arena *a;
	const struct catalog_file *file;
};

static enum db_result refuse(struct import *m, enum code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static enum db_result refuse(struct import *m, enum code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	m->job->code = code;
	m->job->why = arena_vprintf(m->a, fmt, ap);
	va_end(ap);
	return DB_REFUSED;
}

/* One number out of a query with one argument. DB_NONE if there is no row. */
static enum db_result number(struct import *m, const char *sql, int64_t argument, int64_t *out)
{
	enum db_result r = db_query(m->db, sql, "i", argument);

	return r == DB_OK ? db_row(m->db, "i", out) : r;
}

/* Queues. */

static void queue_digest(const struct file_queue *q, unsigned char digest[32])
{
	char text[256];
	int n = snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64,
			 q->capacity, q->rate_per_second, q->session_seconds, q->claim_seconds, q->paused, q->opens_at);

	crypto_generichash(digest, 32, (const unsigned char *)text, (size_t)n, NULL, 0);
}

/* Doors are set to a time that is ahead, and moved only while they are still closed. */
static enum db_result doors_check(struct import *m, size_t i, const struct file_queue *q, int64_t old)
{
	int64_t opened = 0, past = 0;
	enum db_result r;

	if (q->opens_at == old)
		return DB_OK;
	r = db_query(m->db, "SELECT COALESCE(? <= UTC_TIMESTAMP(3), 0), COALESCE(? <= UTC_TIMESTAMP(3), 0)", "tt", old,
		     q->opens_at);
	if (r == DB_OK)
		r = db_row(m->db, "ii", &opened, &past);
	if (r == DB_OK && past)
		return refuse(m, CODE_INVALID_FIELD, "queues[%zu].opensAt: must be in the future", i);
	if (r == DB_OK && opened)
		return refuse(m, CODE_CATALOG_CONFLICT, "queues[%zu].opensAt: the doors are open already", i);
	return r;
}

static enum db_result queue_insert(struct import *m, size_t i, const struct file_queue *q, const unsigned char *digest)
{
	unsigned char seed[SEED_BYTES];
	enum db_result r = doors_check(m, i, q, 0);

	if (r != DB_OK)
		return r;
	randombytes_buf(seed, sizeof(seed));
	m->job->queues++;
	return db_exec(m->db,
		       "INSERT INTO queues (name, capacity, rate_per_second, session_seconds, claim_seconds, paused,"
		       " opens_at, seed, loaded, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))",
		       "siiiiitbb", q->name, q->capacity, q->rate_per_second, q->session_seconds, q->claim_seconds,
		       q->paused, q->opens_at, seed, sizeof(seed), digest, (size_t)32);
}

/* What an operator changed by hand stays, unless the file itself says something new. */
static enum db_result queue_import(struct import *m, size_t i)
{
	const struct file_queue *q = &m->file->queues[i];
	unsigned char digest[32], loaded[32];
	int64_t opens_at;
	enum db_result r;

	queue_digest(q, digest);
	r = db_query(m->db, "SELECT loaded, opens_at FROM queues WHERE name = ? FOR UPDATE", "s", q->name);
	if (r == DB_OK)
		r = db_row(m->db, "bt", loaded, sizeof(loaded), &opens_at);
	if (r == DB_NONE)
		return queue_insert(m, i, q, digest);
	if (r != DB_OK || memcmp(digest, loaded, sizeof(digest)) == 0)
		return r;
	r = doors_check(m, i, q, opens_at);
	if (r == DB_OK && opens_at == 0 && q->opens_at)
		r = queue_reseed(m->db, q->name);
	if (r != DB_OK)
		return r;
	m->job->queues++;
	return db_exec(m->db,
		       "UPDATE queues SET version = version + 1, capacity = ?, rate_per_second = ?,"
		       " session_seconds = ?, claim_seconds = ?, paused = ?, opens_at = ?, loaded = ? WHERE name = ?",
		       "iiiiitbs", q->capacity, q->rate_per_second, q->session_seconds, q->claim_seconds, q->paused,
		       q->opens_at, digest, sizeof(digest), q->name);
}

/* Users. */

static enum db_result user_opening(struct import *m, int64_t id, int64_t balance)
{
	enum db_result r = db_exec(m->db, "INSERT INTO balances (user_id, amount) VALUES (?, ?)", "ii", id, balance);

	if (r != DB_OK || balance == 0)
		return r;
	return db_exec(m->db,
		       "INSERT INTO ledger (user_id, kind, amount, balance_after, created_at)"
		       " VALUES (?, 'OPENING', ?, ?, UTC_TIMESTAMP(3))",
		       "iii", id, balance, balance);
}

static enum db_result user_import(struct import *m, const struct file_user *u)
{
	char name[NAME_TEXT];
	enum db_result r = db_query(m->db, "SELECT name FROM users WHERE id = ?", "i", u->from);

	if (r == DB_OK)
		r = db_row(m->db, "s", name, sizeof(name));
	if (r == DB_OK) {
		if (strcmp(name, u->name) == 0)
			return DB_OK;
		m->job->users++;
		return db_exec(m->db, "UPDATE users SET name = ? WHERE id = ?", "si", u->name, u->from);
	}
	if (r != DB_NONE)
		return r;
	m->job->users++;
	r = db_exec(m->db, "INSERT INTO users (id, name, created_at) VALUES (?, ?, UTC_TIMESTAMP(3))", "is", u->from,
		    u->name);
	return r == DB_OK ? user_opening(m, u->from, u->balance) : r;
}

struct present {
	int64_t from;
	bool there[USERS_A_STATEMENT];
};

static void present_add(void *arg, int64_t id)
{
	struct present *p = arg;

	p->there[id - p->from] = true;
}

/* Text that grows up to a size known beforehand. */
struct text {
	char *at;
	size_t len, size;
};

static void append(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void append(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	t->len += (size_t)vsnprintf(t->at + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
}

/* One INSERT for those of from..to who are not there; `row` is written with id and balance. */
static enum db_result missing_insert(struct import *m, const struct present *p, int64_t to, const char *head,
				     const char *row, int64_t balance)
{
	struct text sql = {malloc(USERS_A_STATEMENT * 128 + 256), 0, USERS_A_STATEMENT * 128 + 256};
	enum db_result r = DB_OK;
	bool any = false;

	if (!sql.at)
		return DB_FAILED;
	append(&sql, "%s", head);
	for (int64_t id = p->from; id <= to; id++) {
		if (p->there[id - p->from])
			continue;
		append(&sql, "%s(%" PRId64, any ? "," : "", id);
		append(&sql, "%s", row);
		if (balance >= 0)
			append(&sql, ",%" PRId64, balance);
		append(&sql, ")");
		any = true;
	}
	if (any)
		r = db_text(m->db, sql.at);
	free(sql.at);
	return r;
}

static enum db_result range_part(struct import *m, int64_t from, int64_t to, int64_t balance)
{
	struct present p = {.from = from};
	char sql[128];
	enum db_result r;

	snprintf(sql, sizeof(sql), "SELECT id FROM users WHERE id BETWEEN %" PRId64 " AND %" PRId64, from, to);
	r = db_text_numbers(m->db, sql, present_add, &p);
	if (r == DB_OK)
		r = missing_insert(m, &p, to, "INSERT INTO users (id, created_at) VALUES ", ",UTC_TIMESTAMP(3)", -1);
	if (r == DB_OK)
		r = missing_insert(m, &p, to, "INSERT INTO balances (user_id, amount) VALUES ", "", balance);
	if (r == DB_OK && balance > 0)
		r = missing_insert(m, &p, to,
				   "INSERT INTO ledger (user_id, kind, created_at, balance_after, amount) VALUES ",
				   arena_printf(m->a, ",'OPENING',UTC_TIMESTAMP(3),%" PRId64, balance), balance);
	for (int64_t id = from; id <= to; id++)
		m->job->users += !p.there[id - from];
	return r;
}

static enum db_result users_import(struct import *m)
{
	enum db_result r = DB_OK;

	for (size_t i = 0; r == DB_OK && i < m->file->user_count; i++) {
		const struct file_user *u = &m->file->users[i];

		if (u->name)
			r = user_import(m, u);
		for (int64_t from = u->from; !u->name && r == DB_OK && from <= u->to; from += USERS_A_STATEMENT) {
			int64_t to = from + USERS_A_STATEMENT - 1;

			r = range_part(m, from, to < u->to ? to : u->to, u->balance);
		}
	}
	return r;
}

/* Seats. */

static enum db_result live_of_schedule(struct import *m, int64_t schedule, int64_t *live)
{
	return number(m,
		      "SELECT COUNT(*) FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id"
		      " WHERE s.schedule_id = ? AND s.live = 1"
		      " AND (r.status = 'PAID' OR r.expires_at > UTC_TIMESTAMP(3))",
		      schedule, live);
}

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
	enum db_result r = number(m, "SELECT COUNT(*) FROM seats WHERE schedule_id = ?", schedule, &count);

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

static enum db_result seat_update(struct import *m, int64_t schedule, struct old_seat *s, int64_t price)
{
	s->kept = true;
	if (s->price == price && !s->removed)
		return DB_OK;
	m->job->seats++;
	return db_exec(m->db, "UPDATE seats SET price = ?, removed = 0 WHERE schedule_id = ? AND seat_id = ?", "iii",
		       price, schedule, s->id);
}

/* INSERTs put together row by row. */
struct seat_insert {
	struct text sql;
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
		append(&in->sql, "INSERT INTO seats (schedule_id, seat_id, section, row_label, number, price) VALUES ");
	db_quote(m->db, quoted, section, strlen(section));
	append(&in->sql, "%s(%" PRId64 ",%" PRId64 ",%s,'%" PRId64 "',%" PRId64 ",%" PRId64 ")", in->rows ? "," : "",
	       schedule, id, quoted, row, number_in_row, price);
	in->rows++;
	m->job->seats++;
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
			r = found ? seat_update(m, s->id, found, c->price)
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
		m->job->seats++;
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
		return refuse(m, CODE_CATALOG_CONFLICT,
			      "%s: takes away seat %" PRId64 " of schedule %" PRId64 ", which is sold or held", path,
			      live, schedule);
	return r;
}

static enum db_result seats_import(struct import *m, const char *path, const struct file_schedule *s)
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

/* Schedules and concerts. */

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
		m->job->schedules++;
		return db_exec(m->db, "INSERT INTO schedules (id, concert_id, starts_at, venue) VALUES (?, ?, ?, ?)",
			       "iits", s->id, c->id, s->starts_at, s->venue);
	}
	if (r != DB_OK)
		return r;
	if (concert != c->id)
		return refuse(m, CODE_CATALOG_CONFLICT, "%s.id: schedule %" PRId64 " belongs to concert %" PRId64, path,
			      s->id, concert);
	if (starts_at == s->starts_at && strcmp(venue, s->venue) == 0 && !removed)
		return DB_OK;
	m->job->schedules++;
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
		m->job->schedules++;
		r = db_exec(m->db, "UPDATE schedules SET removed = 1 WHERE id = ?", "i", old->at[i]);
		if (r == DB_OK)
			r = db_exec(m->db, "UPDATE seats SET removed = 1 WHERE schedule_id = ?", "i", old->at[i]);
		if (r == DB_OK)
			r = live_of_schedule(m, old->at[i], &live);
		if (r == DB_OK && live)
			return refuse(m, CODE_CATALOG_CONFLICT,
				      "%s.schedules: takes away schedule %" PRId64 ", which has seats sold or held",
				      path, old->at[i]);
	}
	return r;
}

/* Seats of a concert live in Redis under its queue: it cannot move while any is taken. */
static enum db_result concert_move(struct import *m, const char *path, int64_t id)
{
	int64_t live;
	enum db_result r = number(m,
				  "SELECT COUNT(*) FROM reservations r JOIN reservation_seats s"
				  " ON s.reservation_id = r.id WHERE r.concert_id = ? AND s.live = 1",
				  id, &live);

	if (r == DB_OK && live)
		return refuse(m, CODE_CATALOG_CONFLICT,
			      "%s.queue: concert %" PRId64 " cannot move while seats are sold or held", path, id);
	return r;
}

static enum db_result concert_write(struct import *m, const char *path, const struct file_concert *c)
{
	char title[NAME_TEXT], queue[QUEUE_NAME_MAX + 1];
	int64_t limit, hold;
	enum db_result r =
		db_query(m->db, "SELECT title, queue, seat_limit, hold_seconds FROM concerts WHERE id = ? FOR UPDATE",
			 "i", c->id);

	if (r == DB_OK)
		r = db_row(m->db, "ssii", title, sizeof(title), queue, sizeof(queue), &limit, &hold);
	if (r == DB_NONE) {
		m->job->concerts++;
		return db_exec(m->db,
			       "INSERT INTO concerts (id, title, queue, seat_limit, hold_seconds)"
			       " VALUES (?, ?, ?, ?, ?)",
			       "issii", c->id, c->title, c->queue, c->seat_limit, c->hold_seconds);
	}
	if (r == DB_OK && strcmp(queue, c->queue) != 0)
		r = concert_move(m, path, c->id);
	if (r != DB_OK || (strcmp(title, c->title) == 0 && strcmp(queue, c->queue) == 0 && limit == c->seat_limit &&
			   hold == c->hold_seconds))
		return r;
	m->job->concerts++;
	return db_exec(m->db, "UPDATE concerts SET title = ?, queue = ?, seat_limit = ?, hold_seconds = ? WHERE id = ?",
		       "ssiii", c->title, c->queue, c->seat_limit, c->hold_seconds, c->id);
}

static enum db_result queue_exists(struct import *m, const char *path, const char *name)
{
	int64_t there;
	enum db_result r = db_query(m->db, "SELECT 1 FROM queues WHERE name = ?", "s", name);

	if (r == DB_OK)
		r = db_row(m->db, "i", &there);
	return r == DB_NONE ? refuse(m, CODE_INVALID_FIELD, "%s.queue: no such queue", path) : r;
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
			r = seats_import(m, under, &c->schedules[k]);
	}
	return r;
}

static enum db_result import_all(struct db *db, void *arg)
{
	struct import *m = arg;
	struct catalog_import_job *j = m->job;
	int64_t version;
	enum db_result r;

	m->db = db;
	j->queues = j->users = j->concerts = j->schedules = j->seats = 0;
	/* One import at a time. */
	r = number(m, "SELECT version FROM catalog_version WHERE id = ? FOR UPDATE", 1, &version);
	for (size_t i = 0; r == DB_OK && i < m->file->queue_count; i++)
		r = queue_import(m, i);
	if (r == DB_OK)
		r = users_import(m);
	for (size_t i = 0; r == DB_OK && i < m->file->concert_count; i++)
		r = concert_import(m, i);
	if (r == DB_OK && (j->queues || j->users || j->concerts || j->schedules || j->seats))
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
