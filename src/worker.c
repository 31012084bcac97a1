/* Worker threads. */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/routes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "settings.h"

static struct {
	struct worker *at;
	long count;
	struct router *router;
	struct pages *pages;
	int most_ms; /* how long stopping may take */
} workers;

/* The schedules of a queue's concerts, as the engine wants them. NULL when there are none. */
static struct queue_schedule *schedules_of(const struct catalog *c, const struct catalog_queue *q, size_t *count)
{
	struct queue_schedule *out = calloc(c->schedule_count + 1, sizeof(*out));

	*count = 0;
	for (size_t i = 0; out && i < c->schedule_count; i++) {
		const struct catalog_schedule *s = &c->schedules[i];

		if (s->concert->queue != q)
			continue;
		out[*count].starts_at = s->starts_at;
		out[*count].seats = (int64_t)s->seat_count;
		seats_key(out[*count].key, q->name, s->id);
		changes_key(out[*count].changes_key, q->name, s->id);
		++*count;
	}
	return out;
}

void engine_take_catalog(struct engine *e, const struct catalog *c)
{
	for (struct queue *q = e->queues; q; q = q->next)
		q->removed = catalog_queue(c, q->name) == NULL;
	for (size_t i = 0; i < c->queue_count; i++) {
		size_t count;
		struct queue_schedule *schedules = schedules_of(c, &c->queues[i], &count);

		if (!schedules || !engine_queue_set(e, c->queues[i].name, schedules, count))
			log_error("out of memory for queue %s", c->queues[i].name);
	}
}

struct catalog *worker_catalog(struct worker *w)
{
	struct catalog *newer;

	if (atomic_load_explicit(&w->pending, memory_order_relaxed) == NULL)
		return w->catalog;
	newer = atomic_exchange_explicit(&w->pending, NULL, memory_order_acquire);
	if (newer) {
		catalog_drop(w->catalog);
		w->catalog = newer;
		engine_take_catalog(&w->engine, newer);
		users_forget_unknown(&w->users);
		seat_maps_follow(&w->seat_maps, newer);
	}
	return w->catalog;
}

static void on_nudge(struct letter *letter)
{
	struct worker *w = (struct worker *)((char *)letter - offsetof(struct worker, nudge));

	atomic_flag_clear(&w->nudged);
	worker_catalog(w);
}

void workers_publish(struct catalog *c)
{
	for (long i = 0; i < workers.count; i++) {
		struct worker *w = &workers.at[i];

		catalog_drop(atomic_exchange_explicit(&w->pending, catalog_take(c), memory_order_acq_rel));
		if (!atomic_flag_test_and_set(&w->nudged))
			loop_post(&w->loop, &w->nudge);
	}
}

bool workers_ready(void)
{
	for (long i = 0; i < workers.count; i++)
		if (!redis_ready(workers.at[i].engine.redis) || atomic_load(&workers.at[i].pending))
			return false;
	return true;
}

static void on_call(struct letter *letter)
{
	struct worker *w = (struct worker *)((char *)letter - offsetof(struct worker, call));

	atomic_flag_clear(&w->called);
}

bool workers_turning(void)
{
	bool all = true;

	for (long i = 0; i < workers.count; i++) {
		struct worker *w = &workers.at[i];

		if (atomic_flag_test_and_set(&w->called))
			all = false;
		else
			loop_post(&w->loop, &w->call);
	}
	return all;
}

static void on_stopped(void *owner)
{
	struct worker *w = owner;

	loop_stop(&w->loop);
}

static void on_stop(struct letter *letter)
{
	struct worker *w = (struct worker *)((char *)letter - offsetof(struct worker, stop));

	server_stop(w->server, workers.most_ms, on_stopped);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	loop_run(&w->loop);
	return NULL;
}

static int worker_init(struct worker *w, int fd)
{
	const struct server_config config = {
		.router = workers.router, .begin = visit_begin, .workers = workers.count, .owner = w};

	w->nudge.deliver = on_nudge;
	w->call.deliver = on_call;
	w->stop.deliver = on_stop;
	atomic_flag_clear(&w->nudged);
	atomic_flag_clear(&w->called);
	if (loop_init(&w->loop, w) != 0)
		return -1;
	w->server = server_new(&w->loop, fd, &config);
	if (!w->server || users_init(&w->users, &w->loop, workers.count) != 0 ||
	    strikes_init(&w->strikes, &w->loop) != 0 || engine_init(&w->engine, &w->loop) != 0)
		return -1;
	w->engine.snapshots = true;
	w->pages = workers.pages;
	w->running = pthread_create(&w->thread, NULL, worker_main, w) == 0;
	return w->running ? 0 : -1;
}

static bool pages_load(void)
{
	char why[256];

	workers.pages = pages_new(settings.web_dir, why, sizeof(why));
	if (!workers.pages)
		log_error("setting web-dir: %s", why);
	return workers.pages != NULL;
}

int workers_start(long count, const char *host, int *port)
{
	workers.router = routes_new();
	workers.at = calloc((size_t)count, sizeof(*workers.at));
	if (!workers.router || !workers.at) {
		log_error("out of memory");
		return -1;
	}
	if (!pages_load())
		return -1;
	if (*port && !server_port_free(host, *port)) {
		log_error("setting listen: %s:%d is in use", host, *port);
		return -1;
	}
	workers.count = count;
	metric_set(METRIC_workers, count);
	for (long i = 0; i < count; i++) {
		int fd = server_listen(host, port);

		if (fd < 0) {
			log_error("setting listen: cannot listen on %s:%d: %s", host, *port, strerror(errno));
			return -1;
		}
		if (worker_init(&workers.at[i], fd) != 0) {
			log_error("cannot start worker %ld", i);
			return -1;
		}
	}
	return 0;
}

static void worker_free(struct worker *w)
{
	engine_destroy(&w->engine);
	server_free(w->server);
	users_destroy(&w->users);
	strikes_destroy(&w->strikes);
	seat_maps_free(&w->seat_maps);
	catalog_drop(w->catalog);
	catalog_drop(atomic_load(&w->pending));
	loop_destroy(&w->loop);
}

void workers_stop(int most_ms)
{
	workers.most_ms = most_ms;
	for (long i = 0; i < workers.count; i++)
		if (workers.at[i].running)
			loop_post(&workers.at[i].loop, &workers.at[i].stop);
	for (long i = 0; i < workers.count; i++)
		if (workers.at[i].running)
			pthread_join(workers.at[i].thread, NULL);
}

void workers_free(void)
{
	for (long i = 0; i < workers.count; i++)
		worker_free(&workers.at[i]);
	free(workers.at);
	router_free(workers.router);
	pages_free(workers.pages);
}
