/* Rounds and their measures. */
#include "contest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "load.h"
#include "meter.h"
#include "report.h"
#include "support/honest.h"
#include "support/kit.h"

#define CONTENDERS_MOST 8
#define WARM_SECONDS 0.1
#define LATENCY_CONNECTIONS 256
#define LATENCY_LONGER 3 /* a round of it lasts so much longer: p99.9 needs many requests */

static struct load *loaded(const struct contender *c, int otherwise)
{
	return load_open(c->port, c->connections ? c->connections : otherwise);
}

/* So few requests are not warmed up for: preparing has done that. */
static void warm_up(struct load *l, const struct contender *c)
{
	const struct load_plan plan = {.requests = c->requests, .status = c->status, .seconds = WARM_SECONDS};
	struct load_result ignored;

	if (!c->most)
		load_run(l, &plan, &ignored);
}

struct account {
	struct series *cpu, *rate, *redis;
};

static void round_run(const struct contender *c, const struct account *a)
{
	const struct load_plan plan = {
		.requests = c->requests, .status = c->status, .seconds = c->most ? 0 : bench.seconds, .most = c->most};
	struct load_result result;
	struct load *l;
	int64_t cpu, redis;

	if (c->prepare)
		c->prepare(c->of);
	l = loaded(c, CONTEST_CONNECTIONS);
	warm_up(l, c);
	cpu = meter_cpu_ns(c->pid);
	redis = meter_cpu_ns(stack.redis);
	load_run(l, &plan, &result);
	cpu = meter_cpu_ns(c->pid) - cpu;
	redis = meter_cpu_ns(stack.redis) - redis;
	load_close(l);
	series_add(a->cpu, (double)cpu / 1e3 / (double)result.answers);
	series_add(a->redis, (double)redis / 1e3 / (double)result.answers);
	series_add(a->rate, (double)result.answers / result.seconds);
}

void contest_run(const char *row, const struct contender *contenders, size_t count)
{
	struct account accounts[CONTENDERS_MOST];

	for (size_t i = 0; i < count && i < CONTENDERS_MOST; i++)
		accounts[i] = (struct account){series_new(row, contenders[i].name, "cpu"),
					       series_new(row, contenders[i].name, "rate"),
					       series_new(row, contenders[i].name, "redis")};
	for (int round = 0; round < bench.rounds; round++)
		for (size_t i = 0; i < count && i < CONTENDERS_MOST; i++)
			round_run(&contenders[i], &accounts[i]);
	for (size_t i = 0; i < count && i < CONTENDERS_MOST; i++)
		printf("bench: %s, %s: %.2f us, %.0f/s, Redis %.2f us\n", row, contenders[i].name,
		       series_median(accounts[i].cpu), series_median(accounts[i].rate),
		       series_median(accounts[i].redis));
	fflush(stdout);
}

static double capacity_of(const struct contender *c)
{
	const struct load_plan plan = {.requests = c->requests, .status = c->status, .seconds = bench.seconds / 2};
	double rounds[3];

	for (int i = 0; i < 3; i++) {
		struct load *l = loaded(c, CONTEST_CONNECTIONS);
		struct load_result result;

		warm_up(l, c);
		load_run(l, &plan, &result);
		load_close(l);
		rounds[i] = (double)result.answers / result.seconds;
	}
	return median(rounds, 3);
}

struct delays {
	double rate;
	struct series *p50, *p99, *p999;
};

static void delays_measure(const struct contender *c, const struct delays *d)
{
	const struct load_plan plan = {.requests = c->requests,
				       .status = c->status,
				       .seconds = bench.seconds * LATENCY_LONGER,
				       .rate = d->rate};
	struct load_result *result = malloc(sizeof(*result));
	struct load *l = loaded(c, LATENCY_CONNECTIONS);

	if (!result)
		abort();
	warm_up(l, c);
	load_run(l, &plan, result);
	load_close(l);
	series_add(d->p50, (double)histogram_at(&result->latency, 0.5) / 1e3);
	series_add(d->p99, (double)histogram_at(&result->latency, 0.99) / 1e3);
	series_add(d->p999, (double)histogram_at(&result->latency, 0.999) / 1e3);
	free(result);
}

void contest_latency(const char *row, const struct contender *contenders, size_t count)
{
	struct delays delays[CONTENDERS_MOST];

	for (size_t i = 0; i < count && i < CONTENDERS_MOST; i++) {
		const char *name = contenders[i].name;

		delays[i] = (struct delays){capacity_of(&contenders[i]) / 2, series_new(row, name, "p50"),
					    series_new(row, name, "p99"), series_new(row, name, "p99.9")};
		series_add(series_new(row, name, "half"), delays[i].rate);
	}
	for (int round = 0; round < bench.rounds; round++)
		for (size_t i = 0; i < count && i < CONTENDERS_MOST; i++)
			delays_measure(&contenders[i], &delays[i]);
	for (size_t i = 0; i < count && i < CONTENDERS_MOST; i++)
		printf("bench: %s, %s at %.0f/s: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms\n", row, contenders[i].name,
		       delays[i].rate, series_median(delays[i].p50), series_median(delays[i].p99),
		       series_median(delays[i].p999));
	fflush(stdout);
}

static double commands_now(void)
{
	return (double)figure(P, "usher_redis_commands_total");
}

double contest_commands(const struct contender *c)
{
	const struct load_plan plan = {
		.requests = c->requests, .status = c->status, .seconds = bench.seconds, .most = c->most};
	struct load_result result;
	double idle = commands_now(), busy;
	int64_t began = now_ms();
	struct load *l;

	bench_rest(1000);
	idle = (commands_now() - idle) / (double)(now_ms() - began);
	busy = commands_now();
	began = now_ms();
	l = loaded(c, CONTEST_CONNECTIONS);
	load_run(l, &plan, &result);
	load_close(l);
	busy = commands_now() - busy - idle * (double)(now_ms() - began);
	return busy > 0 ? busy / (double)result.answers : 0;
}

struct reply sample_of(int port, struct requests *r)
{
	int fd = http_connect(port);
	struct reply reply;

	if (fd < 0 || http_send(fd, r->text, r->at[1]) != 0)
		bench_fail("no sample from port %d", port);
	reply = http_read(fd, 0);
	close(fd);
	return reply;
}
