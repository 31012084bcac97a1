/* Medians by sorting, percentiles by counting. */
#include "figures.h"

#include <stdlib.h>
#include <string.h>

#define FINE_BITS 6 /* each power of two has so many bits of classes */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median(const double *values, size_t n)
{
	double *sorted, middle;

	if (n == 0)
		return 0;
	sorted = malloc(n * sizeof(*sorted));
	if (!sorted)
		abort();
	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	middle = n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
	free(sorted);
	return middle;
}

static size_t class_of(uint64_t value)
{
	unsigned shift = value >> (FINE_BITS + 1) ? 63 - (unsigned)__builtin_clzll(value) - FINE_BITS : 0;
	size_t class = ((size_t)shift << FINE_BITS) + (size_t)(value >> shift);

	return class < HISTOGRAM_CLASSES ? class : HISTOGRAM_CLASSES - 1;
}

/* The largest value of a class. */
static uint64_t top_of(size_t class)
{
	size_t shift = class >> (FINE_BITS + 1) ? (class >> FINE_BITS) - 1 : 0;

	return (((uint64_t) class - (shift << FINE_BITS) + 1) << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	h->total++;
	h->count[class_of(value)]++;
	if (value > h->most)
		h->most = value;
}

uint64_t histogram_at(const struct histogram *h, double share)
{
	double wanted = share * (double)h->total;
	uint64_t seen = 0;

	for (size_t i = 0; i + 1 < HISTOGRAM_CLASSES; i++) {
		seen += h->count[i];
		if (seen && (double)seen >= wanted)
			return top_of(i) < h->most ? top_of(i) : h->most;
	}
	return h->most;
}
