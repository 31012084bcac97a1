/*
 * A load generator: one thread, keep-alive connections with one request under way on each.
 */
#ifndef USHER_TESTS_BENCH_LOAD_H
#define USHER_TESTS_BENCH_LOAD_H

#include "figures.h"
#include "requests.h"

/* What to send, and for how long. */
struct load_plan {
	struct requests *requests;
	int status;     /* every answer must have this one */
	double seconds; /* begin no request after so long; 0: as long as it takes */
	size_t most;    /* begin no more requests than these; 0: no such limit */
	/* 0: closed loop, each answer is followed by the next request. Else open loop: so many requests a second
	 * are due whatever happens to those before, and latency counts from when a request was due. */
	double rate;
	size_t at_once; /* no more requests under way than these; 0: one on each connection */
};

struct load_result {
	uint64_t answers;
	double seconds;           /* from the first request to the last answer */
	struct histogram latency; /* microseconds; open loop only */
};

struct load;

/* Connects `connections` times to a port of this machine. */
struct load *load_open(int port, int connections);

/* Runs a plan to its last answer. Whatever does not go as it should ends the bench. */
void load_run(struct load *l, const struct load_plan *plan, struct load_result *out);

void load_close(struct load *l);

#endif
