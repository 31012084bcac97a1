/* Is the process alive, can it serve, what are its figures, what is its contract. */
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "base/metrics.h"
#include "base/text.h"
#include "embedded.h"
#include "keeper.h"

enum step health_live(struct request *r)
{
	struct json j;

	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_text(&j, "status", "ok");
	json_object_end(&j);
	return reply_json(r, 200, &j);
}

/* Who answers and writes nothing is named, and is no reason to send nobody here any more: those inside
 * can pay when Redis is full, and the line goes on when MySQL is. */
static const char *redis_state(struct request *r)
{
	const char *word = redis_refuses();
	char *text = word ? arena_alloc(&r->task.arena, 32) : NULL;

	if (!word)
		return "ok";
	if (text)
		snprintf(text, 32, "not writing (%s)", word);
	return text ? text : "not writing";
}

enum step health_ready(struct request *r)
{
	const struct visit *v = visit_of(r);
	bool redis = keeper_redis_answers() && redis_ready(v->worker->engine.redis), mysql = keeper_mysql_answers();
	bool catalog = v->worker->catalog != NULL;
	struct json j;

	if (!redis || !mysql || !catalog)
		return reply_problem_fmt(r, CODE_UNAVAILABLE, "not answering:%s%s%s", redis ? "" : " Redis",
					 mysql ? "" : " MySQL", redis && mysql ? " the catalogue is being read" : "");
	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_text(&j, "status", "ready");
	json_text(&j, "redis", redis_state(r));
	json_text(&j, "mysql", pool_takes_writes() ? "ok" : "not writing");
	json_object_end(&j);
	return reply_json(r, 200, &j);
}

static void add_help(struct text *t, const char *name, const char *kind, const char *help)
{
	text_add(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static const struct {
	const char *name, *kind, *help;
	size_t offset;
} queue_gauges[] = {
	{"usher_queue_waiting", "gauge", "Users in line", offsetof(struct queue_status, waiting)},
	{"usher_queue_inside", "gauge", "Sessions inside", offsetof(struct queue_status, inside)},
	{"usher_queue_entered_total", "counter", "Users who entered", offsetof(struct queue_status, entered)},
	{"usher_queue_admitted_total", "counter", "Users let in", offsetof(struct queue_status, admitted)},
	{"usher_queue_no_shows_total", "counter", "Sessions never claimed", offsetof(struct queue_status, no_shows)},
	{"usher_queue_left_total", "counter", "Places and sessions given up", offsetof(struct queue_status, left)},
	{"usher_queue_paid_total", "counter", "Sessions that paid", offsetof(struct queue_status, paid)},
	{"usher_queue_seats_taken", "gauge", "Seats held or paid", offsetof(struct queue_status, seats_taken)},
	{"usher_queue_seats_total", "gauge", "Seats still to come", offsetof(struct queue_status, seats_total)},
};

/* The figures of every queue, with the queue as label. */
static void add_queues(struct text *t, const struct engine *e)
{
	for (size_t i = 0; i < sizeof(queue_gauges) / sizeof(queue_gauges[0]); i++) {
		add_help(t, queue_gauges[i].name, queue_gauges[i].kind, queue_gauges[i].help);
		for (const struct queue *q = e->queues; q; q = q->next)
			if (!q->removed && q->status.known)
				text_add(t, "%s{queue=\"%s\"} %lld\n", queue_gauges[i].name, q->name,
					 (long long)*(const int64_t *)((const char *)&q->status +
								       queue_gauges[i].offset));
	}
}

static void add_eta_error(struct text *t)
{
	static const char name[] = "usher_eta_error_seconds";

	add_help(t, name, "histogram", "How far off the first expected time was when the user was let in");
	for (int i = 0; i < ETA_ERROR_BUCKETS; i++) {
		long long bound = metric_eta_error_bound(i), count = metric_eta_error_count(i);

		if (bound < 0)
			text_add(t, "%s_bucket{le=\"+Inf\"} %lld\n%s_count %lld\n", name, count, name, count);
		else
			text_add(t, "%s_bucket{le=\"%lld\"} %lld\n", name, bound, count);
	}
	text_add(t, "%s_sum %.3f\n", name, (double)metric_eta_error_sum_ms() / 1000);
}

enum step metrics_answer(struct request *r)
{
	struct text t = {.arena = &r->task.arena};

	for (int m = 0; m < METRIC_COUNT; m++) {
		add_help(&t, metric_name(m), metric_kind(m), metric_help(m));
		text_add(&t, "%s %lld\n", metric_name(m), (long long)metric_get(m));
	}
	add_queues(&t, &visit_of(r)->worker->engine);
	add_eta_error(&t);
	if (t.failed)
		return reply_problem(r, CODE_OVERLOADED, NULL);
	return reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", t.at, t.len);
}

enum step openapi_answer(struct request *r)
{
	return reply_text(r, 200, "application/json", embedded_openapi, embedded_openapi_len);
}
