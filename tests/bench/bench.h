/*
 * What the parts of a bench run share: how long it measures, and how it ends when it cannot.
 */
#ifndef USHER_TESTS_BENCH_BENCH_H
#define USHER_TESTS_BENCH_BENCH_H

#include <stdbool.h>

#define ROUNDS_MOST 50

struct bench {
	bool quick;       /* to see whether it works: the figures are of no worth */
	int rounds;       /* of each contender, in turn */
	double seconds;   /* of a round */
	const char *only; /* the one row to run, or NULL */
};

extern struct bench bench;

/* Sleeps: a server comes to rest. */
void bench_rest(int ms);

/* Says what went wrong, printf-like, ends the servers and exits with 1. */
void bench_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
