/*
 * Which seats of a schedule are free, as one loop knows it: read from Redis once, and from then on brought up
 * to date by the log of changes that every function keeps which gives or takes a seat.
 *
 * A look asks what has happened since the last one. Answers come in the order of questions, so whoever has asked
 * something else after the look has its answer by the time of their own. What was answered to anybody, on
 * whichever daemon, before the look was asked is in it; and a hold that lapses by itself ends by Redis' clock.
 */
#ifndef USHER_ENGINE_FREE_SEATS_H
#define USHER_ENGINE_FREE_SEATS_H

#include "engine/queue.h"

#define CHANGE_TEXT 48

struct free_seats {
	struct queue *queue;
	char seats_key[KEY_TEXT], changes_key[KEY_TEXT];
	size_t count;
	int64_t *ids;  /* rising */
	int64_t *ends; /* what Redis has of each: the hold's end (Unix ms), 0 for nothing */
	bool *free;
	/* Called when seat number `i` has become free or taken. */
	void (*turned)(struct free_seats *f, size_t i);
	/* Called when nobody needs it any more. */
	void (*gone)(struct free_seats *f);
	int users;              /* who needs it: its owner and the questions under way */
	bool known;             /* false: it has to be fetched */
	bool heard;             /* the look under way was answered */
	bool asking;            /* the whole is being fetched */
	unsigned long round;    /* the last look left with this round of commands */
	unsigned long times_up; /* of the connection that it was fetched on */
	char at[CHANGE_TEXT];   /* the last change known, by its number in the log; 0: none was ever made */
	char top[CHANGE_TEXT];  /* the same of the whole that is being fetched */
	int64_t next_end;       /* no hold that is known ends before */
	int64_t entries;        /* how many members Redis' set has by what is known here */
	int64_t counted_at;     /* clock_ms: when that was last compared */
	int64_t fetched_at;     /* clock_ms: when the whole was */
	struct task_ref *waiting;
	size_t waiting_count, waiting_size;
};

/* Makes it for the `count` seats `ids`, which become its own (malloc'ed); the first user is the caller. False
 * when memory is out; then it is empty and may be dropped all the same. */
bool free_seats_init(struct free_seats *f, struct queue *q, int64_t schedule, int64_t *ids, size_t count);

/* Ends one use. */
void free_seats_drop(struct free_seats *f);

/* Whether what is known can be brought up to date: not before it was fetched on this connection, since another
 * one may lead to another Redis, or to an older state of this one, and not for longer than some seconds. */
bool free_seats_known(struct free_seats *f);

/* Asks for what has changed, for nobody in particular, unless a question that has not left yet asks for it
 * already or nothing is known so far. False: Redis cannot be asked. */
bool free_seats_look(struct free_seats *f);

/* The same with `t` waiting for the answer. */
enum step free_seats_look_now(struct task *t, struct free_seats *f);

/* Fetches the whole, once for all that wait for it. What is known then may be older than the task. */
enum step free_seats_fetch(struct task *t, struct free_seats *f);

/* Frees what has lapsed by now. */
void free_seats_lapse(struct free_seats *f);

#endif
