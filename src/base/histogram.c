/* Cells of each thread's own, and adding them up. */
#include "base/histogram.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define CACHE_LINE 64

static const int64_t short_bounds[] = {100,   250,    500,    1000,   2500,    5000,    10000,   25000,
				       50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000};
static const int64_t long_bounds[] = {1000000, 2000000, 5000000, 10000000, 20000000, 60000000, 120000000, 300000000};

/* One thread's cells of a series. Only that thread writes them. */
struct cells {
	_Alignas(CACHE_LINE) struct cells *_Atomic next; /* of the same row */
	int key;
	_Atomic uint64_t sum_us;
	_Atomic uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* All that one thread counts; it outlives the thread, since a counter must not go back. */
struct sheet {
	struct sheet *next;
#define HISTOGRAM(name, rows, bounds, text, help) struct cells *_Atomic name[rows];
#include "histograms.def"
#undef HISTOGRAM
};

static struct sheet *_Atomic sheets;
static _Thread_local struct sheet *own;

static const struct {
	const char *text, *help;
	const int64_t *bounds;
	size_t bound_count, rows, offset;
} table[HISTOGRAM_COUNT] = {
#define HISTOGRAM(name, rows, bounds, text, help)                                                                      \
	[HISTOGRAM_##name] = {                                                                                         \
		text, help, bounds, sizeof(bounds) / sizeof((bounds)[0]), rows, offsetof(struct sheet, name)},
#include "histograms.def"
#undef HISTOGRAM
};

static struct cells *_Atomic *row_of(struct sheet *s, enum histogram h, size_t row)
{
	return (struct cells * _Atomic *)((char *)s + table[h].offset) + row;
}

static struct sheet *sheet_new(void)
{
	struct sheet *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->next = atomic_load_explicit(&sheets, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&sheets, &s->next, s, memory_order_release, memory_order_relaxed))
		;
	return s;
}

/* The cells of a key that its thread meets for the first time. */
static struct cells *cells_new(struct cells *_Atomic *at, int key)
{
	struct cells *c = aligned_alloc(CACHE_LINE, sizeof(*c));

	if (!c)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->key = key;
	atomic_store_explicit(at, c, memory_order_release);
	return c;
}

static struct cells *cells_of(enum histogram h, unsigned row, int key)
{
	struct cells *_Atomic *at;
	struct cells *c;

	if (!own)
		own = sheet_new();
	if (!own || row >= table[h].rows)
		return NULL;
	at = row_of(own, h, row);
	while ((c = atomic_load_explicit(at, memory_order_relaxed)) && c->key != key)
		at = &c->next;
	return c ? c : cells_new(at, key);
}

/* With a single writer this is an addition, and needs no locked instruction. */
static void cell_add(_Atomic uint64_t *cell, uint64_t n)
{
	atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + n, memory_order_relaxed);
}

void histogram_observe(enum histogram h, unsigned row, int key, int64_t us)
{
	struct cells *c = cells_of(h, row, key);
	size_t i = 0;

	if (!c)
		return;
	if (us < 0)
		us = 0;
	while (i < table[h].bound_count && us > table[h].bounds[i])
		i++;
	cell_add(&c->bucket[i], 1);
	cell_add(&c->sum_us, (uint64_t)us);
}

static void cells_read(const struct cells *c, struct histogram_counts *out)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		out->bucket[i] = atomic_load_explicit(&c->bucket[i], memory_order_relaxed);
	out->sum_us = atomic_load_explicit(&c->sum_us, memory_order_relaxed);
}

void histogram_each(enum histogram h, void (*see)(void *arg, const struct histogram_series *part), void *arg)
{
	struct sheet *s = atomic_load_explicit(&sheets, memory_order_acquire);
	struct histogram_series part;

	for (; s; s = s->next)
		for (part.row = 0; part.row < table[h].rows; part.row++) {
			struct cells *_Atomic *at = row_of(s, h, part.row);
			struct cells *c;

			for (; (c = atomic_load_explicit(at, memory_order_acquire)); at = &c->next) {
				part.key = c->key;
				cells_read(c, &part.counts);
				see(arg, &part);
			}
		}
}

struct reading {
	struct arena *arena;
	struct histogram_series *at;
	size_t count, room;
};

static bool reading_grow(struct reading *r)
{
	size_t room = r->room ? 2 * r->room : 32;
	struct histogram_series *larger = arena_alloc(r->arena, room * sizeof(*larger));

	if (!larger)
		return false;
	if (r->count)
		memcpy(larger, r->at, r->count * sizeof(*larger));
	r->at = larger;
	r->room = room;
	return true;
}

static int series_order(const void *a, const void *b)
{
	const struct histogram_series *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

/* Without room for it `at` becomes NULL, and stays it. */
static void reading_see(void *arg, const struct histogram_series *part)
{
	struct reading *r = arg;

	if (r->at && r->count == r->room && !reading_grow(r))
		r->at = NULL;
	if (r->at)
		r->at[r->count++] = *part;
}

struct histogram_series *histogram_read(enum histogram h, struct arena *a, size_t *count)
{
	struct reading r = {.arena = a};
	size_t n = 0;

	if (!reading_grow(&r))
		return NULL;
	if (table[h].rows == 1)
		r.at[r.count++] = (struct histogram_series){0};
	histogram_each(h, reading_see, &r);
	if (!r.at)
		return NULL;
	qsort(r.at, r.count, sizeof(*r.at), series_order);
	for (size_t i = 0; i < r.count; i++) {
		if (n && series_order(&r.at[n - 1], &r.at[i]) == 0)
			histogram_add(&r.at[n - 1].counts, &r.at[i].counts);
		else
			r.at[n++] = r.at[i];
	}
	*count = n;
	return r.at;
}

void histogram_add(struct histogram_counts *to, const struct histogram_counts *more)
{
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += more->bucket[i];
	to->sum_us += more->sum_us;
}

struct histogram_counts histogram_since(const struct histogram_counts *now, const struct histogram_counts *before)
{
	struct histogram_counts out;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		out.bucket[i] = now->bucket[i] - before->bucket[i];
	out.sum_us = now->sum_us - before->sum_us;
	return out;
}

uint64_t histogram_total(const struct histogram_counts *c)
{
	uint64_t n = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		n += c->bucket[i];
	return n;
}

double histogram_quantile(enum histogram h, const struct histogram_counts *c, double q)
{
	const int64_t *bounds = table[h].bounds;
	double wanted = q * (double)histogram_total(c), below = 0, from, width;
	size_t i = 0, last = table[h].bound_count;

	if (histogram_total(c) == 0)
		return -1;
	while (i < last && (c->bucket[i] == 0 || below + (double)c->bucket[i] < wanted))
		below += (double)c->bucket[i++];
	if (i == last)
		return (double)bounds[last - 1] / 1e6;
	from = i ? (double)bounds[i - 1] : 0;
	width = (double)bounds[i] - from;
	return (from + width * (wanted - below) / (double)c->bucket[i]) / 1e6;
}

size_t histogram_bounds(enum histogram h, const int64_t **us)
{
	*us = table[h].bounds;
	return table[h].bound_count;
}

const char *histogram_name(enum histogram h)
{
	return table[h].text;
}

const char *histogram_help(enum histogram h)
{
	return table[h].help;
}
