/*
 * Queue settings in MySQL: what is in force when Redis has forgotten everything.
 */
#ifndef USHER_STORE_QUEUES_H
#define USHER_STORE_QUEUES_H

#include "engine/seats.h"
#include "store/pool.h"

/* The ranges of the settings; the least is 1. */
#define CAPACITY_MOST 1000000
#define RATE_MOST 100000
#define SESSION_MOST 86400
#define CLAIM_MOST 3600

/* A setting that a PATCH leaves alone. */
#define UNCHANGED INT64_MIN

struct queue_row {
	char name[QUEUE_NAME_MAX + 1];
	struct queue_settings settings;
};

/* All queues and the catalogue's version, in one go: the keeper's look every half second. */
struct queues_job {
	struct job job;
	int64_t catalog_version;
	struct queue_row *rows; /* in the job's arena */
	size_t count;
};
enum code queues_read_work(struct db *db, struct job *job);

/* One queue: PATCH it (fields that are UNCHANGED stay), or read it with nothing changed. */
struct queue_patch_job {
	struct job job;
	char name[QUEUE_NAME_MAX + 1];
	int64_t capacity, rate_per_second, session_seconds, claim_seconds, paused, opens_at;
	enum code code; /* OK, QUEUE_NOT_FOUND, INVALID_FIELD with `why` */
	const char *why;
	struct queue_settings settings; /* after the change */
};
enum code queue_patch_work(struct db *db, struct job *job);

/* Whether doors at `old` are open already, and whether `new` is past, by MySQL's clock; 0 is no
 * doors, which are neither. */
enum db_result doors_look(struct db *db, int64_t old, int64_t new, bool *opened, bool *past);

/* Draws a new seed for a queue that was open, and so has shown its seed, and gets doors now. In the
 * caller's transaction. */
enum db_result queue_reseed(struct db *db, const char *name);

/* Raises a queue's epoch from `seen` by one; exactly one of several daemons gets `won`. */
struct queue_epoch_job {
	struct job job;
	char name[QUEUE_NAME_MAX + 1];
	int64_t seen;
	bool won;
};
enum code queue_epoch_work(struct db *db, struct job *job);

/* The sold seats of one schedule, to make Redis' copy anew. Those held have an owner: lost_holds_work. */
struct seats_sold_job {
	struct job job;
	int64_t schedule;
	int64_t *seats; /* in the job's arena */
	size_t count;
};
enum code seats_sold_work(struct db *db, struct job *job);

#endif
