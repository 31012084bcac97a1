/* The calls about seats, and how their answers are read. */
#include "engine/seats.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/order.h"
#include "engine/functions.h"
#include "engine/reply.h"
#include "engine/unrecorded.h"

static void fcall_seats(struct fcall *f, const struct seat_list *seats)
{
	for (size_t i = 0; i < seats->count; i++)
		fcall_number(f, seats->ids[i]);
}

/* What a hold needs to be undone after its task is gone. */
struct hold_undo {
	struct engine *engine;
	struct queue *queue;
	uint64_t user;
	struct seat_list seats;
	int64_t hold_ms;
};

static void hold_late(struct ask *a, const redisReply *reply)
{
	const struct hold_undo *u = a->kept;

	if (reply_int(reply, 0) == CODE_OK)
		unrecorded_drop(u->engine, u->queue, u->user, &u->seats, reply_int(reply, 1) - u->hold_ms);
}

static enum code read_hold(struct ask *a, const redisReply *reply)
{
	struct holding *h = a->out;

	h->code = (enum code)reply_int(reply, 0);
	h->taken.count = 0;
	h->since = reply_int(reply, 1) - h->hold_ms;
	if (h->code == CODE_HELD_ALREADY && reply_int(reply, 1) < h->hold_ms)
		h->held_at -= h->hold_ms - reply_int(reply, 1);
	if (h->code != CODE_SEAT_TAKEN)
		return CODE_OK;
	for (size_t i = 1; i < reply->elements && h->taken.count < SEATS_MOST; i++)
		h->taken.ids[h->taken.count++] = reply_int(reply, i);
	return CODE_OK;
}

static struct hold_undo *undo_new(struct engine *e, struct queue *q, uint64_t user, const struct seat_list *seats,
				  int64_t hold_ms)
{
	struct hold_undo *u = malloc(sizeof(*u));

	if (u)
		*u = (struct hold_undo){e, q, user, *seats, hold_ms};
	return u;
}

enum step seats_hold(struct task *t, struct engine *e, struct queue *q, uint64_t user, uint64_t place,
		     const struct seat_list *seats, int64_t limit, int64_t hold_ms, struct holding *out)
{
	struct hold_undo *undo = undo_new(e, q, user, seats, hold_ms + HOLD_GRACE_MS);
	struct ask *a = undo ? redis_ask(e->redis, t) : NULL;
	char seats_text[KEY_TEXT], holds_text[KEY_TEXT], changes_text[KEY_TEXT];
	struct fcall f;

	if (!a) {
		free(undo);
		return task_failed(t, redis_refusal(e->redis));
	}
	out->held_at = clock_ms(); /* before the call leaves: the hold cannot be older */
	out->hold_ms = hold_ms + HOLD_GRACE_MS;
	a->answer = read_hold;
	a->out = out;
	a->late = hold_late;
	a->kept = undo;
	a->kept_free = free;
	fcall_begin(&f, "usher_hold", 6);
	fcall_text(&f, q->keys.active);
	fcall_text(&f, q->keys.places);
	fcall_text(&f, seats_key(seats_text, q->name, seats->schedule));
	fcall_text(&f, holds_key(holds_text, q->name, (int64_t)user));
	fcall_text(&f, q->keys.unrecorded);
	fcall_text(&f, changes_key(changes_text, q->name, seats->schedule));
	fcall_number(&f, (int64_t)user);
	fcall_number(&f, (int64_t)place);
	fcall_number(&f, seats->concert);
	fcall_number(&f, seats->schedule);
	fcall_number(&f, limit);
	fcall_number(&f, out->hold_ms);
	fcall_seats(&f, seats);
	fcall_send(&f, a, q->name);
	return ask_wait(a, t);
}

static void release_send(struct ask *a, struct queue *q, uint64_t user, const struct seat_list *seats)
{
	char seats_text[KEY_TEXT], holds_text[KEY_TEXT], changes_text[KEY_TEXT];
	struct fcall f;

	fcall_begin(&f, "usher_release", 3);
	fcall_text(&f, seats_key(seats_text, q->name, seats->schedule));
	fcall_text(&f, holds_key(holds_text, q->name, (int64_t)user));
	fcall_text(&f, changes_key(changes_text, q->name, seats->schedule));
	fcall_number(&f, seats->concert);
	fcall_number(&f, seats->schedule);
	fcall_seats(&f, seats);
	fcall_send(&f, a, q->name);
}

enum step seats_release(struct task *t, struct engine *e, struct queue *q, uint64_t user, const struct seat_list *lists,
			size_t count)
{
	struct ask *a;

	if (count == 0)
		return STEP_NEXT;
	a = redis_ask(e->redis, t);
	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	for (size_t i = 0; i < count; i++)
		release_send(a, q, user, &lists[i]);
	return ask_wait(a, t);
}

/* Sends a call that somebody may or may not wait for. */
static enum step finish(struct task *t, struct ask *a, struct fcall *f, const struct queue *q)
{
	fcall_send(f, a, q->name);
	if (t)
		return ask_wait(a, t);
	ask_forget(a);
	return STEP_NEXT;
}

static enum step refused(struct task *t, struct engine *e)
{
	return t ? task_failed(t, redis_refusal(e->redis)) : STEP_NEXT;
}

enum step seats_settle(struct task *t, struct engine *e, struct queue *q, const struct settlement *s)
{
	struct ask *a = redis_ask(e->redis, t);
	char seats_text[KEY_TEXT], holds_text[KEY_TEXT], changes_text[KEY_TEXT];
	struct fcall f;

	if (!a)
		return refused(t, e);
	fcall_begin(&f, "usher_settle", 7);
	fcall_text(&f, q->keys.queue);
	fcall_text(&f, q->keys.active);
	fcall_text(&f, q->keys.places);
	fcall_text(&f, q->keys.unclaimed);
	fcall_text(&f, seats_key(seats_text, q->name, s->seats.schedule));
	fcall_text(&f, holds_key(holds_text, q->name, (int64_t)s->user));
	fcall_text(&f, changes_key(changes_text, q->name, s->seats.schedule));
	fcall_number(&f, (int64_t)s->user);
	fcall_number(&f, (int64_t)s->place);
	fcall_number(&f, s->seats.concert);
	fcall_number(&f, s->seats.schedule);
	fcall_seats(&f, &s->seats);
	return finish(t, a, &f, q);
}

#define SEAT_PAID (-1) /* as usher_correct has it */

/* Counted whether anybody waits or not. */
static void corrected(struct ask *a, const redisReply *reply)
{
	(void)a;
	metric_add(METRIC_corrected, reply_int(reply, 1));
}

static enum code read_corrected(struct ask *a, const redisReply *reply)
{
	corrected(a, reply);
	return CODE_OK;
}

enum step seats_correct(struct task *t, struct engine *e, struct queue *q, int64_t schedule, const int64_t *seats,
			size_t count)
{
	struct ask *a = redis_ask(e->redis, t);
	char seats_text[KEY_TEXT], changes_text[KEY_TEXT];
	struct fcall f;

	if (!a)
		return refused(t, e);
	a->answer = read_corrected;
	a->late = corrected;
	fcall_begin(&f, "usher_correct", 2);
	fcall_text(&f, seats_key(seats_text, q->name, schedule));
	fcall_text(&f, changes_key(changes_text, q->name, schedule));
	for (size_t i = 0; i < count; i++) {
		fcall_number(&f, seats[i]);
		fcall_number(&f, SEAT_PAID);
	}
	return finish(t, a, &f, q);
}

static enum code read_paid(struct ask *a, const redisReply *reply)
{
	struct paid_seats *out = a->out;

	out->count = reply->elements;
	out->ids = arena_alloc(&a->ref.task->arena, (out->count + 1) * sizeof(*out->ids));
	if (!out->ids)
		return CODE_INTERNAL;
	for (size_t i = 0; i < out->count; i++)
		out->ids[i] = reply_int(reply, i);
	qsort(out->ids, out->count, sizeof(*out->ids), order_int64);
	return CODE_OK;
}

enum step seats_paid(struct task *t, struct engine *e, struct queue *q, int64_t schedule, struct paid_seats *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_paid, out);
	char key[KEY_TEXT];
	const char *argv[] = {"ZRANGEBYSCORE", seats_key(key, q->name, schedule), "+inf", "+inf"};
	const size_t lens[] = {13, strlen(key), 4, 4};

	if (!a)
		return refused(t, e);
	ask_command(a, q->name, 4, argv, lens);
	return ask_wait(a, t);
}

struct counting {
	int64_t *taken;
	size_t count, next;
};

static enum code read_count(struct ask *a, const redisReply *reply)
{
	struct counting *c = a->out;

	for (size_t i = 1; i < reply->elements && c->next < c->count; i++)
		c->taken[c->next++] = reply_int(reply, i);
	return CODE_OK;
}

#define COUNT_KEYS 500

enum step seats_count(struct task *t, struct engine *e, struct queue *q, const int64_t *schedules, size_t count,
		      int64_t *taken)
{
	struct counting *c = arena_alloc(&t->arena, sizeof(*c));
	char(*keys)[KEY_TEXT] = arena_alloc(&t->arena, COUNT_KEYS * sizeof(*keys));
	struct ask *a;

	if (count == 0)
		return STEP_NEXT;
	a = c && keys ? redis_ask_for(e->redis, t, read_count, c) : NULL;
	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	*c = (struct counting){taken, count, 0};
	for (size_t from = 0; from < count; from += COUNT_KEYS) {
		size_t n = count - from < COUNT_KEYS ? count - from : COUNT_KEYS;
		struct fcall f;

		fcall_read_begin(&f, "usher_count", (int)n);
		for (size_t i = 0; i < n; i++)
			fcall_text(&f, seats_key(keys[i], q->name, schedules[from + i]));
		fcall_send(&f, a, q->name);
	}
	return ask_wait(a, t);
}
