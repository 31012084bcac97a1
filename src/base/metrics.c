/* Relaxed atomics: a figure may be a moment old, never wrong. */
#include "base/metrics.h"

#include <stdatomic.h>

static _Atomic int64_t values[METRIC_COUNT];

static const struct {
	const char *name, *kind, *help;
} table[METRIC_COUNT] = {
#define METRIC(name, kind, text, help) [METRIC_##name] = {text, kind, help},
#include "metrics.def"
#undef METRIC
};

void metric_add(enum metric m, int64_t n)
{
	atomic_fetch_add_explicit(&values[m], n, memory_order_relaxed);
}

void metric_set(enum metric m, int64_t value)
{
	atomic_store_explicit(&values[m], value, memory_order_relaxed);
}

int64_t metric_get(enum metric m)
{
	return atomic_load_explicit(&values[m], memory_order_relaxed);
}

const char *metric_name(enum metric m)
{
	return table[m].name;
}

const char *metric_kind(enum metric m)
{
	return table[m].kind;
}

const char *metric_help(enum metric m)
{
	return table[m].help;
}
