/* Is the process alive, can it serve, what are its figures, what is its contract. */
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "base/metrics.h"
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
	json_text(&j, "redis", "ok");
	json_text(&j, "mysql", "ok");
	json_object_end(&j);
	return reply_json(r, 200, &j);
}

/* One figure of every queue, as a Prometheus gauge with the queue as label. */
static char *queue_gauge(struct request *r, char *text, const char *name, const char *kind, const char *help,
			 size_t offset)
{
	const struct engine *e = &visit_of(r)->worker->engine;

	text = arena_printf(&r->task.arena, "%s# HELP %s %s\n# TYPE %s %s\n", text, name, help, name, kind);
	for (const struct queue *q = e->queues; q && text; q = q->next)
		if (!q->removed && q->status.known)
			text = arena_printf(&r->task.arena, "%s%s{queue=\"%s\"} %lld\n", text, name, q->name,
					    (long long)*(const int64_t *)((const char *)&q->status + offset));
	return text;
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

static char *eta_error_histogram(struct request *r, char *text)
{
	static const char name[] = "usher_eta_error_seconds";

	text = arena_printf(&r->task.arena,
			    "%s# HELP %s How far off the first expected time was when the user was let in\n"
			    "# TYPE %s histogram\n",
			    text, name, name);
	for (int i = 0; i < ETA_ERROR_BUCKETS && text; i++) {
		int64_t bound = metric_eta_error_bound(i);
		const char *le = bound < 0 ? "+Inf" : arena_printf(&r->task.arena, "%lld", (long long)bound);

		text = arena_printf(&r->task.arena, "%s%s_bucket{le=\"%s\"} %lld\n", text, name, le ? le : "",
				    (long long)metric_eta_error_count(i));
	}
	if (!text)
		return NULL;
	return arena_printf(&r->task.arena, "%s%s_sum %.3f\n%s_count %lld\n", text, name,
			    (double)metric_eta_error_sum_ms() / 1000, name,
			    (long long)metric_eta_error_count(ETA_ERROR_BUCKETS - 1));
}

enum step metrics_answer(struct request *r)
{
	char *text = arena_printf(&r->task.arena, "%s", "");

	for (int m = 0; m < METRIC_COUNT && text; m++)
		text = arena_printf(&r->task.arena, "%s# HELP %s %s\n# TYPE %s %s\n%s %lld\n", text, metric_name(m),
				    metric_help(m), metric_name(m), metric_kind(m), metric_name(m),
				    (long long)metric_get(m));
	for (size_t i = 0; i < sizeof(queue_gauges) / sizeof(queue_gauges[0]) && text; i++)
		text = queue_gauge(r, text, queue_gauges[i].name, queue_gauges[i].kind, queue_gauges[i].help,
				   queue_gauges[i].offset);
	if (text)
		text = eta_error_histogram(r, text);
	if (!text)
		return reply_problem(r, CODE_OVERLOADED, NULL);
	return reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", text, strlen(text));
}

enum step openapi_answer(struct request *r)
{
	return reply_text(r, 200, "application/json", embedded_openapi, embedded_openapi_len);
}
