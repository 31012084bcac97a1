/*
 * What MySQL remembers so that a queue can be made anew in an empty Redis.
 */
#ifndef USHER_STORE_RECOVERY_H
#define USHER_STORE_RECOVERY_H

#include "engine/rebuild.h"
#include "store/pool.h"

/* Writes down who was let in; what is there already stays. */
struct admissions_job {
	struct job job;
	char queue[QUEUE_NAME_MAX + 1];
	struct admitted_list list;
};
enum code admissions_write_work(struct db *db, struct job *job);

/* Part of a transaction that shows that somebody has been let in: written down with it, so that
 * it is known also when Redis is lost before anybody wrote the admission down. */
enum db_result admission_note(struct db *db, const char *queue, uint64_t place, int64_t user);

/* Who was let in, in the order of the primary key, after (`place`, `user`): at most ADMITTED_MOST. */
struct through_job {
	struct job job;
	char queue[QUEUE_NAME_MAX + 1];
	uint64_t place, user;
	struct admitted_list list;
};
enum code through_read_work(struct db *db, struct job *job);

/* The seats held in MySQL, live ones only. */
struct lost_holds_job {
	struct job job;
	char queue[QUEUE_NAME_MAX + 1];
	int64_t user;            /* only this one's; 0: everybody's */
	struct lost_hold *holds; /* in the job's arena */
	size_t count;
};
enum code lost_holds_work(struct db *db, struct job *job);

/* Forgets admissions older than a week. */
enum code admissions_sweep_work(struct db *db, struct job *job);

#endif
