/*
 * Holds that Redis has and MySQL may not: each is on a list of its queue from the moment it is taken
 * until its reservation is committed, so that any daemon can free those that nobody will ever record.
 */
#ifndef USHER_ENGINE_UNRECORDED_H
#define USHER_ENGINE_UNRECORDED_H

#include "engine/seats.h"

/* One of them. */
struct unrecorded {
	uint64_t user;
	struct hold_name hold;
	int64_t held_at; /* Unix ms, Redis' clock */
	bool recorded;   /* MySQL has a reservation of it after all: set by whoever asked */
};

#define UNRECORDED_MOST 50

/* How old an entry is before anybody but its own daemon looks at it: by then the job that would
 * record it has begun, if it ever does, and has most likely ended. */
#define UNRECORDED_AFTER_MS (MYSQL_DEADLINE_MS + 2000)

struct unrecorded_list {
	size_t count;
	struct unrecorded at[UNRECORDED_MOST];
};

/* The oldest that are at least UNRECORDED_AFTER_MS old: one plain command. */
enum step unrecorded_read(struct task *t, struct engine *e, struct queue *q, struct unrecorded_list *out);

/* Strikes those off that are recorded, frees the others; an entry that has changed since it was read is
 * left alone. */
enum step unrecorded_settle(struct task *t, struct engine *e, struct queue *q, const struct unrecorded_list *list);

/* Puts a hold on the list that MySQL had and has ended, to be looked at next; what is there stays. */
enum step unrecorded_doubt(struct task *t, struct engine *e, struct queue *q, uint64_t user,
			   const struct seat_list *seats);

/* Gives a hold up that was taken at `held_at` and will not be recorded; nobody waits. If it was recorded
 * or freed by somebody else it stays what it is. */
void unrecorded_drop(struct engine *e, struct queue *q, uint64_t user, const struct seat_list *seats, int64_t held_at);

/* Strikes a hold off after its reservation was committed: one plain command, and nobody waits. Gives
 * whether it was sent; then `missing` is called with `kept` if part of it was not on the list, since then
 * somebody may have freed its seats, and `kept` is given to `kept_free` at the end. */
bool unrecorded_strike(struct engine *e, struct queue *q, uint64_t user, const struct seat_list *seats,
		       void (*missing)(void *kept), void *kept, void (*kept_free)(void *));

#endif
