/*
 * Seats in Redis: holding, releasing, settling, and what is taken.
 */
#ifndef USHER_ENGINE_SEATS_H
#define USHER_ENGINE_SEATS_H

#include "engine/queue.h"

/* Most seats one request may name; a concert's seatLimit may not be higher. */
#define SEATS_MOST 100

/* A hold ends in MySQL this much earlier than in Redis, so that a seat is never up for grabs
 * while its payment could still succeed. */
#define HOLD_GRACE_MS 3000

/* Some seats of one schedule. */
struct seat_list {
	int64_t concert, schedule;
	size_t count;
	int64_t ids[SEATS_MOST];
};

struct holding {
	enum code code;  /* OK, HELD_ALREADY, SEAT_TAKEN, SEAT_LIMIT, TOKEN_EXPIRED */
	int64_t held_at; /* clock_ms: the hold is not younger, be it new or an earlier one of the user */
	int64_t since;   /* OK: when it was taken, Unix ms by Redis' clock */
	int64_t hold_ms; /* asked for, with the grace */
	struct seat_list taken;
};

/* Takes all of `seats` for `hold_ms` (plus the grace), or none. If the task ends before the answer
 * comes, the hold is released again. */
enum step seats_hold(struct task *t, struct engine *e, struct queue *q, uint64_t user, uint64_t place,
		     const struct seat_list *seats, int64_t limit, int64_t hold_ms, struct holding *out);

/* Frees a user's seats, in one question for several lists. */
enum step seats_release(struct task *t, struct engine *e, struct queue *q, uint64_t user, const struct seat_list *lists,
			size_t count);

/* What was paid, in Redis' terms. */
struct settlement {
	char queue[QUEUE_NAME_MAX + 1];
	uint64_t user, place;
	struct seat_list seats;
};

/* Marks the seats paid and ends the session that paid. Waits if `t` is not NULL. */
enum step seats_settle(struct task *t, struct engine *e, struct queue *q, const struct settlement *s);

/* Tells Redis of seats of a schedule that MySQL has as paid (at most 250 a call); those held have an owner:
 * queue_readmit(). Waits if `t` is not NULL. */
enum step seats_correct(struct task *t, struct engine *e, struct queue *q, int64_t schedule, const int64_t *seats,
			size_t count);

#define SEATS_CORRECT_MOST 250

struct paid_seats {
	int64_t *ids; /* rising, in the task's arena */
	size_t count;
};

/* The seats of a schedule that Redis knows as paid: one plain command. */
enum step seats_paid(struct task *t, struct engine *e, struct queue *q, int64_t schedule, struct paid_seats *out);

/* How many seats of each of `schedules` are taken, into `taken[]`. */
enum step seats_count(struct task *t, struct engine *e, struct queue *q, const int64_t *schedules, size_t count,
		      int64_t *taken);

#endif
