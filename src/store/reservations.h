/*
 * Reservations: MySQL's word on who holds which seat.
 */
#ifndef USHER_STORE_RESERVATIONS_H
#define USHER_STORE_RESERVATIONS_H

#include "engine/rebuild.h"
#include "engine/seats.h"
#include "store/idempotency.h"

enum reservation_status { RESERVATION_HELD, RESERVATION_PAID, RESERVATION_EXPIRED, RESERVATION_CANCELLED };

/* "HELD", "PAID", "EXPIRED" or "CANCELLED". */
const char *reservation_status_name(enum reservation_status s);

struct reservation {
	int64_t id, user, amount;
	char queue[QUEUE_NAME_MAX + 1];
	uint64_t place;                 /* of the session that made it */
	enum reservation_status status; /* EXPIRED as soon as its time is up */
	int64_t expires_at;             /* Unix ms, MySQL's clock */
	struct seat_list seats;
	int64_t prices[SEATS_MOST];
};

/* Reads one by id: DB_OK or DB_NONE. */
enum db_result reservation_read(struct db *db, int64_t id, struct reservation *out);

/* Ends a held reservation as EXPIRED or CANCELLED: the row and its seats, in the caller's
 * transaction. It must have been read FOR UPDATE. */
enum db_result reservation_end(struct db *db, int64_t id, enum reservation_status status);

/* Puts a reservation that was paid or cancelled on the list of those that Redis has to be told of, in the
 * caller's transaction. */
enum db_result settlement_owe(struct db *db, int64_t id);

/* Writes a reservation of seats that are held in Redis since `held_at` (clock_ms). */
struct reserve_job {
	struct job job;
	int64_t user, held_at, hold_ms, seat_limit;
	int64_t held_since; /* if it took the hold: when, Unix ms by Redis' clock */
	uint64_t place;
	char queue[QUEUE_NAME_MAX + 1];
	struct seat_list seats;
	struct idempotency idempotency;
	bool took_hold;   /* by this request: then it is given up if nothing comes of it */
	bool replay_only; /* look for the answer of the key and do nothing else */
	/* OK, SEAT_TAKEN (with `truth`), SEAT_NOT_FOUND, SEAT_LIMIT, IDEMPOTENCY_KEY_REUSED,
	 * IN_PROGRESS */
	enum code code;
	bool replayed; /* the answer of an earlier request with the same key */
	bool stands;   /* of a replayed one: its seats are still the user's */
	bool existed;  /* the user held exactly these seats already */
	bool unsure;   /* the connection was lost in COMMIT: it may stand or not */
	struct reservation reservation;
	/* With SEAT_TAKEN: what MySQL knows of each of the seats; remaining_ms is -1 for paid, 0 for free. */
	struct lost_hold truth[SEATS_MOST];
	/* For what becomes of the hold, also after the task has ended. */
	struct engine *engine;
	struct queue *line;
};
enum code reserve_work(struct db *db, struct job *job);

/* Reads a user's reservation, or cancels it. */
struct reservation_job {
	struct job job;
	int64_t id, user;
	char queue[QUEUE_NAME_MAX + 1]; /* of the token */
	enum code code;                 /* OK, RESERVATION_NOT_FOUND, WRONG_QUEUE, ALREADY_PAID */
	bool ended;                     /* this job ended it: its seats are to be released */
	struct reservation reservation;
};
enum code reservation_read_work(struct db *db, struct job *job);
enum code reservation_cancel_work(struct db *db, struct job *job);

/* Cancels whatever a user who leaves a queue still holds in it, made by this session or an earlier. */
struct session_cancel_job {
	struct job job;
	int64_t user;
	char queue[QUEUE_NAME_MAX + 1];
};
enum code session_cancel_work(struct db *db, struct job *job);

#endif
