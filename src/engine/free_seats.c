/* Reading the seats of a schedule, and the log of what became of them. */
#include "engine/free_seats.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/order.h"
#include "engine/reply.h"
#include "engine/seats.h"

#define NEVER INT64_MAX
#define COUNT_MS 1000     /* how often it is compared whether Redis' set has as many seats as is known here */
#define WHOLE_MS 8000     /* how old the whole may be: what was changed by hand need not change any count */
#define CHANGES_KEPT 1000 /* as lua/lib/40-seats.lua has it */

bool free_seats_init(struct free_seats *f, struct queue *q, int64_t schedule, int64_t *ids, size_t count)
{
	f->queue = q;
	seats_key(f->seats_key, q->name, schedule);
	changes_key(f->changes_key, q->name, schedule);
	f->ids = ids;
	f->count = count;
	f->ends = calloc(count + 1, sizeof(*f->ends));
	f->free = calloc(count + 1, sizeof(*f->free));
	f->users = 1;
	f->next_end = NEVER;
	for (size_t i = 0; f->ends && f->free && i < count; i++) {
		f->free[i] = true;
		f->turned(f, i);
	}
	return f->ends && f->free;
}

void free_seats_drop(struct free_seats *f)
{
	if (--f->users > 0)
		return;
	free(f->ids);
	free(f->ends);
	free(f->free);
	free(f->waiting);
	f->gone(f);
}

/* Seats are mostly numbered in turn: then the number says where one stands. Gives `count` for a stranger. */
static size_t place_of(const struct free_seats *f, int64_t id)
{
	size_t guess = f->count && id >= f->ids[0] ? (size_t)(id - f->ids[0]) : f->count;
	const int64_t *found;

	if (guess < f->count && f->ids[guess] == id)
		return guess;
	found = f->count ? bsearch(&id, f->ids, f->count, sizeof(id), order_int64) : NULL;
	return found ? (size_t)(found - f->ids) : f->count;
}

static void seat_turn(struct free_seats *f, size_t i, bool is_free)
{
	if (f->free[i] == is_free)
		return;
	f->free[i] = is_free;
	f->turned(f, i);
}

/* A seat's hold as Redis has it: its end as text, "inf" once paid, "0" if there is none. A seat that the
 * catalogue does not have counts as an entry only. */
static void seat_set(struct free_seats *f, int64_t id, const char *text, int64_t now)
{
	int64_t end = *text == 'i' ? NEVER : strtoll(text, NULL, 10);
	size_t i = place_of(f, id);

	if (i == f->count) {
		f->entries += end > 0;
		return;
	}
	f->entries += (end > 0) - (f->ends[i] > 0);
	f->ends[i] = end;
	seat_turn(f, i, end <= now);
	if (end > now && end < f->next_end)
		f->next_end = end;
}

void free_seats_lapse(struct free_seats *f)
{
	int64_t now = queue_now(f->queue);

	if (now < f->next_end)
		return;
	f->next_end = NEVER;
	for (size_t i = 0; i < f->count; i++) {
		if (f->ends[i] <= now)
			seat_turn(f, i, true);
		else if (f->ends[i] < f->next_end)
			f->next_end = f->ends[i];
	}
}

/* Notes an entry of the log as the last one known. */
static void change_note(char at[CHANGE_TEXT], const redisReply *entry)
{
	const redisReply *id = entry->elements == 2 ? entry->element[0] : entry;

	if (id->type == REDIS_REPLY_STRING)
		snprintf(at, CHANGE_TEXT, "%s", id->str);
}

/* One entry of the log: seats and their ends in turn. */
static void change_apply(struct free_seats *f, const redisReply *entry, int64_t now)
{
	const redisReply *list = entry->elements == 2 ? entry->element[1] : entry;

	for (size_t i = 0; list != entry && i + 1 < list->elements; i += 2)
		seat_set(f, reply_int(list, i), list->element[i + 1]->str, now);
	change_note(f->at, entry);
}

/* The newest changes are always kept: with as many as that since, some may be missing. */
static void changes_read(struct free_seats *f, const redisReply *reply)
{
	const redisReply *log = reply->elements == 1 ? reply->element[0] : reply;
	const redisReply *entries = log->elements == 2 ? log->element[1] : reply;
	int64_t now = queue_now(f->queue);

	f->known = entries != reply && entries->elements < CHANGES_KEPT;
	for (size_t i = 0; f->known && i < entries->elements; i++)
		change_apply(f, entries->element[i], now);
}

/* XREAD, and ZCARD now and then. */
static void look_read(struct free_seats *f, unsigned got, const redisReply *reply)
{
	f->heard |= got == 0;
	if (!f->known || reply->type == REDIS_REPLY_NIL)
		return;
	if (got == 0)
		changes_read(f, reply);
	else
		f->known = reply->integer == f->entries; /* or somebody has changed the set by hand */
}

static void look_late(struct ask *a, const redisReply *reply)
{
	look_read(a->kept, a->got, reply);
}

static enum code look_answer(struct ask *a, const redisReply *reply)
{
	look_read(a->kept, a->got, reply);
	return CODE_OK;
}

static void look_end(void *kept)
{
	struct free_seats *f = kept;

	if (!f->heard)
		f->known = false;
	f->heard = false;
	free_seats_drop(f);
}

static void look_send(struct free_seats *f, struct ask *a)
{
	const char *read[] = {"XREAD", "STREAMS", f->changes_key, f->at}, *count[] = {"ZCARD", f->seats_key};
	const size_t read_lens[] = {5, 7, strlen(f->changes_key), strlen(f->at)};
	const size_t count_lens[] = {5, strlen(f->seats_key)};

	a->late = look_late;
	a->answer = look_answer;
	a->kept = f;
	a->kept_free = look_end;
	f->users++;
	f->round = redis_round(a->redis);
	ask_command(a, f->queue->name, 4, read, read_lens);
	if (clock_ms() - f->counted_at < COUNT_MS)
		return;
	f->counted_at = clock_ms();
	ask_command(a, f->queue->name, 2, count, count_lens);
}

bool free_seats_known(struct free_seats *f)
{
	if (f->times_up != redis_times_up(f->queue->engine->redis) || clock_ms() - f->fetched_at >= WHOLE_MS)
		f->known = false;
	return f->known;
}

bool free_seats_look(struct free_seats *f)
{
	struct redis *redis = f->queue->engine->redis;
	struct ask *a;

	if (!free_seats_known(f) || f->round == redis_round(redis))
		return true;
	a = redis_ask(redis, NULL);
	if (!a)
		return false;
	look_send(f, a);
	ask_forget(a);
	return true;
}

enum step free_seats_look_now(struct task *t, struct free_seats *f)
{
	struct redis *redis = f->queue->engine->redis;
	struct ask *a = redis_ask(redis, t);

	if (!a)
		return task_failed(t, redis_refusal(redis));
	look_send(f, a);
	return ask_wait(a, t);
}

static void whole_read(struct free_seats *f, const redisReply *reply)
{
	int64_t now = queue_now(f->queue);

	memset(f->ends, 0, f->count * sizeof(*f->ends));
	f->entries = 0;
	f->next_end = NEVER;
	for (size_t i = 0; i + 1 < reply->elements; i += 2)
		seat_set(f, reply_int(reply, i), reply->element[i + 1]->str, now);
	for (size_t i = 0; i < f->count; i++)
		if (f->ends[i] == 0)
			seat_turn(f, i, true);
	memcpy(f->at, f->top, sizeof(f->at));
	f->fetched_at = f->counted_at = clock_ms();
	f->times_up = redis_times_up(f->queue->engine->redis);
	f->known = true;
}

/* The end of the log comes first: what is changed before the seats are read is in both, which does no harm. */
static void whole_late(struct ask *a, const redisReply *reply)
{
	struct free_seats *f = a->kept;

	if (a->outcome != CODE_OK || reply->type != REDIS_REPLY_ARRAY)
		return;
	if (a->got == 1) {
		whole_read(f, reply);
		return;
	}
	snprintf(f->top, sizeof(f->top), "0");
	if (reply->elements)
		change_note(f->top, reply->element[0]);
}

static void whole_end(void *kept)
{
	struct free_seats *f = kept;
	struct task_ref *waiting = f->waiting;
	size_t count = f->waiting_count;

	f->asking = false;
	f->waiting = NULL; /* who is woken may come to wait again */
	f->waiting_count = f->waiting_size = 0;
	for (size_t i = 0; i < count; i++)
		task_wake(waiting[i], f->known ? CODE_OK : CODE_UNAVAILABLE);
	free(waiting);
	free_seats_drop(f);
}

static bool whole_ask(struct free_seats *f)
{
	struct ask *a = redis_ask(f->queue->engine->redis, NULL);
	const char *top[] = {"XREVRANGE", f->changes_key, "+", "-", "COUNT", "1"};
	const char *seats[] = {"ZRANGE", f->seats_key, "0", "-1", "WITHSCORES"};
	const size_t top_lens[] = {9, strlen(f->changes_key), 1, 1, 5, 1};
	const size_t seats_lens[] = {6, strlen(f->seats_key), 1, 2, 10};

	if (!a)
		return false;
	f->asking = true;
	f->users++;
	a->late = whole_late;
	a->kept = f;
	a->kept_free = whole_end;
	ask_command(a, f->queue->name, 6, top, top_lens);
	ask_command(a, f->queue->name, 5, seats, seats_lens);
	ask_forget(a);
	return f->asking;
}

static bool wait_for(struct free_seats *f, struct task *t)
{
	if (f->waiting_count == f->waiting_size) {
		size_t size = f->waiting_size ? 2 * f->waiting_size : 16;
		struct task_ref *more = realloc(f->waiting, size * sizeof(*more));

		if (!more)
			return false;
		f->waiting = more;
		f->waiting_size = size;
	}
	f->waiting[f->waiting_count++] = task_ref_of(t);
	return true;
}

enum step free_seats_fetch(struct task *t, struct free_seats *f)
{
	if (!f->asking && !whole_ask(f))
		return task_failed(t, redis_refusal(f->queue->engine->redis));
	if (!wait_for(f, t))
		return task_failed(t, CODE_OVERLOADED);
	return task_wait(t, t->loop->redis_deadline);
}
