/*
 * A queue's figures as people read them, and how fast it admits.
 */
#ifndef USHER_CTL_FIGURES_H
#define USHER_CTL_FIGURES_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/table.h"

#define POLLS_KEPT 10

/* One answer of the daemon: all queues, or one. */
struct poll {
	cJSON *json;
	int64_t at; /* clock_ms of its coming */
};

/* The last answers, oldest first: the rate is what was admitted between two of them. */
struct polls {
	struct poll kept[POLLS_KEPT];
	size_t count;
};

/* Adds an answer, which belongs to `p` from then on; the oldest makes room. */
void polls_add(struct polls *p, cJSON *json, int64_t at);
void polls_free(struct polls *p);

/* The table of the newest answer's queues, with its headings. While there is only one answer the
 * rate is that of the last minute. */
void figures_table(const struct polls *p, struct table *t);

/* Writes a queue's settings to standard output as the key=value words that `set` takes. */
void figures_settings(const cJSON *queue);

#endif
