/* The bench's own arithmetic and how it reads answers: a wrong figure would be worse than none. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "figures.h"
#include "requests.h"
#include "unit/unit.h"

START_TEST(test_median)
{
	ck_assert_double_eq(median(NULL, 0), 0);
	ck_assert_double_eq(median((double[]){7}, 1), 7);
	ck_assert_double_eq(median((double[]){9, 1, 5}, 3), 5);
	ck_assert_double_eq(median((double[]){9, 1, 5, 6}, 4), 5.5);
}
END_TEST

START_TEST(test_percentiles_are_exact_while_small)
{
	struct histogram *h = calloc(1, sizeof(*h));

	ck_assert_uint_eq(histogram_at(h, 0.5), 0);
	for (uint64_t i = 1; i <= 100; i++)
		histogram_add(h, i);
	ck_assert_uint_eq(histogram_at(h, 0.5), 50);
	ck_assert_uint_eq(histogram_at(h, 0.99), 99);
	ck_assert_uint_eq(histogram_at(h, 1), 100);
	ck_assert_uint_eq(histogram_at(h, 0), 1);
	free(h);
}
END_TEST

/* Alone in its class or not: never less than it is, never more than a 64th above. */
START_TEST(test_percentiles_of_large_values)
{
	for (uint64_t value = 1; value < (uint64_t)1 << 40; value = value * 9 / 8 + 1) {
		struct histogram *h = calloc(1, sizeof(*h));

		histogram_add(h, value);
		histogram_add(h, (uint64_t)1 << 42);
		ck_assert_uint_ge(histogram_at(h, 0.5), value);
		ck_assert_uint_le(histogram_at(h, 0.5), value + value / 64);
		ck_assert_uint_eq(histogram_at(h, 1), (uint64_t)1 << 42);
		free(h);
	}
}
END_TEST

START_TEST(test_what_is_too_large_counts_as_the_most)
{
	struct histogram *h = calloc(1, sizeof(*h));

	histogram_add(h, UINT64_MAX);
	ck_assert_uint_eq(histogram_at(h, 0.5), UINT64_MAX);
	free(h);
}
END_TEST

static const char whole[] = "HTTP/1.1 200 OK\r\nX: 1\r\ncontent-length: 5\r\n\r\nhello";

static enum answer_state feed(struct answer *a, const char *text)
{
	return answer_feed(a, text, strlen(text));
}

START_TEST(test_answers_in_one_piece)
{
	struct answer a = {0};

	ck_assert_int_eq(feed(&a, whole), ANSWER_WHOLE);
	ck_assert_int_eq(a.status, 200);
	answer_next(&a);
	ck_assert_int_eq(feed(&a, "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n"), ANSWER_WHOLE);
	ck_assert_int_eq(a.status, 304);
	answer_next(&a);
	ck_assert_int_eq(feed(&a, "HTTP/1.1 204 No Content\r\nDate: x\r\n\r\n"), ANSWER_WHOLE);
	answer_next(&a);
	ck_assert_int_eq(feed(&a, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), ANSWER_WHOLE);
}
END_TEST

/* Cut at every byte, and byte by byte. */
START_TEST(test_answers_in_pieces)
{
	struct answer *a = calloc(1, sizeof(*a));
	size_t len = strlen(whole);

	for (size_t cut = 1; cut < len; cut++) {
		ck_assert_int_eq(answer_feed(a, whole, cut), ANSWER_PART);
		ck_assert_int_eq(answer_feed(a, whole + cut, len - cut), ANSWER_WHOLE);
		ck_assert_int_eq(a->status, 200);
		answer_next(a);
	}
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(answer_feed(a, whole + i, 1), i + 1 < len ? ANSWER_PART : ANSWER_WHOLE);
	free(a);
}
END_TEST

/* A body far longer than a head may be, its first bytes with the end of the head. */
START_TEST(test_long_bodies)
{
	struct answer *a = calloc(1, sizeof(*a));
	char *text = calloc(1, 100001);

	memset(text, 'x', 100000);
	ck_assert_int_eq(feed(a, "HTTP/1.1 200 OK\r\nContent-Length: 100003\r\n"), ANSWER_PART);
	ck_assert_int_eq(feed(a, "\r\nabc"), ANSWER_PART);
	ck_assert_int_eq(answer_feed(a, text, 100000), ANSWER_WHOLE);
	answer_next(a);
	ck_assert_int_eq(feed(a, "HTTP/1.1 200 OK\r\nContent-Length: 99990\r\n"), ANSWER_PART);
	memcpy(text, "\r\n", 2);
	ck_assert_int_eq(answer_feed(a, text, 99992), ANSWER_WHOLE);
	free(text);
	free(a);
}
END_TEST

START_TEST(test_what_is_no_answer)
{
	static const char *const texts[] = {
		"HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc",
		"SSH-2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 304 Not Modified\r\n\r\nbody",
	};
	struct answer *a = calloc(1, sizeof(*a));
	char *text = calloc(1, ANSWER_HEAD + 1);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memset(a, 0, sizeof(*a));
		ck_assert_msg(feed(a, texts[i]) == ANSWER_BAD, "%s", texts[i]);
	}
	memset(a, 0, sizeof(*a));
	memset(text, 'x', ANSWER_HEAD);
	ck_assert_int_eq(feed(a, text), ANSWER_BAD);
	free(text);
	free(a);
}
END_TEST

START_TEST(test_requests_go_round)
{
	struct requests r = {0};
	const char *text;
	size_t len;

	requests_add(&r, "GET", "/a", NULL, NULL);
	requests_add(&r, "POST", "/b", "X: 1\r\n", "{}");
	for (int i = 0; i < 2; i++) {
		text = requests_take(&r, &len);
		ck_assert_int_eq(strncmp(text, "GET /a HTTP/1.1\r\nHost: localhost\r\n\r\n", len), 0);
		text = requests_take(&r, &len);
		ck_assert_int_eq(strncmp(text,
					 "POST /b HTTP/1.1\r\nHost: localhost\r\nX: 1\r\nContent-Type: application/json"
					 "\r\nContent-Length: 2\r\n\r\n{}",
					 len),
				 0);
	}
	requests_free(&r);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_median,
				      test_percentiles_are_exact_while_small,
				      test_percentiles_of_large_values,
				      test_what_is_too_large_counts_as_the_most,
				      test_answers_in_one_piece,
				      test_answers_in_pieces,
				      test_long_bodies,
				      test_what_is_no_answer,
				      test_requests_go_round,
				      NULL};

	return unit_main("bench", tests);
}
