/* Histograms: which bucket, the sum, series, quantiles, several threads. */
#include <math.h>
#include <pthread.h>

#include "base/arena.h"
#include "base/histogram.h"
#include "unit/unit.h"

/* What is counted stays counted, so that each test has a key of its own. */
static struct histogram_counts counted(enum histogram h, unsigned row, int key)
{
	struct histogram_counts found = {0};
	struct arena a = {0};
	size_t n = 0;
	struct histogram_series *series = histogram_read(h, &a, &n);

	ck_assert_ptr_nonnull(series);
	for (size_t i = 0; i < n; i++)
		if (series[i].row == row && series[i].key == key)
			found = series[i].counts;
	arena_free(&a);
	return found;
}

START_TEST(test_bounds_belong_to_their_bucket)
{
	const int64_t *bounds;
	size_t count = histogram_bounds(HISTOGRAM_http_request, &bounds);
	struct histogram_counts c;

	ck_assert_uint_le(count, HISTOGRAM_BUCKETS - 1);
	for (size_t i = 0; i < count; i++) {
		histogram_observe(HISTOGRAM_http_request, 1, 1, bounds[i]);
		histogram_observe(HISTOGRAM_http_request, 1, 1, bounds[i] + 1);
		ck_assert(i == 0 || bounds[i] > bounds[i - 1]);
	}
	c = counted(HISTOGRAM_http_request, 1, 1);
	ck_assert_uint_eq(c.bucket[0], 1);
	for (size_t i = 1; i < count; i++)
		ck_assert_uint_eq(c.bucket[i], 2);
	ck_assert_uint_eq(c.bucket[count], 1);
	ck_assert_uint_eq(histogram_total(&c), 2 * count);
}
END_TEST

START_TEST(test_sum_and_what_is_below_zero)
{
	struct histogram_counts c;

	histogram_observe(HISTOGRAM_http_request, 2, 200, 1500);
	histogram_observe(HISTOGRAM_http_request, 2, 200, 250);
	histogram_observe(HISTOGRAM_http_request, 2, 200, -7);
	c = counted(HISTOGRAM_http_request, 2, 200);
	ck_assert_uint_eq(c.sum_us, 1750);
	ck_assert_uint_eq(c.bucket[0], 1);
	ck_assert_uint_eq(histogram_total(&c), 3);
}
END_TEST

START_TEST(test_series_are_apart_and_in_order)
{
	struct arena a = {0};
	size_t n = 0;
	struct histogram_series *s;

	histogram_observe(HISTOGRAM_http_request, 4, 503, 10);
	histogram_observe(HISTOGRAM_http_request, 3, 404, 10);
	histogram_observe(HISTOGRAM_http_request, 3, 200, 10);
	histogram_observe(HISTOGRAM_http_request, HISTOGRAM_ROWS_http_request, 200, 10);
	s = histogram_read(HISTOGRAM_http_request, &a, &n);
	ck_assert_ptr_nonnull(s);
	ck_assert_uint_ge(n, 3);
	for (size_t i = 1; i < n; i++)
		ck_assert(s[i - 1].row < s[i].row || (s[i - 1].row == s[i].row && s[i - 1].key < s[i].key));
	ck_assert_uint_lt(s[n - 1].row, HISTOGRAM_ROWS_http_request);
	arena_free(&a);
	ck_assert_uint_eq(counted(HISTOGRAM_http_request, 3, 404).sum_us, 10);
	ck_assert_uint_eq(counted(HISTOGRAM_http_request, 4, 503).sum_us, 10);
}
END_TEST

START_TEST(test_single_row_is_there_before_it_counts)
{
	struct arena a = {0};
	size_t n = 0;
	struct histogram_series *s = histogram_read(HISTOGRAM_mysql_wait, &a, &n);

	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(histogram_total(&s->counts), 0);
	arena_free(&a);
}
END_TEST

#define assert_near(a, b) ck_assert_msg(fabs((a) - (b)) < 1e-9, "%g is not %g", (double)(a), (double)(b))

START_TEST(test_quantile)
{
	struct histogram_counts c = {.bucket = {[0] = 50, [3] = 40, [5] = 10}};

	/* bounds: 0.1, 0.25, 0.5, 1, 2.5, 5 ms */
	assert_near(histogram_quantile(HISTOGRAM_http_request, &c, 0.25), 0.00005);
	assert_near(histogram_quantile(HISTOGRAM_http_request, &c, 0.5), 0.0001);
	assert_near(histogram_quantile(HISTOGRAM_http_request, &c, 0.7), 0.00075);
	assert_near(histogram_quantile(HISTOGRAM_http_request, &c, 0.99), 0.00475);
	assert_near(histogram_quantile(HISTOGRAM_http_request, &c, 1), 0.005);
	c = (struct histogram_counts){0};
	assert_near(histogram_quantile(HISTOGRAM_http_request, &c, 0.99), -1);
	c.bucket[HISTOGRAM_BUCKETS - 1] = 1;
	assert_near(histogram_quantile(HISTOGRAM_http_request, &c, 0.99), 10);
	c = (struct histogram_counts){.bucket = {[8] = 1}};
	assert_near(histogram_quantile(HISTOGRAM_eta_error, &c, 0.99), 300);
	assert_near(histogram_quantile(HISTOGRAM_http_request, &c, 0), 0.025);
}
END_TEST

START_TEST(test_between_two_readings)
{
	struct histogram_counts before, now, gone;

	histogram_observe(HISTOGRAM_http_request, 5, 200, 80);
	before = counted(HISTOGRAM_http_request, 5, 200);
	histogram_observe(HISTOGRAM_http_request, 5, 200, 700);
	now = counted(HISTOGRAM_http_request, 5, 200);
	gone = histogram_since(&now, &before);
	ck_assert_uint_eq(histogram_total(&gone), 1);
	ck_assert_uint_eq(gone.bucket[3], 1);
	ck_assert_uint_eq(gone.sum_us, 700);
}
END_TEST

#define THREADS 4
#define EACH 20000

static void *count_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < EACH; i++)
		histogram_observe(HISTOGRAM_redis_trip, 0, 0, 150);
	return NULL;
}

/* What threads have counted stays when they are gone. */
START_TEST(test_threads_add_up)
{
	pthread_t thread[THREADS];
	struct histogram_counts c;

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, count_many, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		c = counted(HISTOGRAM_redis_trip, 0, 0);
		ck_assert_uint_eq(histogram_total(&c), c.bucket[1]);
		pthread_join(thread[i], NULL);
	}
	c = counted(HISTOGRAM_redis_trip, 0, 0);
	ck_assert_uint_eq(c.bucket[1], (uint64_t)THREADS * EACH);
	ck_assert_uint_eq(c.sum_us, (uint64_t)THREADS * EACH * 150);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_bounds_belong_to_their_bucket,
				      test_sum_and_what_is_below_zero,
				      test_series_are_apart_and_in_order,
				      test_single_row_is_there_before_it_counts,
				      test_quantile,
				      test_between_two_readings,
				      test_threads_add_up,
				      NULL};

	return unit_main("histogram", tests);
}
