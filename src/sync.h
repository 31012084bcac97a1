/*
 * The sync: brings this daemon's catalogue and the queues in Redis up to what MySQL says.
 */
#ifndef USHER_SYNC_H
#define USHER_SYNC_H

#include "duty.h"
#include "engine/queue.h"
#include "store/catalog.h"

struct sync {
	struct duty duty;
	struct engine *engine;                    /* the keeper's */
	struct catalog *catalog;                  /* in force */
	void (*answered)(void);                   /* MySQL has just answered */
	void (*changed)(const struct catalog *c); /* a new catalogue is in force on the keeper's engine */
	/* Of the run under way. */
	struct queues_job *queues;
	struct catalog_job *reading;
	size_t at; /* which queue */
	enum sync_state {
		SYNC_LOOK,
		SYNC_JUDGE,
		SYNC_LOCKED,
		SYNC_AGAIN,
		SYNC_EPOCH,
		SYNC_FORGOTTEN,
		SYNC_SEATS,
		SYNC_CORRECT,
		SYNC_HOLDS,
		SYNC_THROUGH,
		SYNC_NOTED
	} state;
	struct queue_status status;
	struct queue_settings settings; /* to be put in force */
	bool mine;
	/* Seats are compared once a connection to Redis, and once more when what was under way has ended. */
	unsigned long connection, compared; /* of this run; the last one that is done with */
	int64_t again_at;                   /* clock_ms; 0: not again */
	bool comparing, all_compared;       /* in this run */
	bool rebuilding;                    /* this queue, not only its seats */
	size_t schedule, corrected, readmitted;
	void *job;
	int64_t mysql_at; /* clock_ms of MySQL's last answer; 0 in this run: none yet */
};

/* 0, or -1 when memory is out. */
int sync_init(struct sync *s, struct engine *e, int period_ms);
void sync_destroy(struct sync *s);

#endif
