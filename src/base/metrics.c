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

static const int64_t eta_error_bounds[ETA_ERROR_BUCKETS] = {1, 2, 5, 10, 20, 60, 120, 300, -1};
static _Atomic int64_t eta_errors[ETA_ERROR_BUCKETS], eta_error_sum;

void metric_observe_eta_error(int64_t ms)
{
	int i = 0;

	while (eta_error_bounds[i] >= 0 && ms > eta_error_bounds[i] * 1000)
		i++;
	atomic_fetch_add_explicit(&eta_errors[i], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&eta_error_sum, ms, memory_order_relaxed);
}

int64_t metric_eta_error_bound(int bucket)
{
	return eta_error_bounds[bucket];
}

int64_t metric_eta_error_count(int bucket)
{
	int64_t n = 0;

	for (int i = 0; i <= bucket; i++)
		n += atomic_load_explicit(&eta_errors[i], memory_order_relaxed);
	return n;
}

int64_t metric_eta_error_sum_ms(void)
{
	return atomic_load_explicit(&eta_error_sum, memory_order_relaxed);
}
