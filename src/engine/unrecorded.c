/* The list of holds that MySQL may not have. */
#include "engine/unrecorded.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "engine/functions.h"
#include "engine/reply.h"

#define ENTRY_TEXT 96
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

static bool entry_read(const redisReply *reply, struct unrecorded *x)
{
	struct hold_name *h = &x->hold;

	return reply->type == REDIS_REPLY_STRING && sscanf(reply->str, "%" SCNu64 ":%" SCNd64 ":%" SCNd64 ":%" SCNd64,
							   &x->user, &h->concert, &h->schedule, &h->seat) == 4;
}

static enum code read_list(struct ask *a, const redisReply *reply)
{
	struct unrecorded_list *l = a->out;

	l->count = 0;
	for (size_t i = 0; i + 1 < reply->elements && l->count < UNRECORDED_MOST; i += 2) {
		struct unrecorded *x = &l->at[l->count];

		x->held_at = reply_int(reply, i + 1);
		x->recorded = false;
		l->count += entry_read(reply->element[i], x);
	}
	return CODE_OK;
}

enum step unrecorded_read(struct task *t, struct engine *e, struct queue *q, struct unrecorded_list *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_list, out);
	char until[24];
	const char *argv[] = {"ZRANGEBYSCORE",      q->keys.unrecorded, "-inf", until, "WITHSCORES", "LIMIT", "0",
			      TEXT(UNRECORDED_MOST)};
	size_t lens[8];

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	snprintf(until, sizeof(until), "%" PRId64, queue_now(q) - UNRECORDED_AFTER_MS);
	for (int i = 0; i < 8; i++)
		lens[i] = strlen(argv[i]);
	ask_command(a, q->name, 8, argv, lens);
	return ask_wait(a, t);
}

enum step unrecorded_doubt(struct task *t, struct engine *e, struct queue *q, uint64_t user,
			   const struct seat_list *seats)
{
	struct ask *a = redis_ask(e->redis, t);
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	fcall_begin(&f, "usher_doubt", 1);
	fcall_text(&f, q->keys.unrecorded);
	fcall_number(&f, (int64_t)user);
	fcall_number(&f, seats->concert);
	fcall_number(&f, seats->schedule);
	/* Nobody is at work on it: it need not be left alone for a while. */
	fcall_number(&f, queue_now(q) - UNRECORDED_AFTER_MS);
	for (size_t i = 0; i < seats->count; i++)
		fcall_number(&f, seats->ids[i]);
	fcall_send(&f, a, q->name);
	return ask_wait(a, t);
}

/* What is sent of a hold, with how it ended; the seats follow. */
struct ending {
	uint64_t user;
	int64_t concert, schedule, held_at;
	bool recorded;
};

static void ending_send(struct ask *a, struct queue *q, const struct ending *x, const int64_t *seats, size_t count)
{
	char seats_text[KEY_TEXT], holds_text[KEY_TEXT], changes_text[KEY_TEXT];
	struct fcall f;

	fcall_begin(&f, "usher_reconcile", 4);
	fcall_text(&f, q->keys.unrecorded);
	fcall_text(&f, seats_key(seats_text, q->name, x->schedule));
	fcall_text(&f, holds_key(holds_text, q->name, (int64_t)x->user));
	fcall_text(&f, changes_key(changes_text, q->name, x->schedule));
	fcall_number(&f, (int64_t)x->user);
	fcall_number(&f, x->concert);
	fcall_number(&f, x->schedule);
	fcall_number(&f, x->held_at);
	fcall_number(&f, x->recorded);
	for (size_t i = 0; i < count; i++)
		fcall_number(&f, seats[i]);
	fcall_send(&f, a, q->name);
}

static enum code read_settled(struct ask *a, const redisReply *reply)
{
	(void)a;
	metric_add(METRIC_dropped, reply_int(reply, 2));
	return CODE_OK;
}

enum step unrecorded_settle(struct task *t, struct engine *e, struct queue *q, const struct unrecorded_list *list)
{
	struct ask *a = redis_ask(e->redis, t);

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	a->answer = read_settled;
	for (size_t i = 0; i < list->count; i++) {
		const struct unrecorded *x = &list->at[i];
		const struct ending ending = {x->user, x->hold.concert, x->hold.schedule, x->held_at, x->recorded};

		ending_send(a, q, &ending, &x->hold.seat, 1);
	}
	return ask_wait(a, t);
}

void unrecorded_drop(struct engine *e, struct queue *q, uint64_t user, const struct seat_list *seats, int64_t held_at)
{
	struct ask *a = redis_ask(e->redis, NULL);
	const struct ending ending = {user, seats->concert, seats->schedule, held_at, false};

	if (!a)
		return; /* it stays on the list: somebody's keeper frees it */
	ending_send(a, q, &ending, seats->ids, seats->count);
	ask_forget(a);
}

/* What the answer to a strike is held against. */
struct striking {
	size_t count;
	void (*missing)(void *kept);
	void *kept;
	void (*kept_free)(void *);
};

static void striking_free(void *arg)
{
	struct striking *s = arg;

	s->kept_free(s->kept);
	free(s);
}

static void strike_answered(struct ask *a, const redisReply *reply)
{
	const struct striking *s = a->kept;

	if (reply_number(reply) < (int64_t)s->count)
		s->missing(s->kept);
}

static void strike_send(struct ask *a, struct queue *q, uint64_t user, const struct seat_list *seats)
{
	char text[SEATS_MOST][ENTRY_TEXT];
	const char *argv[SEATS_MOST + 2] = {"ZREM", q->keys.unrecorded};
	size_t lens[SEATS_MOST + 2] = {4, strlen(q->keys.unrecorded)};

	for (size_t i = 0; i < seats->count; i++) {
		argv[i + 2] = text[i];
		lens[i + 2] = (size_t)snprintf(text[i], ENTRY_TEXT, "%" PRIu64 ":%" PRId64 ":%" PRId64 ":%" PRId64,
					       user, seats->concert, seats->schedule, seats->ids[i]);
	}
	ask_command(a, q->name, (int)seats->count + 2, argv, lens);
}

bool unrecorded_strike(struct engine *e, struct queue *q, uint64_t user, const struct seat_list *seats,
		       void (*missing)(void *kept), void *kept, void (*kept_free)(void *))
{
	struct striking *s = malloc(sizeof(*s));
	struct ask *a = s ? redis_ask(e->redis, NULL) : NULL;

	if (!a) {
		free(s);
		return false; /* a keeper that finds it on the list strikes it off */
	}
	*s = (struct striking){seats->count, missing, kept, kept_free};
	a->late = strike_answered;
	a->kept = s;
	a->kept_free = striking_free;
	strike_send(a, q, user, seats);
	ask_forget(a);
	return true;
}
