/*
 * The last half hour, a sample each few seconds: what an operator's charts show. Figures of queues are Redis' own, so
 * they count what all daemons do; those of requests are this daemon's. A figure that is not known is NAN.
 */
#ifndef USHER_HISTORY_H
#define USHER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/times.h"

struct arena;

#define HISTORY_INTERVAL_MS 5000
#define HISTORY_SAMPLES 360

enum history_column {
	/* The queue's. */
	HISTORY_WAITING,
	HISTORY_INSIDE,
	HISTORY_SEATS_LEFT,
	HISTORY_ADMITTED, /* this and those that follow: a second, in the mean since the sample before */
	HISTORY_NO_SHOWS,
	HISTORY_PAYMENTS,
	/* This daemon's. */
	HISTORY_REQUESTS,
	HISTORY_ERRORS, /* 5xx */
	HISTORY_P99,    /* seconds; NAN when nothing was asked */
	HISTORY_COLUMNS
};

/* A queue as it is when a sample is taken. */
struct history_queue {
	const char *name;
	bool known;  /* false: Redis does not say, and nothing else here means anything */
	int64_t now; /* Redis' clock, Unix ms */
	int64_t epoch, waiting, inside, seats_left;
	int64_t admitted, no_shows, paid; /* in this epoch so far */
};

struct history;

/* NULL when memory is out. */
struct history *history_new(void);
void history_free(struct history *h);

/* Takes a sample of all queues there are; one that is no longer among them is forgotten. `steady_ms` is clock_ms().
 * A queue's first sample is the first of which Redis told its clock. */
void history_sample(struct history *h, int64_t steady_ms, const struct times_all *times,
		    const struct history_queue *queues, size_t count);

/* What is kept of one queue, oldest first. */
struct history_view {
	size_t count;
	int64_t *at; /* Unix ms, Redis' clock */
	double *column[HISTORY_COLUMNS];
};

/* Copies it into memory of `a`; any thread may ask. A queue without samples has none. False when memory is out. */
bool history_read(struct history *h, const char *queue, struct arena *a, struct history_view *out);

#endif
