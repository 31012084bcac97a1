/* /admin/v1: looking at queues, changing them. */
#include <string.h>

#include "api/queue_json.h"
#include "api/routes.h"
#include "keeper.h"
#include "store/queues.h"

void queue_json(struct json *j, const char *name, const struct queue_status *s)
{
	json_object(j, NULL);
	json_text(j, "queue", name);
	json_int(j, "capacity", s->settings.capacity);
	json_int(j, "ratePerSecond", s->settings.rate_per_second);
	json_int(j, "sessionSeconds", s->settings.session_seconds);
	json_int(j, "claimSeconds", s->settings.claim_seconds);
	json_bool(j, "paused", s->settings.paused);
	json_time(j, "opensAt", s->settings.opens_at);
	json_int(j, "version", s->settings.version);
	json_int(j, "epoch", s->settings.epoch);
	json_int(j, "waiting", s->waiting);
	json_int(j, "inside", s->inside);
	json_int(j, "unclaimed", s->unclaimed);
	json_int(j, "entered", s->entered);
	json_int(j, "admitted", s->admitted);
	json_int(j, "admittedLastMinute", s->admitted_minute);
	json_int(j, "noShows", s->no_shows);
	json_int(j, "left", s->left);
	json_int(j, "paid", s->paid);
	json_int(j, "seatsTotal", s->seats_total);
	json_int(j, "seatsLeft", s->seats_total - s->seats_taken);
	json_object_end(j);
}

/* After queue_figures. */
enum step admin_queue_answer(struct request *r)
{
	const struct visit *v = visit_of(r);
	const struct queue_status *s = v->state;
	struct json j;

	if (!s->known)
		return reply_problem(r, CODE_NO_QUEUE, NULL);
	json_begin(&j, &r->task.arena);
	queue_json(&j, v->queue->name, s);
	return reply_json(r, 200, &j);
}

/* One question after the other, a queue each. */
struct listing {
	size_t asked;
	struct queue_status status[];
};

enum step admin_queues_ask(struct request *r)
{
	struct visit *v = visit_of(r);
	const struct catalog *c = catalog_or_reply(r);
	struct listing *l = v->state;
	struct queue *q;

	if (!c)
		return STEP_DONE;
	if (!l)
		l = state_or_reply(r, sizeof(*l) + (c->queue_count + 1) * sizeof(l->status[0]));
	if (!l)
		return STEP_DONE;
	if (l->asked == c->queue_count)
		return STEP_NEXT;
	request_repeat(r);
	q = engine_queue(&v->worker->engine, c->queues[l->asked].name, strlen(c->queues[l->asked].name));
	l->asked++;
	return q ? queue_ask_status(&r->task, &v->worker->engine, q, &l->status[l->asked - 1]) : STEP_NEXT;
}

enum step admin_queues_answer(struct request *r)
{
	const struct visit *v = visit_of(r);
	const struct listing *l = v->state;
	struct json j;

	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_array(&j, "queues");
	for (size_t i = 0; i < v->catalog->queue_count; i++)
		if (l->status[i].known)
			queue_json(&j, v->catalog->queues[i].name, &l->status[i]);
	json_array_end(&j);
	json_object_end(&j);
	return reply_json(r, 200, &j);
}

enum step admin_patch_read(struct request *r)
{
	struct visit *v = visit_of(r);
	struct queue_patch_job *j;

	if (!catalog_or_reply(r))
		return STEP_DONE;
	v->queue = engine_queue(&v->worker->engine, r->params[0].text, r->params[0].len);
	if (!v->queue)
		return reply_problem(r, CODE_QUEUE_NOT_FOUND, NULL);
	j = job_or_reply(r, sizeof(*j), queue_patch_work);
	if (!j)
		return STEP_DONE;
	j->capacity = j->rate_per_second = j->session_seconds = j->claim_seconds = UNCHANGED;
	j->paused = j->opens_at = UNCHANGED;
	memcpy(j->name, v->queue->name, sizeof(j->name));
	if (!body_or_reply(r, &patch_body, j)) {
		job_free(&j->job);
		return STEP_DONE;
	}
	return job_wait(r);
}

/* MySQL has it; the answer waits until Redis, and with it every daemon, goes by it. */
enum step admin_patch_sync(struct request *r)
{
	const struct queue_patch_job *j = visit_of(r)->job;

	if (j->code != CODE_OK)
		return reply_problem(r, j->code, j->why);
	return keeper_sync(&r->task, MYSQL_DEADLINE_MS);
}
