/*
 * The waiting line: entering, being found in it, showing up, leaving, and its figures.
 * All durations and instants here are Redis' own; the daemon's calendar decides nothing.
 */
#ifndef USHER_ENGINE_QUEUE_H
#define USHER_ENGINE_QUEUE_H

#include "engine/redis.h"
#include "engine/snapshot.h"
#include "engine/token.h"

#define KEY_TEXT 96

/* The Redis keys of a queue; lua/README.md says what each holds. */
struct queue_keys {
	char queue[KEY_TEXT], waiting[KEY_TEXT], active[KEY_TEXT], places[KEY_TEXT];
	char unclaimed[KEY_TEXT], admitted[KEY_TEXT], issued[KEY_TEXT], rebuild[KEY_TEXT], through[KEY_TEXT];
	char unrecorded[KEY_TEXT], gone[KEY_TEXT];
};

/* The settings a queue runs by. */
struct queue_settings {
	int64_t version, epoch;
	int64_t capacity, rate_per_second, session_seconds, claim_seconds;
	bool paused;
	int64_t opens_at, created_at; /* Unix ms; opens_at 0: always open */
};

#define REACH_UNKNOWN (-1)

/* Live figures, as usher_status gave them. */
struct queue_status {
	bool known; /* false: the queue is not set up in Redis */
	struct queue_settings settings;
	int64_t now; /* Redis time, Unix ms */
	int64_t waiting, inside, unclaimed;
	int64_t admitted_minute, admitted_span_ms; /* admissions measured, over how long */
	int64_t entered, admitted, no_shows, left, paid;
	int64_t next, reach; /* places this epoch has handed out; the furthest place ever let in, or REACH_UNKNOWN */
	int64_t ceiling;     /* most that may be inside: capacity, or who was inside when it was lowered */
	int64_t seats_total, seats_taken; /* of the schedules still to come */
};

/* One schedule of the queue's concerts. */
struct queue_schedule {
	int64_t starts_at, seats; /* Unix ms; how many seats it has */
	char key[KEY_TEXT], changes_key[KEY_TEXT];
};

/* Somebody who has shown up inside: with this place in this epoch they will not have to once more. */
struct shown_up {
	uint64_t user, place;
	int64_t epoch;
};

#define SHOWN_UP 4096 /* what a loop remembers of a queue; a newer user takes an older one's slot */

struct queue {
	char name[QUEUE_NAME_MAX + 1];
	struct queue_keys keys;
	struct queue_status status; /* refreshed every QUEUE_REFRESH_MS */
	int64_t refreshed_at;       /* clock_ms of the last answer */
	int64_t seen_epoch;         /* the latest that Redis has shown, */
	int64_t seen_moves;         /* and how much had happened in it */
	struct queue_schedule *schedules;
	size_t schedule_count;
	bool removed; /* no longer in the catalogue: its tokens are of an unknown queue */
	struct task refresh;
	enum { REFRESH_ASK, REFRESH_TAKE, REFRESH_SNAPSHOT } refresh_step;
	int64_t refresh_began;     /* clock_ms */
	struct queue_status fresh; /* being filled by the refresh under way */
	struct snapshot snapshot;  /* with engine.snapshots */
	struct shown_up *shown_up; /* SHOWN_UP of them, by user; NULL before the first */
	struct event *refresh_timer;
	struct engine *engine;
	struct queue *next;
};

#define QUEUE_REFRESH_MS 100

/* What one loop knows of all queues. */
struct engine {
	struct loop *loop;
	struct redis *redis;
	struct token_keys tokens;
	bool snapshots;       /* whether snapshots of the queues are kept; set after engine_init() */
	struct queue *queues; /* never freed before the loop ends: requests point at them */
};

/* 0, or -1 when memory is out. */
int engine_init(struct engine *e, struct loop *l);
void engine_destroy(struct engine *e);

/* A queue by name, or NULL (unknown or removed). */
struct queue *engine_queue(struct engine *e, const char *name, size_t len);

/* Adds or revives a queue and takes over `schedules` (malloc'ed, now the queue's).
 * NULL when memory is out. */
struct queue *engine_queue_set(struct engine *e, const char *name, struct queue_schedule *schedules, size_t count);

/* Writes the key of a schedule's seats, of the log of their changes, and of a user's holds. */
char *seats_key(char key[KEY_TEXT], const char *queue, int64_t schedule);
char *changes_key(char key[KEY_TEXT], const char *queue, int64_t schedule);
char *holds_key(char key[KEY_TEXT], const char *queue, int64_t user);

/* A user's standing. `code` is ACTIVE, WAITING, SCHEDULED or TOKEN_EXPIRED. */
struct standing {
	enum code code;
	bool created;        /* queue_enter only: a new place was given */
	struct queue *queue; /* queue_find_inside only, and so is the next */
	uint64_t user;
	uint64_t place;
	int64_t issued_at;       /* queue_enter only, Unix ms */
	int64_t position;        /* from 1; WAITING and SCHEDULED */
	int64_t waiting;         /* queue_enter only */
	int64_t session_ends_at; /* ACTIVE, Unix ms */
	bool claimed;            /* ACTIVE: the user has shown up */
	bool estimated;          /* WAITING: the position is interpolated */
	int64_t asked_at;        /* Redis' clock when the question left, 0 if it is not known yet */
};

/* Enters `user` into the line, or finds them there: one function call.
 * `may_admit`: whether somebody may be let in now; `draw`: the lottery's place, or 0 from who thinks that
 * the doors are open. If they are not the place is 0 and nothing was done: ask again with the draw. */
enum step queue_enter(struct task *t, struct engine *e, struct queue *q, uint64_t user, bool may_admit, uint64_t draw,
		      struct standing *out);

/* Looks a token's place up in the line: two plain commands. Not found there: code TOKEN_EXPIRED,
 * and queue_claim() has the last word. */
enum step queue_find_waiting(struct task *t, struct engine *e, struct queue *q, uint64_t user, uint64_t place,
			     struct standing *out);

/* Looks it up among those inside: three plain commands, or two for whom the loop remembers to have shown up. Not found there, or not shown up yet: `code` is not
 * ACTIVE, or `claimed` is false; the user may stand in line. */
enum step queue_find_inside(struct task *t, struct engine *e, struct queue *q, uint64_t user, uint64_t place,
			    struct standing *out);

/* Shows up inside, or learns where the place is, or comes back to it after Redis was lost: one
 * function call. */
enum step queue_claim(struct task *t, struct engine *e, struct queue *q, const struct token *token,
		      struct standing *out);

/* The name of one hold of a user who left. */
struct hold_name {
	int64_t concert, schedule, seat;
};

struct leaving {
	enum code code; /* OK or TOKEN_EXPIRED */
	struct hold_name *holds;
	size_t hold_count;
};

/* Gives a place or session up. */
enum step queue_leave(struct task *t, struct engine *e, struct queue *q, uint64_t user, uint64_t place,
		      struct leaving *out);

/* Fetches fresh figures. `out->known` is false while the queue is not set up. */
enum step queue_ask_status(struct task *t, struct engine *e, struct queue *q, struct queue_status *out);

/* The same for the queue's own `status`, when the next refresh is too far off to wait for. */
enum step queue_ask_figures(struct task *t, struct queue *q);

struct admission {
	enum code code; /* OK or NO_QUEUE */
	int64_t ended, admitted;
	bool more;
};

/* How many users stand in line and inside at once: one plain command; the answer should be 0. */
enum step queue_count_both(struct task *t, struct engine *e, struct queue *q, int64_t *out);

/* Ends what is over and lets in who is next, at most `batch` of each. Without `may_admit` it only ends, and
 * does so even while Redis is full. */
enum step queue_admit(struct task *t, struct engine *e, struct queue *q, int batch, bool may_admit,
		      struct admission *out);

/* Puts settings in force; an older version than the one in Redis changes nothing. */
enum step queue_configure(struct task *t, struct engine *e, struct queue *q, const struct queue_settings *s);

/* Notes how far the queue has come. Whether `s` is of an earlier moment than one noted before: then Redis
 * has come back with older data. */
void queue_note(struct queue *q, const struct queue_status *s);
bool queue_went_back(const struct queue *q, const struct queue_status *s);

/* Redis' clock in Unix ms, from its last reading and the time since. */
int64_t queue_now(const struct queue *q);

/* Seconds until `position` is let in, from the admissions measured over the last minute;
 * -1 while nothing was measured or the queue is paused. */
int64_t queue_eta_seconds(const struct queue_status *s, int64_t position);

#endif
