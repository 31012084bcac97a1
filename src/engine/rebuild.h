/*
 * Setting a queue up in a Redis that has lost it: who may do it, who had been through, who holds what.
 */
#ifndef USHER_ENGINE_REBUILD_H
#define USHER_ENGINE_REBUILD_H

#include "engine/queue.h"

/* Tries to be the one daemon that makes the queue's state in Redis anew, for REBUILD_MS or until it goes on. */
#define REBUILD_MS 5000
enum step queue_rebuild_begin(struct task *t, struct engine *e, struct queue *q, bool *mine);

/* Whoever is at it goes on: for REBUILD_MS from now. */
enum step queue_rebuild_go_on(struct task *t, struct engine *e, struct queue *q);

/* Throws away what Redis has of the queue, unless `epoch` or a later one has begun there. */
enum step queue_forget(struct task *t, struct engine *e, struct queue *q, int64_t epoch);

/* One who was let in. */
struct admitted {
	uint64_t user, place;
	int64_t at; /* Unix ms */
};

#define ADMITTED_MOST 500

struct admitted_list {
	size_t count;
	struct admitted at[ADMITTED_MOST];
};

/* Who was let in at `since` (Unix ms) or after, oldest first: one plain command. */
enum step queue_ask_admitted(struct task *t, struct engine *e, struct queue *q, int64_t since,
			     struct admitted_list *out);

/* Notes who had been through before Redis was lost, at most ADMITTED_MOST a call, and goes on. */
enum step queue_note_through(struct task *t, struct engine *e, struct queue *q, const struct admitted *list,
			     size_t count);

/* A seat held in MySQL by a user whose session Redis has forgotten. */
struct lost_hold {
	uint64_t user, place;
	int64_t concert, schedule, seat, remaining_ms;
};

#define LOST_HOLDS_MOST 100

/* Gives holders their seats again, at most LOST_HOLDS_MOST a call, and lets them in again while nobody
 * else is let in. What was not there is looked at again as unrecorded. Waits if `t` is not NULL. */
enum step queue_readmit(struct task *t, struct engine *e, struct queue *q, const struct lost_hold *holds, size_t count);

#endif
