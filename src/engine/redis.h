/*
 * The one way to Redis: a pipelined asynchronous connection a loop, its deadlines and its
 * reconnecting. Every command names the queue it is for, so that sentinel or cluster, where a
 * queue's slot decides the node, can come in here and nowhere else.
 */
#ifndef USHER_ENGINE_REDIS_H
#define USHER_ENGINE_REDIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/task.h"

struct redis;
struct redisReply;

/* One question: one or several commands whose answers belong together. */
struct ask {
	struct task_ref ref;    /* who waits; nobody if ref.task is NULL */
	unsigned expected, got; /* commands sent, answers seen */
	int64_t asked_us;       /* clock_us when it was begun */
	enum code outcome;      /* the first failure, or CODE_OK */
	/* Reads answer number `got` (from 0) of a task that still waits. Gives CODE_OK, or what the
	 * task fails with. */
	enum code (*answer)(struct ask *a, const struct redisReply *reply);
	/* Called instead of `answer` when the task ended before; may be NULL. */
	void (*late)(struct ask *a, const struct redisReply *reply);
	void *out;                 /* where `answer` writes: memory of the task */
	void *kept;                /* for `late`: memory that outlives the task */
	void (*kept_free)(void *); /* called with `kept` once the last answer is in */
	struct redis *redis;
	struct ask *next;
};

/* Begins connecting and keeps at it until redis_free(). NULL when memory is out. */
struct redis *redis_new(struct loop *l);
void redis_free(struct redis *r);

/* Whether the connection is up and the functions library is there. */
bool redis_ready(const struct redis *r);

/* What Redis, though it is there, said a moment ago when it was to write: the first word of its error, such as
 * "OOM" or "READONLY"; NULL while it writes. Whoever has seen it write says so. */
const char *redis_refuses(void);
void redis_takes_writes(void);

/* How often it has come up: a new number is a new connection, perhaps to a Redis with other data. */
unsigned long redis_times_up(const struct redis *r);

/* Which round of commands is being gathered: while the number stays the same, what was asked in it has not left. */
unsigned long redis_round(const struct redis *r);

/* Begins a question of the task `t` (NULL: nobody waits). NULL when Redis is away or too much is
 * under way; redis_refusal() then says which as a code. */
struct ask *redis_ask(struct redis *r, struct task *t);
enum code redis_refusal(const struct redis *r);

/* The same with what reads its answers, and where to. */
struct ask *redis_ask_for(struct redis *r, struct task *t,
			  enum code (*answer)(struct ask *a, const struct redisReply *reply), void *out);

/* Adds a command to the question. `queue` picks the node. */
void ask_command(struct ask *a, const char *queue, int argc, const char **argv, const size_t *lens);

/* Ends the question; nothing was sent if it gives less than STEP_WAIT would promise, so use its
 * result as the step's: STEP_WAIT with the Redis deadline armed, or STEP_DONE after a failure. */
enum step ask_wait(struct ask *a, struct task *t);

/* Ends a question nobody waits for. */
void ask_forget(struct ask *a);

#endif
