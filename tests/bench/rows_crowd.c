/* Very many at once: people the daemon has never seen, and open connections. */
#include "rows.h"

#include <stdio.h>

#include "bench.h"
#include "contest.h"
#include "lines.h"
#include "load.h"
#include "meter.h"
#include "report.h"
#include "support/kit.h"

#define FIRST_STRANGER 80000 /* who has done nothing yet */
#define STRANGERS (bench.quick ? 5000 : 50000)
#define STRANGERS_AT_ONCE 2000
#define ASKING_AT_ONCE 1000
#define CONNECTIONS (bench.quick ? 1000 : 10000)

/* Queries that the daemon makes by itself, in a second. */
static double idle_queries(void)
{
	double before = (double)meter_mysql("Questions");
	int64_t began = now_ms();

	bench_rest(2000);
	return ((double)meter_mysql("Questions") - before) * 1000 / (double)(now_ms() - began);
}

void row_strangers(void)
{
	struct requests r = {0};
	const struct load_plan plan = {.requests = &r, .status = 201, .most = (size_t)STRANGERS};
	struct load_result result;
	double idle, queries;
	struct load *l;

	line_fill(LINE_LONG, line_length(LINE_LONG));
	entries_write(&r, LINE_LONG, FIRST_STRANGER, STRANGERS);
	idle = idle_queries();
	l = load_open(P, STRANGERS_AT_ONCE);
	queries = (double)meter_mysql("Questions");
	load_run(l, &plan, &result);
	queries = (double)meter_mysql("Questions") - queries - idle * result.seconds;
	load_close(l);
	line_trim(LINE_LONG);
	figure_alone("strangers", "MySQL queries, 50,000 strangers entering", "in all", queries, 300);
	report_note("%d strangers entered in %.2f s, %.0f a second.", STRANGERS, result.seconds,
		    STRANGERS / result.seconds);
	requests_free(&r);
}

/* Each connection has been used, and stays. The daemon has just been started: one that has served other rows has
 * memory left over from them, which connections would take without its growing. */
void row_connections(void)
{
	struct requests r = {0};
	const struct load_plan plan = {
		.requests = &r, .status = 200, .most = (size_t)CONNECTIONS * 2, .at_once = ASKING_AT_ONCE};
	struct load_result result;
	int64_t before, after;
	struct load *l;

	line_fill(LINE_LONG, line_length(LINE_LONG));
	requests_far(&r, LINE_LONG, CONNECTIONS);
	usherd_start(1, "--workers=1", "--connections-limit=12000", NULL);
	before = meter_resident(stack.usherd[1]);
	l = load_open(stack.port[1], CONNECTIONS);
	load_run(l, &plan, &result);
	after = meter_resident(stack.usherd[1]);
	load_close(l);
	usherd_stop(1);
	series_add(series_new("connections", "usherd", "bytes"), (double)(after - before) / CONNECTIONS);
	figure_alone("connections", "memory of usherd, 10,000 connections", "MB", (double)after / 1e6, 200);
	report_note("Of usherd's memory with 10,000 connections %.1f MB were there before; a connection takes %.1f kB.",
		    (double)before / 1e6, measured("connections", "usherd", "bytes") / 1e3);
	requests_free(&r);
}
