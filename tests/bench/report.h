/*
 * What a run has found: every round of every series, and the figures made of them. It becomes a table, a
 * JSON file, a chart and a page of capacity arithmetic.
 */
#ifndef USHER_TESTS_BENCH_REPORT_H
#define USHER_TESTS_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"

/* One thing measured in every round. */
struct series {
	const char *row, *who, *what; /* constants */
	double rounds[ROUNDS_MOST];
	size_t count;
};

/* Begins a series. It lives as long as the program. */
struct series *series_new(const char *row, const char *who, const char *what);
void series_add(struct series *s, double value);
double series_median(const struct series *s);

/* The median of a series by its names, 0 if it was not measured. */
double measured(const char *row, const char *who, const char *what);

/* One line of the table. With `against` a ratio is made, without it the figure is its own. */
struct figure {
	const char *row, *what, *unit; /* constants */
	double ours;
	const char *against; /* whom it is compared with, a constant, or NULL */
	double theirs;
	double by_rounds; /* the median of the ratios of single rounds; the ratio that counts is that of the medians */
	double target;    /* 0: for information */
	bool at_least;    /* the target is the least, not the most */
};

/* A figure of its own, which should be at most `most`; 0: for information. */
void figure_alone(const char *row, const char *what, const char *unit, double ours, double most);

/* A series of `who` compared with the same of `against`: their ratio should be at most `most`. */
void figure_beside(const char *row, const char *what, const char *unit, const char *measure, const char *who,
		   const char *against, double most);

/* The target of the figure added last is not the most but the least. */
void figure_least(double least);

/* The figure's ratio, or the figure itself; and whether it meets its target. */
double figure_value(const struct figure *f);
bool figure_met(const struct figure *f);

/* All of them, in the order they came. */
const struct figure *figures_all(size_t *count);

/* Notes in words what the table cannot say, printf-like. */
void report_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints the table; writes bench.json, bench.svg and capacity.md into the working directory. */
void report_print(void);
void report_write(void);

/* The parts of report_write(), each in its own file. */
void chart_write(const char *path);
bool capacity_write(const char *path); /* false: a row that it needs was not run */

#endif
