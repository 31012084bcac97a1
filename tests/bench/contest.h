/*
 * Contenders in alternating rounds, and what each request costs them.
 */
#ifndef USHER_TESTS_BENCH_CONTEST_H
#define USHER_TESTS_BENCH_CONTEST_H

#include <sys/types.h>

#include "requests.h"
#include "support/http.h"

/* Connections of a closed loop, each with one request under way. */
#define CONTEST_CONNECTIONS 64

struct contender {
	const char *name; /* a constant */
	int port;
	pid_t pid; /* of the process that serves; the time of all its threads counts */
	struct requests *requests;
	int status;                /* that every answer must have */
	size_t most;               /* requests of a round; 0: as many as go into its time */
	void (*prepare)(void *of); /* before every round, not measured; may be NULL */
	void *of;
	int connections; /* 0: CONTEST_CONNECTIONS */
};

/* Runs all rounds of a row. Gives three series a contender: "cpu" (microseconds a request), "rate" (requests a
 * second) and "redis" (microseconds of Redis' processor a request). */
void contest_run(const char *row, const struct contender *contenders, size_t count);

/* The same in an open loop at half of the rate of a closed one, which is measured first. Gives "half" (requests
 * a second) and "p50", "p99" and "p99.9" (milliseconds). */
void contest_latency(const char *row, const struct contender *contenders, size_t count);

/* Commands that the first daemon sends Redis for a request, without those it sends all the time. */
double contest_commands(const struct contender *c);

/* The answer to the first of these requests, which the caller frees. It comes on a connection that stays, as
 * under load. */
struct reply sample_of(int port, struct requests *r);

#endif
