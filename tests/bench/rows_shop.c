/* Looking at seats, and being refused one. */
#include "rows.h"

#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "contest.h"
#include "lines.h"
#include "meter.h"
#include "peers.h"
#include "report.h"
#include "support/kit.h"

#define LOOKERS 1000
#define MAPS_AT_ONCE 8 /* megabytes each */
#define TAKEN 2000     /* seats of the map that are not free, spread over the hall */

/* Everybody who looks is inside, and some seats are gone. */
static void shop_open(void)
{
	static bool open;

	if (open)
		return;
	inside_fill(SHOP, 0, LOOKERS);
	seats_take(MAP_SCHEDULE, 1, TAKEN, MAP_SEATS / TAKEN);
	open = true;
}

/* GET of the map by everybody inside, with further header lines. */
static void looks_write(struct requests *r, const char *query, const char *headers)
{
	for (int i = 0; i < LOOKERS; i++)
		requests_add(r, "GET", say("/v1/schedules/%d/seats%s", MAP_SCHEDULE, query),
			     say("%s%s", inside_bearer(SHOP, i), headers), NULL);
}

enum { UNCHANGED, BARE, WHOLE, SECTION, ZIPPED, LOOKS };

struct looking {
	struct requests requests[LOOKS];
	struct contender contenders[LOOKS];
	size_t bytes[LOOKS];
	struct peer bare;
	size_t count; /* the last one is left out while nothing is compressed */
};

static struct contender looker(struct looking *k, int i, const char *name, int status)
{
	return (struct contender){.name = name,
				  .port = i == BARE ? k->bare.port : P,
				  .pid = i == BARE ? k->bare.pid : stack.usherd[0],
				  .requests = &k->requests[i],
				  .status = status,
				  .connections = status == 200 ? MAPS_AT_ONCE : 0};
}

/* How large the answer is; whether it is compressed. */
static bool look(struct looking *k, int i)
{
	struct reply r = sample_of(P, &k->requests[i]);
	const char *coding = reply_header(&r, "Content-Encoding");
	bool zipped = coding && strcmp(coding, "gzip") == 0;

	if (r.status != 200)
		bench_fail("no seats: %d %s", r.status, r.body);
	k->bytes[i] = r.body_len;
	reply_free(&r);
	return zipped;
}

static void unchanged_begin(struct looking *k)
{
	struct reply whole = sample_of(P, &k->requests[WHOLE]), unchanged;
	const char *tag = reply_header(&whole, "ETag");
	char condition[128];

	if (!tag)
		bench_fail("seats without an ETag");
	snprintf(condition, sizeof(condition), "If-None-Match: %s\r\n", tag);
	looks_write(&k->requests[UNCHANGED], "", condition);
	looks_write(&k->requests[BARE], "", condition);
	unchanged = sample_of(P, &k->requests[UNCHANGED]);
	if (unchanged.status != 304)
		bench_fail("seats that have not changed: %d instead of 304", unchanged.status);
	k->bare = peer_evhttp("evhttp-seats", &unchanged);
	reply_free(&unchanged);
	reply_free(&whole);
}

static void looking_begin(struct looking *k)
{
	shop_open();
	looks_write(&k->requests[WHOLE], "", "");
	looks_write(&k->requests[SECTION], "?section=A0", "");
	looks_write(&k->requests[ZIPPED], "", "Accept-Encoding: gzip\r\n");
	unchanged_begin(k);
	look(k, WHOLE);
	look(k, SECTION);
	k->count = look(k, ZIPPED) ? LOOKS : ZIPPED;
	k->contenders[UNCHANGED] = looker(k, UNCHANGED, "304", 304);
	k->contenders[BARE] = looker(k, BARE, "evhttp", 304);
	k->contenders[WHOLE] = looker(k, WHOLE, "whole", 200);
	k->contenders[SECTION] = looker(k, SECTION, "section", 200);
	k->contenders[ZIPPED] = looker(k, ZIPPED, "gzip", 200);
}

void row_seats(void)
{
	struct looking k = {0};

	looking_begin(&k);
	contest_run("seats", k.contenders, k.count);
	figure_beside("seats", "CPU, seats of 50,000, unchanged (304)", "us", "cpu", "304", "evhttp", 1.2);
	figure_alone("seats", "CPU, the whole map", "us", measured("seats", "whole", "cpu"), 0);
	figure_alone("seats", "CPU, one section of fifty", "us", measured("seats", "section", "cpu"), 0);
	if (k.count == LOOKS)
		figure_alone("seats", "CPU, the whole map, gzip", "us", measured("seats", "gzip", "cpu"), 0);
	report_note("The map has %zu bytes, one section %zu%s.", k.bytes[WHOLE], k.bytes[SECTION],
		    k.count == LOOKS ? say(", gzip %zu", k.bytes[ZIPPED]) : "; it is not compressed");
	if (k.bytes[SECTION] == k.bytes[WHOLE])
		report_note("A section was answered with the whole map.");
	for (int i = 0; i < LOOKS; i++)
		requests_free(&k.requests[i]);
	peer_end(&k.bare);
}

/* Everybody wants the seat that is gone. */
void row_hold(void)
{
	struct requests holds = {0};
	struct contender c;
	double calls;

	shop_open();
	for (int i = 0; i < LOOKERS; i++)
		requests_add(&holds, "POST", "/v1/reservations", inside_bearer(SHOP, i),
			     say("{\"scheduleId\":%d,\"seatId\":1}", MAP_SCHEDULE));
	c = (struct contender){.name = "refused", .port = P, .pid = stack.usherd[0], .requests = &holds, .status = 409};
	contest_run("hold", &c, 1);
	calls = contest_commands(&c);
	figure_alone("hold", "CPU, a hold refused", "us", measured("hold", "refused", "cpu"), 0);
	figure_alone("hold", "Redis' CPU, a hold refused", "us", measured("hold", "refused", "redis"), 0);
	figure_alone("hold", "Redis commands, a hold refused", "each", calls, 0);
	requests_free(&holds);
}
