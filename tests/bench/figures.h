/*
 * Medians and percentiles.
 */
#ifndef USHER_TESTS_BENCH_FIGURES_H
#define USHER_TESTS_BENCH_FIGURES_H

#include <stddef.h>
#include <stdint.h>

/* The middle one of `n` values, or the mean of the two in the middle; 0 of none. */
double median(const double *values, size_t n);

/* Counts whole numbers in classes that are at most 1/64 wide: exact below 128. */
#define HISTOGRAM_CLASSES 2560 /* up to 2^45, and one for all above */

struct histogram {
	uint64_t total, most;
	uint64_t count[HISTOGRAM_CLASSES];
};

void histogram_add(struct histogram *h, uint64_t value);

/* The value that `share` (0 to 1) of all do not exceed, never less than it is; 0 of none. */
uint64_t histogram_at(const struct histogram *h, double share);

#endif
