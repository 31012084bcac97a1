/*
 * The inside of a Redis connection, shared by redis.c and functions.c only.
 */
#ifndef USHER_ENGINE_REDIS_INTERNAL_H
#define USHER_ENGINE_REDIS_INTERNAL_H

#include "engine/redis.h"
#include "engine/resp.h"

struct redisAsyncContext;

enum redis_state {
	REDIS_AWAY,       /* no connection; a retry is scheduled */
	REDIS_CONNECTING, /* the socket is not up yet */
	REDIS_LOADING,    /* connected; the functions library is being looked at */
	REDIS_READY,
};

struct redis {
	struct loop *loop;
	struct redisAsyncContext *ac;
	_Atomic(enum redis_state) state; /* read by other threads, written by the loop's */
	struct event *read_event, *write_event, *flush_event, *retry_event, *check_event;
	bool reading, flush_pending, flushing, closing, complained;
	int backoff_ms;
	unsigned long times_up, rounds;
	long in_flight;
	int64_t last_answer, up_at; /* clock_ms; up_at is 0 until the connection is ready */
	struct ask *spare;
	struct resp command; /* the one being sent */
};

/* The library is there: commands may flow. */
void redis_up(struct redis *r);

#endif
