/* Who is let in, in which order and how fast, as clients see it. */
#include "support/kit.h"

static void leave(char *token)
{
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	free(token);
}

static int position(const char *token)
{
	struct reply r = ask("GET", "/v1/queue/position", token, NULL);
	int n = (int)reply_number(&r, "position");

	reply_free(&r);
	return n;
}

static int count_inside(const char *queue)
{
	struct reply r = answered(ask("GET", say("/v1/queues/%s", queue), NULL, NULL), 200);
	int n = (int)reply_number(&r, "inside");

	reply_free(&r);
	return n;
}

/* Ten come, three fit; each who leaves makes room for the one who has waited longest. */
START_TEST(test_capacity_and_order)
{
	char *tokens[10];

	for (int i = 0; i < 10; i++)
		tokens[i] = enter(10 + i, "few");
	for (int i = 0; i < 10; i++) {
		ck_assert(stands(tokens[i], i < 3 ? "ACTIVE" : "WAITING"));
		ck_assert_int_eq(position(tokens[i]), i < 3 ? -1 : i - 2);
	}
	ck_assert_int_eq(count_inside("few"), 3);
	for (int i = 0; i < 7; i++) {
		leave(tokens[i]);
		wait_until(stands(tokens[i + 3], "ACTIVE"));
		ck_assert_int_eq(count_inside("few"), 3);
		for (int k = i + 4; k < 10; k++)
			ck_assert_int_eq(position(tokens[k]), k - i - 3);
	}
	for (int i = 7; i < 10; i++)
		leave(tokens[i]);
	ck_assert_int_eq(count_inside("few"), 0);
}
END_TEST

/* Notes when each of `n` was first seen inside. Gives whether all were. */
static bool look(char *const *tokens, int64_t *in, int n)
{
	bool all = true;

	for (int i = 0; i < n; i++) {
		if (!in[i] && stands(tokens[i], "ACTIVE"))
			in[i] = now_ms();
		all = all && in[i];
	}
	return all;
}

/* Two a second: six at once take two seconds at least, two by two. */
START_TEST(test_rate)
{
	char *tokens[6];
	int64_t in[6], began = now_ms();

	for (int i = 0; i < 6; i++) {
		tokens[i] = enter(30 + i, "drip");
		in[i] = 0;
	}
	wait_until(look(tokens, in, 6));
	/* Seen later than it was: so it may have been sooner, but never before the rate allows it. */
	for (int i = 2; i < 6; i++)
		ck_assert_int_ge((int)(in[i] - began), i / 2 * 1000);
	ck_assert_int_le((int)(in[5] - began), 4000);
	for (int i = 0; i < 6; i++)
		leave(tokens[i]);
}
END_TEST

/* Let in from the line and not heard of for claimSeconds: the slot goes to the next, the token is over. */
START_TEST(test_no_show)
{
	char *first = enter(40, "brief"), *quiet = enter(41, "brief"), *next = enter(42, "brief");
	int64_t began = now_ms();
	struct reply r;

	ck_assert(stands(first, "ACTIVE"));
	ck_assert(stands(next, "WAITING"));
	leave(first);
	wait_until(stands(next, "ACTIVE"));
	ck_assert_int_ge((int)(now_ms() - began), 1000);
	refused(ask("GET", "/v1/queue/position", quiet, NULL), 302, "TOKEN_EXPIRED", NULL);
	r = answered(admin("GET", "/admin/v1/queues/brief", NULL), 200);
	ck_assert_int_eq((int)number_at(&r, "noShows"), 1);
	reply_free(&r);
	leave(next);
	free(quiet);
}
END_TEST

/* A session that was claimed lasts sessionSeconds from then on, asked after or not. */
START_TEST(test_session_over)
{
	char *token = enter(50, "brief"), *next = enter(51, "brief");
	int64_t began = now_ms();

	wait_until(stands(next, "ACTIVE"));
	ck_assert_int_ge((int)(now_ms() - began), 900);
	refused(ask("GET", "/v1/queue/position", token, NULL), 302, "TOKEN_EXPIRED", NULL);
	leave(next);
	free(token);
}
END_TEST

/* The end is told beforehand and does not move with what the user asks. */
START_TEST(test_asking_does_not_extend)
{
	char *token = enter(60, "main"), ends[32];
	struct reply r = answered(ask("GET", "/v1/queue/position", token, NULL), 200);

	snprintf(ends, sizeof(ends), "%s", text_at(&r, "sessionExpiresAt"));
	reply_free(&r);
	done(ask("GET", "/v1/schedules/11/seats", token, NULL), 200);
	for (int i = 0; i < 5; i++) {
		r = answered(ask("GET", "/v1/queue/position", token, NULL), 200);
		ck_assert_str_eq(text_at(&r, "sessionExpiresAt"), ends);
		reply_free(&r);
	}
	leave(token);
}
END_TEST

/* Admitted from the line: the first answer that says so starts the session, whatever was asked. */
START_TEST(test_claim_by_any_route)
{
	char *first = enter(70, "one"), *second = enter(71, "one");

	ck_assert(stands(second, "WAITING"));
	leave(first);
	wait_until(redis_int("ZSCORE usher:{one}:active 71") > 0);
	done(ask("GET", "/v1/concerts/4/dates", second, NULL), 200);
	ck_assert_int_eq((int)(redis_int("ZSCORE usher:{one}:active 71") / 1000 > redis_int("TIME") + 500), 1);
	leave(second);
}
END_TEST

/* Paused lets nobody in, not even into an empty shop, and keeps everyone's place. */
START_TEST(test_paused)
{
	char *first, *second;

	done(admin("PATCH", "/admin/v1/queues/side", "{\"paused\":true}"), 200);
	first = enter(80, "side");
	second = enter(81, "side");
	ck_assert(stands(first, "WAITING"));
	ck_assert_int_eq(position(first), 1);
	ck_assert_int_eq(position(second), 2);
	ck_assert_int_eq(count_inside("side"), 0);
	done(admin("PATCH", "/admin/v1/queues/side", "{\"paused\":false}"), 200);
	wait_until(stands(first, "ACTIVE") && stands(second, "ACTIVE"));
	leave(first);
	leave(second);
}
END_TEST

/* The doors open: SCHEDULED becomes WAITING or ACTIVE by itself, and the seed is shown. */
START_TEST(test_doors_open)
{
	char *token = enter(90, "later");
	struct reply r;

	ck_assert(stands(token, "SCHEDULED"));
	done(admin("PATCH", "/admin/v1/queues/later", "{\"opensAt\":null}"), 200);
	wait_until(stands(token, "ACTIVE"));
	r = answered(ask("GET", "/v1/queues/later", NULL, NULL), 200);
	ck_assert_int_eq((int)strlen(text_at(&r, "seed")), 64);
	reply_free(&r);
	leave(token);
}
END_TEST

/* Somebody who is let in again has to show up again: what is remembered of the last time is for its place only. */
START_TEST(test_claim_each_time)
{
	for (int round = 0; round < 12; round++) {
		char *first = enter(110, "one"), *again = enter(111, "one");

		leave(first);
		wait_until(redis_int("SISMEMBER usher:{one}:unclaimed 111") == 1);
		refused(ask("GET", "/v1/concerts/1/dates", again, NULL), 403, "WRONG_QUEUE", NULL);
		ck_assert_int_eq((int)redis_int("SISMEMBER usher:{one}:unclaimed 111"), 0);
		for (int i = 0; i < 4; i++) /* by now each worker is likely to remember */
			refused(ask("GET", "/v1/concerts/1/dates", again, NULL), 403, "WRONG_QUEUE", NULL);
		leave(again);
	}
}
END_TEST

/* A hidden tab keeps its place: nobody asks, and the line stands as it was. */
START_TEST(test_quiet_in_line)
{
	char *first = enter(100, "one"), *quiet = enter(101, "one"), *last = enter(102, "one");

	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(position(last), 2);
	ck_assert_int_eq((int)redis_int("ZCARD usher:{one}:waiting"), 2);
	leave(first);
	wait_until(stands(quiet, "ACTIVE"));
	leave(quiet);
	leave(last);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_capacity_and_order,
				      test_rate,
				      test_no_show,
				      test_session_over,
				      test_asking_does_not_extend,
				      test_claim_by_any_route,
				      test_claim_each_time,
				      test_paused,
				      test_doors_open,
				      test_quiet_in_line,
				      NULL};

	return api_main("letting in", tests);
}
