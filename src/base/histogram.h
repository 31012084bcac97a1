/*
 * Histograms of the whole process, from histograms.def: how long things took.
 *
 * Each thread counts in cells of its own, so that counting is a few plain loads and stores: no lock, and no line
 * of the cache that another thread writes. Whoever asks adds up the cells of all threads; any thread may, at any
 * time. A histogram has one row or several, and in a row a series for each key that was met there, such as a
 * status: what they stand for is known to whoever counts.
 */
#ifndef USHER_BASE_HISTOGRAM_H
#define USHER_BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define HISTOGRAM_BUCKETS 17 /* at most; the last one that is used has no bound */

enum histogram {
#define HISTOGRAM(name, rows, bounds, text, help) HISTOGRAM_##name,
#include "histograms.def"
#undef HISTOGRAM
	HISTOGRAM_COUNT
};

enum {
#define HISTOGRAM(name, rows, bounds, text, help) HISTOGRAM_ROWS_##name = (rows),
#include "histograms.def"
#undef HISTOGRAM
};

/* What was counted, of one series or of several added up. It only ever grows. */
struct histogram_counts {
	uint64_t bucket[HISTOGRAM_BUCKETS]; /* in each, without those before it */
	uint64_t sum_us;
};

struct histogram_series {
	unsigned row;
	int key;
	struct histogram_counts counts;
};

/* Counts one that took `us` microseconds (below 0 is 0). `row` is below the histogram's rows; a row or a memory
 * that is not there counts nothing. */
void histogram_observe(enum histogram h, unsigned row, int key, int64_t us);

/* Calls `see` for what each thread has counted in each series; so a series may come more than once. */
void histogram_each(enum histogram h, void (*see)(void *arg, const struct histogram_series *part), void *arg);

/* All series, added up over the threads, by row and key, in memory of `a`. A histogram of one row has its series
 * of key 0 even before anything was counted. Sets *count; NULL when memory is out. */
struct histogram_series *histogram_read(enum histogram h, struct arena *a, size_t *count);

/* Adds `more` to `to`. */
void histogram_add(struct histogram_counts *to, const struct histogram_counts *more);

/* What was counted between two readings of the same. */
struct histogram_counts histogram_since(const struct histogram_counts *now, const struct histogram_counts *before);

/* How many. */
uint64_t histogram_total(const struct histogram_counts *c);

/* The value that the share `q` (0 to 1) of those counted did not exceed, in seconds, by a straight line inside its
 * bucket. What is over the last bound is told as that bound; -1 while nothing was counted. */
double histogram_quantile(enum histogram h, const struct histogram_counts *c, double q);

/* The bounds in microseconds, and how many they are: one fewer than the buckets in use. */
size_t histogram_bounds(enum histogram h, const int64_t **us);

/* The Prometheus name and help text, which stands behind "Of this daemon: ". */
const char *histogram_name(enum histogram h);
const char *histogram_help(enum histogram h);

#endif
