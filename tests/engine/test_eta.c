/* Honest figures: a sale of 5,000 at a steady rate, and how far off the expected times were. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "engine/queue.h"

#define CROWD 5000
#define RATE 50
#define TICK_MS 100
#define SAMPLES 2000

/* What the user at the front of `number` others was told, and when. */
struct told {
	int64_t number, at, eta_ms;
};

static struct told told[SAMPLES];
static double errors[SAMPLES];
static int64_t let_in_at[CROWD + 1];
static int tolds;

static struct queue_status status_now(void)
{
	const char *s = fcall("usher_status", QUEUE_KEYS, " ");
	struct queue_status out = {.known = true};

	out.admitted_minute = value(s, 6);
	out.admitted_span_ms = value(s, 7);
	return out;
}

/* Every 250th of those still in line is told when. */
static void tell(int64_t admitted)
{
	struct queue_status s = status_now();

	for (int64_t position = 100; admitted + position <= CROWD && tolds < SAMPLES; position += 250)
		told[tolds++] = (struct told){admitted + position, clock_now(), queue_eta_seconds(&s, position) * 1000};
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median_error(void)
{
	int n = 0;

	for (int i = 0; i < tolds; i++) {
		double took = (double)(let_in_at[told[i].number] - told[i].at);
		double off = (double)told[i].eta_ms - took;

		if (took >= 1000)
			errors[n++] = (off < 0 ? -off : off) / took;
	}
	ck_assert_int_gt(n, 100);
	qsort(errors, (size_t)n, sizeof(errors[0]), by_size);
	return errors[n / 2];
}

START_TEST(test_nothing_is_promised_before_it_was_measured)
{
	struct queue_status s = status_now();

	ck_assert_int_eq(queue_eta_seconds(&s, 1), -1);
	s.admitted_minute = 10;
	ck_assert_int_ge(queue_eta_seconds(&s, 1), 0);
	s.settings.paused = true;
	ck_assert_int_eq(queue_eta_seconds(&s, 1), -1);
}
END_TEST

START_TEST(test_median_error_is_small)
{
	struct config c = CONFIG;
	int64_t admitted = 0;

	c.version++;
	c.capacity = CROWD;
	c.rate = RATE;
	is(configure(c), "OK");
	command("HSET usher:{main}:queue paused 1");
	enter_crowd(1, CROWD);
	command("HSET usher:{main}:queue paused 0");
	for (int tick = 0; admitted < CROWD; tick++) {
		int64_t n = value(admit(200, 1), 2);

		for (int64_t i = 1; i <= n; i++)
			let_in_at[admitted + i] = clock_now();
		admitted += n;
		if (tick % 50 == 20)
			tell(admitted);
		clock_add(TICK_MS);
		ck_assert_int_lt(tick, 2000);
	}
	ck_assert_msg(median_error() < 0.1, "median error %.3f", median_error());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_nothing_is_promised_before_it_was_measured, test_median_error_is_small,
				      NULL};

	return engine_main("eta", 0, tests);
}
