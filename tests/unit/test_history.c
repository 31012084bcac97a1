/* The history of a queue: rates between samples, gaps, half an hour and no more, queues that come and go. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "history.h"
#include "unit/unit.h"

#define BEGAN 1800000000000

static struct arena arena;

static struct history_queue queue(const char *name, int64_t now, int64_t counter)
{
	return (struct history_queue){.name = name,
				      .known = true,
				      .now = BEGAN + now,
				      .epoch = 1,
				      .waiting = counter + 1,
				      .inside = counter + 2,
				      .seats_left = counter + 3,
				      .admitted = 10 * counter,
				      .no_shows = 2 * counter,
				      .paid = counter};
}

static const struct times_all none;

static void sample(struct history *h, int64_t ms, struct history_queue q)
{
	history_sample(h, ms, &none, &q, 1);
}

static struct history_view view(struct history *h, const char *name)
{
	struct history_view v;

	ck_assert(history_read(h, name, &arena, &v));
	return v;
}

static void end(struct history *h)
{
	history_free(h);
	arena_free(&arena);
}

START_TEST(test_values_and_rates)
{
	struct history *h = history_new();
	struct history_view v;

	sample(h, 1000, queue("main", 0, 100));
	sample(h, 6000, queue("main", 5000, 105));
	v = view(h, "main");
	ck_assert_uint_eq(v.count, 2);
	ck_assert_int_eq(v.at[0], BEGAN);
	ck_assert_int_eq(v.at[1], BEGAN + 5000);
	ck_assert(v.column[HISTORY_WAITING][0] == 101 && v.column[HISTORY_WAITING][1] == 106);
	ck_assert(v.column[HISTORY_INSIDE][1] == 107);
	ck_assert(v.column[HISTORY_SEATS_LEFT][1] == 108);
	ck_assert(isnan(v.column[HISTORY_ADMITTED][0]));
	ck_assert(isnan(v.column[HISTORY_PAYMENTS][0]));
	ck_assert(v.column[HISTORY_ADMITTED][1] == 10);
	ck_assert(v.column[HISTORY_NO_SHOWS][1] == 2);
	ck_assert(v.column[HISTORY_PAYMENTS][1] == 1);
	end(h);
}
END_TEST

/* A sample that comes late is spread over the time it stands for. */
START_TEST(test_late_sample)
{
	struct history *h = history_new();

	sample(h, 0, queue("main", 0, 0));
	sample(h, 10000, queue("main", 10000, 5));
	ck_assert(view(h, "main").column[HISTORY_ADMITTED][1] == 5);
	end(h);
}
END_TEST

/* While Redis is away nothing is known, and what happened meanwhile belongs to no sample. The times go on. */
START_TEST(test_gap_is_not_zero)
{
	struct history *h = history_new();
	struct history_queue away = {.name = "main"};
	struct history_view v;

	sample(h, 0, queue("main", 0, 0));
	sample(h, 5000, away);
	sample(h, 10000, away);
	sample(h, 15000, queue("main", 15000, 50));
	sample(h, 20000, queue("main", 20000, 55));
	v = view(h, "main");
	ck_assert_uint_eq(v.count, 5);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(v.at[i], BEGAN + 5000 * i);
	for (int i = 1; i < 3; i++)
		for (int column = HISTORY_WAITING; column <= HISTORY_PAYMENTS; column++)
			ck_assert(isnan(v.column[column][i]));
	ck_assert(v.column[HISTORY_WAITING][3] == 51);
	ck_assert(isnan(v.column[HISTORY_ADMITTED][3]));
	ck_assert(v.column[HISTORY_ADMITTED][4] == 10);
	end(h);
}
END_TEST

/* After a loss of Redis the counters begin at 0 in another epoch; that is no negative rate. */
START_TEST(test_new_epoch)
{
	struct history *h = history_new();
	struct history_queue q = queue("main", 5000, 7);
	struct history_view v;

	sample(h, 0, queue("main", 0, 100));
	sample(h, 5000, queue("main", 5000, 99));
	q.epoch = 2;
	q.admitted = 5000;
	sample(h, 10000, q);
	v = view(h, "main");
	ck_assert(isnan(v.column[HISTORY_ADMITTED][1]));
	ck_assert(isnan(v.column[HISTORY_ADMITTED][2]));
	ck_assert(v.column[HISTORY_WAITING][2] == 8);
	end(h);
}
END_TEST

START_TEST(test_half_an_hour)
{
	struct history *h = history_new();
	struct history_view v;

	for (int i = 0; i < HISTORY_SAMPLES + 40; i++)
		sample(h, 5000 * i, queue("main", 5000 * i, i));
	v = view(h, "main");
	ck_assert_uint_eq(v.count, HISTORY_SAMPLES);
	ck_assert_int_eq(v.at[0], BEGAN + 40 * 5000);
	ck_assert(v.column[HISTORY_WAITING][0] == 41);
	ck_assert(v.column[HISTORY_WAITING][HISTORY_SAMPLES - 1] == HISTORY_SAMPLES + 40);
	for (size_t i = 1; i < v.count; i++)
		ck_assert(v.at[i] == v.at[i - 1] + 5000 && v.column[HISTORY_PAYMENTS][i] == 0.2);
	end(h);
}
END_TEST

START_TEST(test_queues_come_and_go)
{
	struct history *h = history_new();
	struct history_queue two[] = {queue("main", 0, 1), queue("side", 100, 2)};
	struct history_queue unknown = {.name = "later"};

	history_sample(h, 0, &none, two, 2);
	ck_assert_uint_eq(view(h, "side").count, 1);
	ck_assert_int_eq(view(h, "side").at[0], BEGAN + 100);
	ck_assert_uint_eq(view(h, "mai").count, 0);
	sample(h, 5000, two[1]);
	ck_assert_uint_eq(view(h, "main").count, 0);
	ck_assert_uint_eq(view(h, "side").count, 2);
	sample(h, 10000, unknown);
	ck_assert_uint_eq(view(h, "later").count, 0);
	ck_assert_uint_eq(view(h, "side").count, 0);
	history_sample(h, 15000, &none, NULL, 0);
	end(h);
}
END_TEST

/* Of this daemon: what was answered between two samples, and how fast; nothing asked is no time at all. */
START_TEST(test_requests)
{
	struct history *h = history_new();
	struct history_queue q = queue("main", 0, 0);
	struct times_all times = {.errors = 3};
	struct history_view v;

	times.times.bucket[3] = 100;
	history_sample(h, 0, &times, &q, 1);
	times.times.bucket[3] += 99;
	times.times.bucket[9] += 1;
	times.errors += 5;
	history_sample(h, 5000, &times, &q, 1);
	history_sample(h, 10000, &times, &q, 1);
	v = view(h, "main");
	ck_assert(isnan(v.column[HISTORY_REQUESTS][0]) && isnan(v.column[HISTORY_P99][0]));
	ck_assert(v.column[HISTORY_REQUESTS][1] == 20);
	ck_assert(v.column[HISTORY_ERRORS][1] == 1);
	ck_assert(v.column[HISTORY_P99][1] > 0 && v.column[HISTORY_P99][1] < 0.1);
	ck_assert(v.column[HISTORY_REQUESTS][2] == 0);
	ck_assert(v.column[HISTORY_ERRORS][2] == 0);
	ck_assert(isnan(v.column[HISTORY_P99][2]));
	end(h);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		test_values_and_rates, test_late_sample,        test_gap_is_not_zero, test_new_epoch,
		test_half_an_hour,     test_queues_come_and_go, test_requests,        NULL};

	return unit_main("history", tests);
}
