/* The figures of the process and of the queues, as Prometheus reads them. */
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "base/metrics.h"
#include "base/text.h"
#include "http/times.h"

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

/* The lines of one series. `labels` are without braces, or empty. */
static void add_series(struct text *t, enum histogram h, const char *labels, const struct histogram_counts *c)
{
	const char *name = histogram_name(h), *comma = *labels ? "," : "";
	const char *open = *labels ? "{" : "", *close = *labels ? "}" : "";
	unsigned long long n = 0;
	const int64_t *bounds;
	size_t count = histogram_bounds(h, &bounds);

	for (size_t i = 0; i < count; i++) {
		n += c->bucket[i];
		text_add(t, "%s_bucket{%s%sle=\"%g\"} %llu\n", name, labels, comma, (double)bounds[i] / 1e6, n);
	}
	n += c->bucket[count];
	text_add(t, "%s_bucket{%s%sle=\"+Inf\"} %llu\n", name, labels, comma, n);
	text_add(t, "%s_sum%s%s%s %.6f\n", name, open, labels, close, (double)c->sum_us / 1e6);
	text_add(t, "%s_count%s%s%s %llu\n", name, open, labels, close, n);
}

static void add_histogram(struct text *t, const struct request *r, enum histogram h)
{
	size_t count = 0;
	struct histogram_series *series = histogram_read(h, t->arena, &count);
	const char *method, *route;
	char labels[160] = "";

	t->failed |= !series;
	add_help(t, histogram_name(h), "histogram", histogram_help(h));
	for (size_t i = 0; i < count; i++) {
		if (h == HISTOGRAM_http_request) {
			times_labels(r, series[i].row, &method, &route);
			snprintf(labels, sizeof(labels), "method=\"%s\",route=\"%s\",status=\"%d\"", method, route,
				 series[i].key);
		}
		add_series(t, h, labels, &series[i].counts);
	}
}

static void add_requests(struct text *t)
{
	struct times_all all;

	times_read(&all);
	add_help(t, "usher_http_requests_total", "counter", "Requests answered");
	text_add(t, "usher_http_requests_total %llu\n", (unsigned long long)histogram_total(&all.times));
	add_help(t, "usher_http_errors_total", "counter", "Requests answered with a 5xx");
	text_add(t, "usher_http_errors_total %llu\n", (unsigned long long)all.errors);
}

enum step metrics_answer(struct request *r)
{
	struct text t = {.arena = &r->task.arena};

	for (int m = 0; m < METRIC_COUNT; m++) {
		add_help(&t, metric_name(m), metric_kind(m), metric_help(m));
		text_add(&t, "%s %lld\n", metric_name(m), (long long)metric_get(m));
	}
	add_queues(&t, &visit_of(r)->worker->engine);
	add_requests(&t);
	for (enum histogram h = 0; h < HISTOGRAM_COUNT; h++)
		add_histogram(&t, r, h);
	if (t.failed)
		return reply_problem(r, CODE_OVERLOADED, NULL);
	return reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", t.at, t.len);
}
