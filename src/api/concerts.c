/* Concerts and their dates. */
#include <stdlib.h>
#include <string.h>

#include "api/routes.h"
#include "engine/seats.h"

/* A worker that has only just learned of a queue asks for its figures, each queue once. */
enum step concerts_figures(struct request *r)
{
	struct visit *v = visit_of(r);
	struct queue **at = v->state, *q;

	if (!at) {
		at = state_or_reply(r, sizeof(*at));
		if (!at)
			return STEP_DONE;
		*at = v->worker->engine.queues;
	}
	while (*at && ((*at)->removed || (*at)->status.known))
		*at = (*at)->next;
	if (!*at)
		return STEP_NEXT;
	q = *at;
	*at = q->next;
	request_repeat(r);
	return queue_ask_figures(&r->task, q);
}

static int64_t opens_at(const struct visit *v, const char *queue)
{
	const struct queue *q = engine_queue(&v->worker->engine, queue, strlen(queue));

	return q ? q->status.settings.opens_at : 0;
}

enum step concerts_list(struct request *r)
{
	const struct visit *v = visit_of(r);
	const struct catalog *c = catalog_or_reply(r);
	struct json j;

	if (!c)
		return STEP_DONE;
	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_array(&j, "concerts");
	for (size_t i = 0; i < c->concert_count; i++) {
		const struct catalog_concert *k = &c->concerts[i];

		json_object(&j, NULL);
		json_int(&j, "concertId", k->id);
		json_text(&j, "title", k->title);
		json_text(&j, "queue", k->queue->name);
		json_time(&j, "opensAt", opens_at(v, k->queue->name));
		json_int(&j, "seatLimit", k->seat_limit);
		json_int(&j, "holdSeconds", k->hold_seconds);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	return reply_json(r, 200, &j);
}

/* The schedules of one concert that are still to come, by time. */
struct dates {
	const struct catalog_concert *concert;
	size_t count;
	const struct catalog_schedule **schedules;
	int64_t *ids, *taken;
};

static int by_start(const void *a, const void *b)
{
	const struct catalog_schedule *const *x = a, *const *y = b;

	if ((*x)->starts_at != (*y)->starts_at)
		return (*x)->starts_at < (*y)->starts_at ? -1 : 1;
	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

static bool dates_collect(struct request *r, const struct catalog *c, struct dates *d)
{
	int64_t now = visit_of(r)->queue->status.now; /* Redis' clock, at most a second old */

	d->schedules = arena_alloc(&r->task.arena, (c->schedule_count + 1) * sizeof(*d->schedules));
	d->ids = arena_alloc(&r->task.arena, (c->schedule_count + 1) * sizeof(*d->ids));
	d->taken = arena_alloc(&r->task.arena, (c->schedule_count + 1) * sizeof(*d->taken));
	if (!d->schedules || !d->ids || !d->taken)
		return false;
	for (size_t i = 0; i < c->schedule_count; i++)
		if (c->schedules[i].concert == d->concert && c->schedules[i].starts_at > now)
			d->schedules[d->count++] = &c->schedules[i];
	qsort(d->schedules, d->count, sizeof(*d->schedules), by_start);
	for (size_t i = 0; i < d->count; i++)
		d->ids[i] = d->schedules[i]->id;
	return true;
}

enum step dates_count(struct request *r)
{
	struct visit *v = visit_of(r);
	struct dates *d;
	int64_t id;

	if (!path_id_or_reply(r, 0, "concertId", &id))
		return STEP_DONE;
	d = state_or_reply(r, sizeof(*d));
	if (!d)
		return STEP_DONE;
	d->concert = concert_or_reply(r, id);
	if (!d->concert)
		return STEP_DONE;
	if (!dates_collect(r, v->catalog, d))
		return reply_problem(r, CODE_OVERLOADED, NULL);
	return seats_count(&r->task, &v->worker->engine, v->queue, d->ids, d->count, d->taken);
}

enum step dates_answer(struct request *r)
{
	const struct dates *d = visit_of(r)->state;
	struct json j;

	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_int(&j, "concertId", d->concert->id);
	json_array(&j, "dates");
	for (size_t i = 0; i < d->count; i++) {
		const struct catalog_schedule *s = d->schedules[i];
		int64_t left = (int64_t)s->seat_count - d->taken[i];

		if (left <= 0)
			continue;
		json_object(&j, NULL);
		json_int(&j, "scheduleId", s->id);
		json_time(&j, "startsAt", s->starts_at);
		json_text(&j, "venue", s->venue);
		json_int(&j, "seatsLeft", left);
		json_object_end(&j);
	}
	json_array_end(&j);
	json_object_end(&j);
	return reply_json(r, 200, &j);
}
