/*
 * How long requests take, by route and status: the histogram http_request. A request counts when it ends, from
 * when all of it was there; its row is its route, or its method where no route took it, its key the status.
 */
#ifndef USHER_HTTP_TIMES_H
#define USHER_HTTP_TIMES_H

#include "base/histogram.h"
#include "http/request.h"

/* Counts a request that has its answer. */
void times_note(const struct request *r);

/* The method and the route's pattern ("unmatched": no route) that a row stands for, on the server of `r`. */
void times_labels(const struct request *r, unsigned row, const char **method, const char **route);

/* All requests this process has answered so far; two readings of it make a history. What happened between them:
 * histogram_since() of their times, and then histogram_total() is how many, and
 * histogram_quantile(HISTOGRAM_http_request, ..., 0.99) the time in seconds that 99 in a hundred stayed within. */
struct times_all {
	struct histogram_counts times;
	uint64_t errors; /* answered with a 5xx */
};

/* Any thread may ask. */
void times_read(struct times_all *out);

#endif
