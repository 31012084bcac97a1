/* Queues of a catalogue, and their users. */
#include "store/import.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USERS_A_STATEMENT 1000

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
	bool opened, past;
	enum db_result r;

	if (q->opens_at == old)
		return DB_OK;
	r = doors_look(m->db, old, q->opens_at, &opened, &past);
	if (r == DB_OK && past)
		return import_refuse(m, CODE_INVALID_FIELD, "queues[%zu].opensAt: must be in the future", i);
	if (r == DB_OK && opened)
		return import_refuse(m, CODE_CATALOG_CONFLICT, "queues[%zu].opensAt: the doors are open already", i);
	return r;
}

static void queue_changed(struct import *m, enum change_how how, const struct file_queue *old,
			  const struct file_queue *new)
{
	struct change *x = changes_add(&m->job->changes, CHANGED_QUEUES, how, 0, new->name);

	change_number(x, "capacity", old->capacity, new->capacity);
	change_number(x, "ratePerSecond", old->rate_per_second, new->rate_per_second);
	change_number(x, "sessionSeconds", old->session_seconds, new->session_seconds);
	change_number(x, "claimSeconds", old->claim_seconds, new->claim_seconds);
	change_truth(x, "paused", old->paused, new->paused);
	change_time(x, "opensAt", old->opens_at, new->opens_at);
}

static enum db_result queue_insert(struct import *m, size_t i, const struct file_queue *q, const unsigned char *digest)
{
	unsigned char seed[SEED_BYTES];
	enum db_result r = doors_check(m, i, q, 0);

	if (r != DB_OK)
		return r;
	randombytes_buf(seed, sizeof(seed));
	queue_changed(m, CHANGE_ADDED, &(struct file_queue){0}, q);
	return db_exec(m->db,
		       "INSERT INTO queues (name, capacity, rate_per_second, session_seconds, claim_seconds, paused,"
		       " opens_at, seed, loaded, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))",
		       "siiiiitbb", q->name, q->capacity, q->rate_per_second, q->session_seconds, q->claim_seconds,
		       q->paused, q->opens_at, seed, sizeof(seed), digest, (size_t)32);
}

/* What an operator changed by hand stays, unless the file itself says something new. */
enum db_result import_queue(struct import *m, size_t i)
{
	const struct file_queue *q = &m->file->queues[i];
	unsigned char digest[32], loaded[32];
	struct file_queue old;
	enum db_result r;

	queue_digest(q, digest);
	r = db_query(m->db,
		     "SELECT loaded, capacity, rate_per_second, session_seconds, claim_seconds, paused, opens_at"
		     " FROM queues WHERE name = ? FOR UPDATE",
		     "s", q->name);
	if (r == DB_OK)
		r = db_row(m->db, "biiiiit", loaded, sizeof(loaded), &old.capacity, &old.rate_per_second,
			   &old.session_seconds, &old.claim_seconds, &old.paused, &old.opens_at);
	if (r == DB_NONE)
		return queue_insert(m, i, q, digest);
	if (r != DB_OK || memcmp(digest, loaded, sizeof(digest)) == 0)
		return r;
	r = doors_check(m, i, q, old.opens_at);
	if (r == DB_OK && old.opens_at == 0 && q->opens_at)
		r = queue_reseed(m->db, q->name);
	if (r != DB_OK)
		return r;
	queue_changed(m, CHANGE_CHANGED, &old, q);
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
	struct changes *c = &m->job->changes;
	char name[NAME_TEXT];
	enum db_result r = db_query(m->db, "SELECT name FROM users WHERE id = ?", "i", u->from);

	if (r == DB_OK)
		r = db_row(m->db, "s", name, sizeof(name));
	if (r == DB_OK) {
		if (strcmp(name, u->name) == 0)
			return DB_OK;
		change_text(c, changes_add(c, CHANGED_USERS, CHANGE_CHANGED, u->from, u->name), "name", name, u->name);
		return db_exec(m->db, "UPDATE users SET name = ? WHERE id = ?", "si", u->name, u->from);
	}
	if (r != DB_NONE)
		return r;
	change_number(changes_add(c, CHANGED_USERS, CHANGE_ADDED, u->from, u->name), "balance", 0, u->balance);
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

/* One INSERT for those of from..to who are not there; `row` is written with id and balance. */
static enum db_result missing_insert(struct import *m, const struct present *p, int64_t to, const char *head,
				     const char *row, int64_t balance)
{
	struct sql sql = {malloc(USERS_A_STATEMENT * 128 + 256), 0, USERS_A_STATEMENT * 128 + 256};
	enum db_result r = DB_OK;
	bool any = false;

	if (!sql.at)
		return DB_FAILED;
	sql_append(&sql, "%s", head);
	for (int64_t id = p->from; id <= to; id++) {
		if (p->there[id - p->from])
			continue;
		sql_append(&sql, "%s(%" PRId64, any ? "," : "", id);
		sql_append(&sql, "%s", row);
		if (balance >= 0)
			sql_append(&sql, ",%" PRId64, balance);
		sql_append(&sql, ")");
		any = true;
	}
	if (any)
		r = db_text(m->db, sql.at);
	free(sql.at);
	return r;
}

static enum db_result range_part(struct import *m, int64_t from, int64_t to, int64_t balance, int64_t *added)
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
		*added += !p.there[id - from];
	return r;
}

static enum db_result range_import(struct import *m, const struct file_user *u)
{
	enum db_result r = DB_OK;
	int64_t added = 0;

	for (int64_t from = u->from; r == DB_OK && from <= u->to; from += USERS_A_STATEMENT) {
		int64_t to = from + USERS_A_STATEMENT - 1;

		r = range_part(m, from, to < u->to ? to : u->to, u->balance, &added);
	}
	if (r == DB_OK && added)
		change_number(changes_add_users(&m->job->changes, u->from, u->to, added), "balance", 0, u->balance);
	return r;
}

enum db_result import_users(struct import *m)
{
	enum db_result r = DB_OK;

	for (size_t i = 0; r == DB_OK && i < m->file->user_count; i++) {
		const struct file_user *u = &m->file->users[i];

		r = u->name ? user_import(m, u) : range_import(m, u);
	}
	return r;
}
