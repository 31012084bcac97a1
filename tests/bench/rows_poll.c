/* What everybody calls who waits: position polls. */
#include "rows.h"

#include <stdint.h>
#include <string.h>

#include "bench.h"
#include "contest.h"
#include "lines.h"
#include "meter.h"
#include "peers.h"
#include "report.h"
#include "support/honest.h"
#include "support/kit.h"

#define FAR_REQUESTS (bench.quick ? 5000 : 100000)

/* What is asked, in this order. */
enum { FAR, BARE, NEAR_FRONT, WEBDIS, NGINX, ASKED };

struct poll {
	struct requests requests[ASKED];
	struct peer bare;
	struct contender contenders[ASKED];
};

static void moves(void *queue)
{
	line_moves(queue);
}

/* Whether usherd's answer to the first of these says that its position is exact. */
static bool exact(struct requests *r)
{
	struct reply reply = sample_of(P, r);
	bool yes = cJSON_IsTrue(reply_at(&reply, "exact"));

	if (reply.status != 200 || strcmp(text_at(&reply, "status"), "WAITING") != 0 || !has(&reply, "etaSeconds"))
		bench_fail("not a waiting user's position: %d %s", reply.status, reply.body);
	reply_free(&reply);
	return yes;
}

static void contender_set(struct poll *p, int i, const char *name, int port, pid_t pid)
{
	p->contenders[i] = (struct contender){.name = name,
					      .port = port,
					      .pid = pid,
					      .requests = &p->requests[i],
					      .status = 200,
					      .prepare = moves,
					      .of = (void *)(uintptr_t)LINE_LONG};
}

/* The same users near the front are asked for, of all three. */
static void poll_begin(struct poll *p)
{
	const char *queue = LINE_LONG;
	struct reply sample;

	line_fill(queue, line_length(queue));
	line_moves(queue);
	requests_far(&p->requests[FAR], queue, FAR_REQUESTS);
	requests_far(&p->requests[BARE], queue, FAR_REQUESTS);
	requests_near(&p->requests[NEAR_FRONT], queue);
	for (long user = 1; user <= NEAR; user++) {
		peer_webdis_ask(&p->requests[WEBDIS], queue, user);
		peer_nginx_ask(&p->requests[NGINX], queue, user);
	}
	sample = sample_of(P, &p->requests[FAR]);
	p->bare = peer_evhttp("evhttp-position", &sample);
	reply_free(&sample);
	contender_set(p, FAR, "far", P, stack.usherd[0]);
	contender_set(p, BARE, "evhttp", p->bare.port, p->bare.pid);
	contender_set(p, NEAR_FRONT, "near", P, stack.usherd[0]);
	contender_set(p, WEBDIS, "webdis", peer_webdis()->port, peer_webdis()->pid);
	contender_set(p, NGINX, "nginx+lua", peer_nginx()->port, peer_nginx()->pid);
}

static void poll_end(struct poll *p)
{
	for (int i = 0; i < ASKED; i++)
		requests_free(&p->requests[i]);
	peer_end(&p->bare);
}

static void poll_figures(struct poll *p)
{
	figure_beside("poll", "CPU, poll far back", "us", "cpu", "far", "evhttp", 1.2);
	figure_alone("poll", "Redis commands, poll far back", "each", contest_commands(&p->contenders[FAR]), 0.01);
	figure_beside("poll", "CPU, poll near the front", "us", "cpu", "near", "webdis", 0.95);
	figure_beside("poll", "CPU, poll near the front", "us", "cpu", "near", "nginx+lua", 0.75);
	figure_beside("poll", "polls far back", "/s", "rate", "far", "evhttp", 0);
	figure_beside("poll", "polls near the front", "/s", "rate", "near", "webdis", 0);
	figure_beside("poll", "polls near the front", "/s", "rate", "near", "nginx+lua", 0);
	figure_beside("poll", "Redis' CPU, poll near the front", "us", "redis", "near", "webdis", 0);
	if (exact(&p->requests[FAR]))
		report_note("Far back the answers were exact: Redis was asked.");
	if (!exact(&p->requests[NEAR_FRONT]))
		report_note("Near the front the answers were estimates.");
}

/* What is used while nobody asks is part of every figure here. */
static void rest_note(void)
{
	int64_t usherd = meter_cpu_ns(stack.usherd[0]), redis = meter_cpu_ns(stack.redis), began = now_ms();
	double took;

	bench_rest(2000);
	took = (double)(now_ms() - began) * 1e6;
	report_note("At rest usherd uses %.1f %% of a core, and Redis %.1f %%.",
		    (double)(meter_cpu_ns(stack.usherd[0]) - usherd) / took * 100,
		    (double)(meter_cpu_ns(stack.redis) - redis) / took * 100);
}

void row_poll(void)
{
	struct poll p = {0};

	poll_begin(&p);
	rest_note();
	contest_run("poll", p.contenders, ASKED);
	poll_figures(&p);
	poll_end(&p);
}

void row_latency(void)
{
	struct poll p = {0};

	poll_begin(&p);
	contest_latency("latency", p.contenders, ASKED);
	figure_alone("latency", "p99, poll far back, at half capacity", "ms", measured("latency", "far", "p99"), 5);
	figure_alone("latency", "p99, poll near the front, at half capacity", "ms", measured("latency", "near", "p99"),
		     5);
	for (int i = 0; i < ASKED; i++) {
		const char *who = p.contenders[i].name;

		report_note("Latency of %s at %.0f/s: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms.", who,
			    measured("latency", who, "half"), measured("latency", who, "p50"),
			    measured("latency", who, "p99"), measured("latency", who, "p99.9"));
	}
	poll_end(&p);
}
