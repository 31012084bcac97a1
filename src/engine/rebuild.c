/* The calls that set a queue up in a Redis that has lost it, and what is noted for that day. */
#include "engine/rebuild.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "engine/functions.h"
#include "engine/reply.h"
#include "engine/seats.h"

static enum code read_taken_lock(struct ask *a, const redisReply *reply)
{
	*(bool *)a->out = reply->type == REDIS_REPLY_STATUS; /* nil: somebody else has it */
	return CODE_OK;
}

enum step queue_rebuild_begin(struct task *t, struct engine *e, struct queue *q, bool *mine)
{
	struct ask *a = redis_ask_for(e->redis, t, read_taken_lock, mine);
	const char *argv[] = {"SET", q->keys.rebuild, "1", "NX", "PX", TEXT(REBUILD_MS)};
	const size_t lens[] = {3, strlen(q->keys.rebuild), 1, 2, 2, strlen(TEXT(REBUILD_MS))};

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	ask_command(a, q->name, 6, argv, lens);
	return ask_wait(a, t);
}

/* A rebuild may take longer than its lock lasts. */
static void lock_renew(struct ask *a, const struct queue *q)
{
	const char *argv[] = {"PEXPIRE", q->keys.rebuild, TEXT(REBUILD_MS)};
	const size_t lens[] = {7, strlen(q->keys.rebuild), strlen(TEXT(REBUILD_MS))};

	ask_command(a, q->name, 3, argv, lens);
}

enum step queue_rebuild_go_on(struct task *t, struct engine *e, struct queue *q)
{
	struct ask *a = redis_ask(e->redis, t);

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	lock_renew(a, q);
	return ask_wait(a, t);
}

/* The keys of schedules beyond what one call takes keep their seats, which are corrected all the same. */
enum step queue_forget(struct task *t, struct engine *e, struct queue *q, int64_t epoch)
{
	const char *const own[] = {q->keys.queue,      q->keys.waiting,  q->keys.active, q->keys.places,
				   q->keys.unclaimed,  q->keys.admitted, q->keys.issued, q->keys.through,
				   q->keys.unrecorded, q->keys.gone};
	const size_t own_count = sizeof(own) / sizeof(own[0]), most = (FCALL_ARGS - own_count - 1) / 2;
	size_t seats = q->schedule_count < most ? q->schedule_count : most;
	struct ask *a = redis_ask(e->redis, t);
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	fcall_begin(&f, "usher_forget", (int)(own_count + 2 * seats));
	for (size_t i = 0; i < own_count; i++)
		fcall_text(&f, own[i]);
	for (size_t i = 0; i < seats; i++) {
		fcall_text(&f, q->schedules[i].key);
		fcall_text(&f, q->schedules[i].changes_key);
	}
	fcall_number(&f, epoch);
	fcall_send(&f, a, q->name);
	return ask_wait(a, t);
}

static enum code read_admitted(struct ask *a, const redisReply *reply)
{
	struct admitted_list *l = a->out;

	l->count = 0;
	for (size_t i = 0; i + 1 < reply->elements && l->count < ADMITTED_MOST; i += 2) {
		struct admitted *x = &l->at[l->count];
		const redisReply *name = reply->element[i];

		x->at = reply_int(reply, i + 1);
		if (name->type == REDIS_REPLY_STRING &&
		    sscanf(name->str, "%" SCNu64 ":%" SCNu64, &x->place, &x->user) == 2)
			l->count++;
	}
	return CODE_OK;
}

enum step queue_ask_admitted(struct task *t, struct engine *e, struct queue *q, int64_t since,
			     struct admitted_list *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_admitted, out);
	char from[24];
	const char *argv[] = {"ZRANGEBYSCORE", q->keys.admitted, from, "+inf",
			      "WITHSCORES",    "LIMIT",          "0",  TEXT(ADMITTED_MOST)};
	size_t lens[8];

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	snprintf(from, sizeof(from), "%" PRId64, since);
	for (int i = 0; i < 8; i++)
		lens[i] = strlen(argv[i]);
	ask_command(a, q->name, 8, argv, lens);
	return ask_wait(a, t);
}

enum step queue_note_through(struct task *t, struct engine *e, struct queue *q, const struct admitted *list,
			     size_t count)
{
	struct ask *a = redis_ask(e->redis, t);
	char(*text)[48] = arena_alloc(&t->arena, count * sizeof(*text));
	const char *argv[ADMITTED_MOST + 2] = {"SADD", q->keys.through};
	size_t lens[ADMITTED_MOST + 2] = {4, strlen(q->keys.through)};

	if (!a || !text)
		return task_failed(t, redis_refusal(e->redis));
	for (size_t i = 0; i < count; i++) {
		argv[i + 2] = text[i];
		lens[i + 2] =
			(size_t)snprintf(text[i], sizeof(text[i]), "%" PRIu64 ":%" PRIu64, list[i].place, list[i].user);
	}
	ask_command(a, q->name, (int)count + 2, argv, lens);
	lock_renew(a, q);
	return ask_wait(a, t);
}

static void readmit_send(struct ask *a, struct queue *q, const struct lost_hold *h)
{
	char seats[KEY_TEXT], holds[KEY_TEXT], changes[KEY_TEXT];
	struct fcall f;

	fcall_begin(&f, "usher_readmit", 8);
	fcall_text(&f, q->keys.active);
	fcall_text(&f, q->keys.places);
	fcall_text(&f, seats_key(seats, q->name, h->schedule));
	fcall_text(&f, holds_key(holds, q->name, (int64_t)h->user));
	fcall_text(&f, q->keys.queue);
	fcall_text(&f, q->keys.waiting);
	fcall_text(&f, q->keys.unrecorded);
	fcall_text(&f, changes_key(changes, q->name, h->schedule));
	fcall_number(&f, (int64_t)h->user);
	fcall_number(&f, (int64_t)h->place);
	fcall_number(&f, h->concert);
	fcall_number(&f, h->schedule);
	fcall_number(&f, h->seat);
	fcall_number(&f, h->remaining_ms + HOLD_GRACE_MS);
	fcall_send(&f, a, q->name);
}

enum step queue_readmit(struct task *t, struct engine *e, struct queue *q, const struct lost_hold *holds, size_t count)
{
	struct ask *a = redis_ask(e->redis, t);

	if (!a)
		return t ? task_failed(t, redis_refusal(e->redis)) : STEP_NEXT;
	for (size_t i = 0; i < count; i++)
		readmit_send(a, q, &holds[i]);
	if (t)
		return ask_wait(a, t);
	ask_forget(a);
	return STEP_NEXT;
}
