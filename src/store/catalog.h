/*
 * The catalogue as a daemon keeps it in memory: read whole from MySQL, never changed, shared by
 * all threads and replaced when its version changes.
 */
#ifndef USHER_STORE_CATALOG_H
#define USHER_STORE_CATALOG_H

#include <stdatomic.h>

#include "engine/queue.h"
#include "store/pool.h"

#define SEED_BYTES 32
#define NAME_TEXT 801 /* 200 characters of UTF-8 */
#define SECTION_TEXT 257
#define ROW_TEXT 65

struct catalog_queue {
	char name[QUEUE_NAME_MAX + 1];
	unsigned char seed[SEED_BYTES]; /* secret until the doors open */
};

struct catalog_concert {
	int64_t id, seat_limit, hold_seconds;
	char title[NAME_TEXT];
	const struct catalog_queue *queue;
};

struct catalog_seat {
	int64_t id, number, price;
	const char *section, *row; /* shared between seats */
};

struct catalog_schedule {
	int64_t id, starts_at; /* Unix ms */
	char venue[NAME_TEXT];
	const struct catalog_concert *concert;
	const struct catalog_seat *seats; /* by rising id */
	size_t seat_count;
};

struct catalog {
	atomic_int users;
	int64_t version;
	struct arena arena;
	struct catalog_queue *queues;
	struct catalog_concert *concerts;   /* by rising id */
	struct catalog_schedule *schedules; /* by rising id */
	size_t queue_count, concert_count, schedule_count;
};

/* Reads the catalogue. NULL in *out and the reason as the result when MySQL does not give it. */
enum db_result catalog_read(struct db *db, struct catalog **out);

/* The same as a job; the catalogue is the asker's to drop. */
struct catalog_job {
	struct job job;
	struct catalog *catalog;
};
enum code catalog_read_work(struct db *db, struct job *job);

/* The version in MySQL. */
enum db_result catalog_version(struct db *db, int64_t *version);

/* Every holder takes the catalogue once and drops it once; the last one frees it. */
struct catalog *catalog_take(struct catalog *c);
void catalog_drop(struct catalog *c);

/* Look-ups; NULL if there is no such thing. */
const struct catalog_queue *catalog_queue(const struct catalog *c, const char *name);
const struct catalog_concert *catalog_concert(const struct catalog *c, int64_t id);
const struct catalog_schedule *catalog_schedule(const struct catalog *c, int64_t id);
const struct catalog_seat *schedule_seat(const struct catalog_schedule *s, int64_t id);

#endif
