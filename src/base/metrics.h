/*
 * Counters of the whole process, from metrics.def; any thread may add to them.
 */
#ifndef USHER_BASE_METRICS_H
#define USHER_BASE_METRICS_H

#include <stdint.h>

enum metric {
#define METRIC(name, kind, text, help) METRIC_##name,
#include "metrics.def"
#undef METRIC
	METRIC_COUNT
};

void metric_add(enum metric m, int64_t n);
void metric_set(enum metric m, int64_t value);
int64_t metric_get(enum metric m);

/* The Prometheus name, kind ("counter" or "gauge") and help text, which stands behind "Of this daemon: ". */
const char *metric_name(enum metric m);
const char *metric_kind(enum metric m);
const char *metric_help(enum metric m);

#endif
