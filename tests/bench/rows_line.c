/* Entering the line, and how all of it grows. */
#include "rows.h"

#include <stdio.h>

#include "bench.h"
#include "contest.h"
#include "lines.h"
#include "load.h"
#include "meter.h"
#include "peers.h"
#include "report.h"
#include "support/kit.h"

#define ENTRANTS (bench.quick ? 2000 : 20000) /* all of them fit into the daemon's cache */
#define FAR_REQUESTS (bench.quick ? 5000 : 50000)
#define SETTLE_MS 2000

struct entrants {
	const char *queue;
	struct requests requests;
	int port;
};

/* Everybody enters once, so that the daemon knows them, and is taken out of the line again. */
static void entrants_make_known(void *arg)
{
	struct entrants *e = arg;
	const struct load_plan plan = {.requests = &e->requests, .status = 201, .most = e->requests.count};
	struct load *l = load_open(e->port, CONTEST_CONNECTIONS);
	struct load_result ignored;

	line_trim(e->queue);
	line_moves(e->queue);
	load_run(l, &plan, &ignored);
	load_close(l);
	line_trim(e->queue);
}

static struct contender entrants_begin(struct entrants *e, const char *name, const char *queue, int daemon)
{
	*e = (struct entrants){.queue = queue, .port = stack.port[daemon]};
	line_fill(queue, line_length(queue));
	entries_write(&e->requests, queue, 0, ENTRANTS);
	return (struct contender){.name = name,
				  .port = e->port,
				  .pid = stack.usherd[daemon],
				  .requests = &e->requests,
				  .status = 201,
				  .most = (size_t)ENTRANTS,
				  .prepare = entrants_make_known,
				  .of = e};
}

static void entrants_end(struct entrants *e)
{
	line_trim(e->queue);
	requests_free(&e->requests);
}

void row_entry(void)
{
	struct entrants e;
	struct contender c[2];
	struct reply sample;
	struct peer bare;

	c[0] = entrants_begin(&e, "usherd", LINE_LONG, 0);
	sample = sample_of(P, &e.requests);
	bare = peer_evhttp("evhttp-entry", &sample);
	c[1] = c[0];
	c[1].name = "evhttp";
	c[1].port = bare.port;
	c[1].pid = bare.pid;
	c[1].prepare = NULL;
	contest_run("entry", c, 2);
	figure_beside("entry", "CPU, entry of a known user", "us", "cpu", "usherd", "evhttp", 1.9);
	figure_beside("entry", "entries of known users", "/s", "rate", "usherd", "evhttp", 0);
	figure_alone("entry", "Redis' CPU, entry", "us", measured("entry", "usherd", "redis"), 0);
	reply_free(&sample);
	peer_end(&bare);
	entrants_end(&e);
}

void row_memory(void)
{
	int64_t length = line_length(LINE_LONG), before = meter_redis_info("\nused_memory:"), each;

	if (redis_int("ZCARD usher:{" LINE_LONG "}:waiting") > 0)
		bench_fail("memory has to be measured before the line is filled");
	line_fill(LINE_LONG, length);
	bench_rest(SETTLE_MS);
	each = meter_redis_info("\nused_memory:") - before;
	series_add(series_new("memory", "usherd", "bytes"), (double)each / (double)length);
	figure_alone("memory", "Redis' memory, a waiting user of a million", "bytes", (double)each / (double)length,
		     115);
}

static const struct length {
	const char *queue, *far, *near, *entry;
} lengths[] = {
	{LINE_SHORT, "far of 10 thousand", "near of 10 thousand", "entry to 10 thousand"},
	{LINE_LONG, "far of a million", "near of a million", "entry to a million"},
	{LINE_LONGEST, "far of 10 million", "near of 10 million", "entry to 10 million"},
};

#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

static void moves(void *queue)
{
	line_moves(queue);
}

static struct contender poller(const char *name, int daemon, struct requests *requests, const char *queue)
{
	return (struct contender){.name = name,
				  .port = stack.port[daemon],
				  .pid = stack.usherd[daemon],
				  .requests = requests,
				  .status = 200,
				  .prepare = moves,
				  .of = (void *)(uintptr_t)queue};
}

static void growth_polls(bool far)
{
	struct requests requests[LENGTHS] = {0};
	struct contender c[LENGTHS];

	for (size_t i = 0; i < LENGTHS; i++) {
		const char *queue = lengths[i].queue;

		if (far)
			requests_far(&requests[i], queue, FAR_REQUESTS);
		else
			requests_near(&requests[i], queue);
		c[i] = poller(far ? lengths[i].far : lengths[i].near, 0, &requests[i], queue);
	}
	contest_run("growth", c, LENGTHS);
	for (size_t i = 0; i < LENGTHS; i++)
		requests_free(&requests[i]);
}

static void growth_entries(void)
{
	struct entrants e[LENGTHS];
	struct contender c[LENGTHS];

	for (size_t i = 0; i < LENGTHS; i++)
		c[i] = entrants_begin(&e[i], lengths[i].entry, lengths[i].queue, 0);
	contest_run("growth", c, LENGTHS);
	for (size_t i = 0; i < LENGTHS; i++)
		entrants_end(&e[i]);
}

void row_growth(void)
{
	for (size_t i = 0; i < LENGTHS; i++)
		line_fill(lengths[i].queue, line_length(lengths[i].queue));
	growth_polls(true);
	growth_polls(false);
	growth_entries();
	figure_beside("growth", "CPU, poll far back, 10 million waiting", "us", "cpu", lengths[2].far, lengths[0].far,
		      1.2);
	figure_beside("growth", "CPU, poll near the front, 10 million waiting", "us", "cpu", lengths[2].near,
		      lengths[0].near, 1.2);
	figure_beside("growth", "CPU, entry, 10 million waiting", "us", "cpu", lengths[2].entry, lengths[0].entry, 0);
	figure_beside("growth", "Redis' CPU, poll near the front, 10 million waiting", "us", "redis", lengths[2].near,
		      lengths[0].near, 0);
	figure_beside("growth", "Redis' CPU, entry, 10 million waiting", "us", "redis", lengths[2].entry,
		      lengths[0].entry, 0);
	figure_alone("growth", "Redis' memory, all three lines", "MB", (double)meter_redis_info("\nused_memory:") / 1e6,
		     0);
	figure_alone("growth", "usherd's memory, all three lines", "MB", (double)meter_resident(stack.usherd[0]) / 1e6,
		     0);
}

static const char *const worker_names[2][3] = {{"far, 1 worker", "near, 1 worker", "entry, 1 worker"},
					       {"far, 2 workers", "near, 2 workers", "entry, 2 workers"}};

static void workers_figures(void)
{
	static const char *const what[3] = {"polls far back, 2 workers", "polls near the front, 2 workers",
					    "entries, 2 workers"};

	for (int i = 0; i < 3; i++) {
		const char *one = worker_names[0][i], *two = worker_names[1][i];

		figure_beside("workers", what[i], "/s", "rate", two, one, 0);
		figure_beside("workers", what[i], "us of CPU", "cpu", two, one, 0);
	}
}

/* A second daemon beside the first, with two workers. */
void row_workers(void)
{
	struct requests far = {0}, near = {0};
	struct entrants e[2];
	struct contender c[6];

	usherd_start(1, "--workers=2", NULL);
	line_fill(LINE_LONG, line_length(LINE_LONG));
	requests_far(&far, LINE_LONG, FAR_REQUESTS);
	requests_near(&near, LINE_LONG);
	for (int i = 0; i < 2; i++) {
		c[i * 3] = poller(worker_names[i][0], i, &far, LINE_LONG);
		c[i * 3 + 1] = poller(worker_names[i][1], i, &near, LINE_LONG);
		c[i * 3 + 2] = entrants_begin(&e[i], worker_names[i][2], LINE_LONG, i);
	}
	contest_run("workers", c, 6);
	workers_figures();
	requests_free(&far);
	requests_free(&near);
	for (int i = 0; i < 2; i++)
		entrants_end(&e[i]);
	usherd_stop(1);
}
