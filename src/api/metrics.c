/* GET /metrics: every figure of this daemon and of the queues, as Prometheus reads them. */
#include <string.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/process.h"
#include "base/text.h"
#include "config.h"
#include "http/times.h"
#include "keeper.h"
#include "settings.h"

/* Whose a figure is: whether it may be added up over daemons. Its help begins with it. */
enum owner { OF_DAEMON, OF_QUEUE };

static void add_family(struct text *t, enum owner owner, const char *name, const char *kind, const char *help)
{
	static const char *const of[] = {[OF_DAEMON] = "Of this daemon", [OF_QUEUE] = "Of the queue"};

	text_add(t, "# HELP %s %s: %s\n# TYPE %s %s\n", name, of[owner], help, name, kind);
}

static void add_single(struct text *t, const char *name, const char *kind, const char *help, double value)
{
	add_family(t, OF_DAEMON, name, kind, help);
	text_add(t, "%s %.15g\n", name, value);
}

/* A label's value may hold anything but these three as they are. */
static void add_label(struct text *t, const char *name, const char *value)
{
	text_add(t, "%s=\"", name);
	while (*value) {
		size_t plain = strcspn(value, "\n\"\\");

		text_add(t, "%.*s", (int)plain, value);
		value += plain;
		if (*value == '\n')
			text_add(t, "\\n");
		else if (*value)
			text_add(t, "\\%c", *value);
		value += *value != '\0';
	}
	text_add(t, "\"");
}

static const struct {
	enum owner owner;
	const char *name, *kind, *help;
} queue_families[] = {
#define FIGURE(owner, name, kind, help, value) {owner, name, kind, help},
#include "queue_figures.def"
#undef FIGURE
};

#define QUEUE_FAMILIES (sizeof(queue_families) / sizeof(queue_families[0]))

static double queue_figure(const struct queue *q, size_t number)
{
	const struct queue_status *s = &q->status;
	const double values[] = {
#define FIGURE(owner, name, kind, help, value) (double)(value),
#include "queue_figures.def"
#undef FIGURE
	};

	return values[number];
}

static void add_queues(struct text *t, const struct engine *e)
{
	for (size_t i = 0; i < QUEUE_FAMILIES; i++) {
		add_family(t, queue_families[i].owner, queue_families[i].name, queue_families[i].kind,
			   queue_families[i].help);
		for (const struct queue *q = e->queues; q; q = q->next) {
			if (q->removed || !q->status.known)
				continue;
			text_add(t, "%s{", queue_families[i].name);
			add_label(t, "queue", q->name);
			text_add(t, "} %.15g\n", queue_figure(q, i));
		}
	}
}

/* Whom this daemon depends on, as it sees them. */
static void add_servers(struct text *t, const struct engine *e)
{
	bool redis = keeper_redis_answers() && redis_ready(e->redis), mysql = keeper_mysql_answers();

	add_single(t, "usher_redis_up", "gauge", "1 while Redis answers it", redis);
	add_single(t, "usher_redis_writable", "gauge", "1 while Redis takes what it writes", redis && !redis_refuses());
	add_single(t, "usher_mysql_up", "gauge", "1 while MySQL answers it", mysql);
	add_single(t, "usher_mysql_writable", "gauge", "1 while MySQL takes what it writes",
		   mysql && pool_takes_writes());
	add_single(t, "usher_mysql_threads", "gauge", "database threads", (double)settings.db_threads);
	add_single(t, "usher_mysql_connections", "gauge", "database threads that have a connection",
		   pool_connections());
	add_single(t, "usher_mysql_queue_limit", "gauge", "most jobs that may wait for a database thread",
		   (double)settings.db_queue);
}

static void add_requests(struct text *t)
{
	struct times_all all;

	times_read(&all);
	add_single(t, "usher_http_requests_total", "counter", "requests answered", (double)histogram_total(&all.times));
	add_single(t, "usher_http_errors_total", "counter", "requests answered with a 5xx", (double)all.errors);
	add_single(t, "usher_http_connections_limit", "gauge", "most open connections",
		   (double)settings.connections_limit);
}

static void add_process(struct text *t)
{
	int64_t resident, virtual;

	process_memory(&resident, &virtual);
	add_single(t, "process_cpu_seconds_total", "counter", "user and system time", process_cpu_seconds());
	add_single(t, "process_resident_memory_bytes", "gauge", "memory in RAM", (double)resident);
	add_single(t, "process_virtual_memory_bytes", "gauge", "all memory", (double)virtual);
	add_single(t, "process_open_fds", "gauge", "open descriptors", (double)process_open_descriptors());
	add_single(t, "process_max_fds", "gauge", "most descriptors it may open", (double)process_most_descriptors());
	add_family(t, OF_DAEMON, "usher_build_info", "gauge", "always 1; the label says which version it is");
	text_add(t, "usher_build_info{");
	add_label(t, "version", PACKAGE_VERSION);
	text_add(t, "} 1\n");
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

/* What the row and the key of a series stand for, into `t`: only requests have more than one. */
static void take_labels(struct text *t, const struct request *r, enum histogram h, const struct histogram_series *s)
{
	const char *method, *route;

	t->len = 0;
	text_add(t, "%s", "");
	if (h != HISTOGRAM_http_request)
		return;
	times_labels(r, s->row, &method, &route);
	add_label(t, "method", method);
	text_add(t, ",");
	add_label(t, "route", route);
	text_add(t, ",status=\"%d\"", s->key);
}

static void add_histogram(struct text *t, const struct request *r, enum histogram h)
{
	size_t count = 0;
	struct histogram_series *series = histogram_read(h, t->arena, &count);
	struct text labels = {.arena = t->arena};

	t->failed |= !series;
	add_family(t, OF_DAEMON, histogram_name(h), "histogram", histogram_help(h));
	for (size_t i = 0; i < count; i++) {
		take_labels(&labels, r, h, &series[i]);
		if (labels.failed)
			break;
		add_series(t, h, labels.at, &series[i].counts);
	}
	t->failed |= labels.failed;
}

enum step metrics_answer(struct request *r)
{
	const struct engine *e = &visit_of(r)->worker->engine;
	struct text t = {.arena = &r->task.arena};

	for (int m = 0; m < METRIC_COUNT; m++)
		add_single(&t, metric_name(m), metric_kind(m), metric_help(m), (double)metric_get(m));
	add_servers(&t, e);
	add_requests(&t);
	add_process(&t);
	add_queues(&t, e);
	for (enum histogram h = 0; h < HISTOGRAM_COUNT; h++)
		add_histogram(&t, r, h);
	if (t.failed)
		return reply_problem(r, CODE_OVERLOADED, NULL);
	return reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", t.at, t.len);
}
