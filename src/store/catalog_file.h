/*
 * The catalogue file: read and checked whole before anything is touched.
 */
#ifndef USHER_STORE_CATALOG_FILE_H
#define USHER_STORE_CATALOG_FILE_H

#include "store/catalog.h"
#include "store/changes.h"
#include "store/queues.h"

struct file_queue {
	const char *name;
	int64_t capacity, rate_per_second, session_seconds, claim_seconds, paused, opens_at;
};

/* One user, or with `from` a range of them. */
struct file_user {
	int64_t from, to, balance;
	const char *name; /* NULL: a range */
};

struct file_section {
	const char *name;
	int64_t rows, seats_per_row, price;
};

struct file_schedule {
	int64_t id, starts_at;
	const char *venue;
	struct file_section *sections;
	size_t section_count;
};

struct file_concert {
	int64_t id, seat_limit, hold_seconds;
	const char *title, *queue;
	struct file_schedule *schedules;
	size_t schedule_count;
};

struct catalog_file {
	struct file_queue *queues;
	struct file_user *users;
	struct file_concert *concerts;
	size_t queue_count, user_count, concert_count;
};

#define USERS_OF_A_RANGE 10000000
#define SEATS_OF_A_SCHEDULE 200000
#define PRICE_MOST 1000000000000 /* SEATS_MOST of them stay below 2^53 */

/* Reads the text of a catalogue file. Gives NULL and in *why (memory of `a`) the path of the element
 * that is wrong and what it must be; *code is then INVALID_JSON or INVALID_FIELD. */
struct catalog_file *catalog_file_read(struct arena *a, const char *text, size_t len, enum code *code,
				       const char **why);

/* Writes a catalogue into MySQL, whole or not at all; a dry run does the same and takes all of it back. */
struct catalog_import_job {
	struct job job;
	const char *text; /* in the job's arena */
	size_t len;
	bool dry_run;
	enum code code;         /* OK, INVALID_JSON, INVALID_FIELD, CATALOG_CONFLICT */
	const char *why;        /* what is wrong, with its path */
	struct changes changes; /* in the job's arena */
};
enum code catalog_import_work(struct db *db, struct job *job);

/* An import may take this long: it has far more to do than any request of a buyer. */
#define CATALOG_IMPORT_MS 120000

#endif
