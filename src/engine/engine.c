/* The queues one loop knows, their keys, and figures that are refreshed a few times a second. */
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/queue.h"
#include "settings.h"

char *seats_key(char key[KEY_TEXT], const char *queue, int64_t schedule)
{
	snprintf(key, KEY_TEXT, "usher:{%s}:seats:%" PRId64, queue, schedule);
	return key;
}

char *changes_key(char key[KEY_TEXT], const char *queue, int64_t schedule)
{
	snprintf(key, KEY_TEXT, "usher:{%s}:changes:%" PRId64, queue, schedule);
	return key;
}

char *holds_key(char key[KEY_TEXT], const char *queue, int64_t user)
{
	snprintf(key, KEY_TEXT, "usher:{%s}:holds:%" PRId64, queue, user);
	return key;
}

static void keys_init(struct queue_keys *k, const char *name)
{
	snprintf(k->queue, KEY_TEXT, "usher:{%s}:queue", name);
	snprintf(k->waiting, KEY_TEXT, "usher:{%s}:waiting", name);
	snprintf(k->active, KEY_TEXT, "usher:{%s}:active", name);
	snprintf(k->places, KEY_TEXT, "usher:{%s}:places", name);
	snprintf(k->unclaimed, KEY_TEXT, "usher:{%s}:unclaimed", name);
	snprintf(k->admitted, KEY_TEXT, "usher:{%s}:admitted", name);
	snprintf(k->through, KEY_TEXT, "usher:{%s}:through", name);
	snprintf(k->rebuild, KEY_TEXT, "usher:{%s}:rebuild", name);
	snprintf(k->issued, KEY_TEXT, "usher:{%s}:issued", name);
	snprintf(k->gone, KEY_TEXT, "usher:{%s}:gone", name);
	snprintf(k->unrecorded, KEY_TEXT, "usher:{%s}:unrecorded", name);
}

static void refresh_later(struct queue *q)
{
	uint32_t ms = QUEUE_REFRESH_MS * 9 / 10 + loop_random(q->engine->loop, QUEUE_REFRESH_MS / 5);
	struct timeval tv = {0, (suseconds_t)ms * 1000};

	event_add(q->refresh_timer, &tv);
}

static struct queue *refreshed_queue(struct task *t)
{
	return (struct queue *)((char *)t - offsetof(struct queue, refresh));
}

static enum step refresh_advance(struct task *t)
{
	struct queue *q = refreshed_queue(t);

	switch (q->refresh_step) {
	case REFRESH_ASK:
		q->refresh_step = REFRESH_TAKE;
		q->refresh_began = clock_ms();
		return queue_ask_status(t, q->engine, q, &q->fresh);
	case REFRESH_TAKE:
		q->refresh_step = REFRESH_SNAPSHOT;
		q->status = q->fresh;
		queue_note(q, &q->fresh);
		q->refreshed_at = clock_ms();
		q->snapshot.state = SNAPSHOT_BEGIN;
		return q->engine->snapshots ? STEP_NEXT : STEP_DONE;
	default:
		return snapshot_refresh(t, q, q->refresh_began);
	}
}

/* The old figures stand until Redis answers again; refreshed_at tells how old they are. */
static void refresh_fail(struct task *t, enum code code)
{
	(void)t, (void)code;
}

static void refresh_finish(struct task *t)
{
	task_end(t);
	refresh_later(refreshed_queue(t));
}

static void refresh_start(evutil_socket_t fd, short what, void *arg)
{
	struct queue *q = arg;

	(void)fd, (void)what;
	q->refresh_step = REFRESH_ASK;
	task_run(&q->refresh);
}

int engine_init(struct engine *e, struct loop *l)
{
	memset(e, 0, sizeof(*e));
	e->loop = l;
	token_keys_init(&e->tokens, settings.key, settings.has_previous_key ? settings.previous_key : NULL);
	e->redis = redis_new(l);
	return e->redis ? 0 : -1;
}

static void queue_free(struct queue *q)
{
	if (q->refresh_timer)
		event_free(q->refresh_timer);
	task_destroy(&q->refresh);
	snapshot_free(&q->snapshot);
	free(q->shown_up);
	free(q->schedules);
	free(q);
}

void engine_destroy(struct engine *e)
{
	redis_free(e->redis);
	while (e->queues) {
		struct queue *q = e->queues;

		e->queues = q->next;
		queue_free(q);
	}
}

static struct queue *queue_find_any(struct engine *e, const char *name, size_t len)
{
	for (struct queue *q = e->queues; q; q = q->next)
		if (strncmp(q->name, name, len) == 0 && q->name[len] == '\0')
			return q;
	return NULL;
}

struct queue *engine_queue(struct engine *e, const char *name, size_t len)
{
	struct queue *q = len <= QUEUE_NAME_MAX ? queue_find_any(e, name, len) : NULL;

	return q && !q->removed ? q : NULL;
}

static struct queue *queue_new(struct engine *e, const char *name)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	snprintf(q->name, sizeof(q->name), "%s", name);
	keys_init(&q->keys, q->name);
	q->engine = e;
	q->refresh_timer = evtimer_new(e->loop->base, refresh_start, q);
	if (!q->refresh_timer || task_init(&q->refresh, e->loop) != 0) {
		queue_free(q);
		return NULL;
	}
	q->refresh.advance = refresh_advance;
	q->refresh.fail = refresh_fail;
	q->refresh.finish = refresh_finish;
	q->next = e->queues;
	e->queues = q;
	refresh_start(-1, 0, q);
	return q;
}

struct queue *engine_queue_set(struct engine *e, const char *name, struct queue_schedule *schedules, size_t count)
{
	struct queue *q = queue_find_any(e, name, strlen(name));

	if (!q)
		q = queue_new(e, name);
	if (!q) {
		free(schedules);
		return NULL;
	}
	free(q->schedules);
	q->schedules = schedules;
	q->schedule_count = count;
	q->removed = false;
	return q;
}
