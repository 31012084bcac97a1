/* Limits that hold on any number of daemons, and queues that do not disturb each other. */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "support/kit.h"

#define CAPACITY 20
#define RATE 40
#define THREADS 4
#define ROUNDS 150

static void queue_make(const char *name, int capacity, int rate)
{
	done(admin("POST", "/admin/v1/catalog",
		   say("{\"users\":[{\"from\":2001,\"to\":4000}],\"queues\":[{\"name\":\"%s\",\"capacity\":%d,"
		       "\"ratePerSecond\":%d,\"sessionSeconds\":600,\"claimSeconds\":600}]}",
		       name, capacity, rate)),
	     200);
}

struct crowd {
	int number, daemons;
};

/* Enters and leaves as fast as it goes, through any of the daemons. */
static void *crowd_main(void *arg)
{
	const struct crowd *c = arg;

	for (int i = 0; i < ROUNDS; i++) {
		int user = 2001 + c->number * ROUNDS + i, port = stack.port[i % c->daemons];
		char body[64];
		struct reply r;

		snprintf(body, sizeof(body), "{\"userId\":%d,\"queue\":\"hot\"}", user);
		r = call(port, "POST", "/v1/tokens", NULL, body);
		if (strcmp(reply_string(&r, "status"), "ACTIVE") == 0) {
			struct reply left = call(port, "DELETE", "/v1/tokens", reply_string(&r, "token"), NULL);

			reply_free(&left);
		}
		reply_free(&r);
	}
	return NULL;
}

/* The most admissions in any window of 1,000 ms of the last minute, by Redis' own times. */
static int64_t most_in_a_second(void)
{
	return redis_int("EVAL %s 1 usher:{hot}:admitted",
			 "local a, best = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES'), 0;"
			 "local t = {} for i = 2, #a, 2 do t[#t + 1] = tonumber(a[i]) end "
			 "local from = 1 for i = 1, #t do while t[i] - t[from] >= 1000 do from = from + 1 end "
			 "best = math.max(best, i - from + 1) end return best");
}

static int64_t inside_now(void)
{
	return redis_int("ZCARD usher:{hot}:active");
}

static void limits_hold_with(int daemons)
{
	pthread_t threads[THREADS];
	struct crowd crowds[THREADS];
	int64_t until;

	free(redis_text("DEL usher:{hot}:waiting usher:{hot}:active usher:{hot}:places usher:{hot}:unclaimed"));
	for (int i = 0; i < THREADS; i++) {
		crowds[i] = (struct crowd){i, daemons};
		pthread_create(&threads[i], NULL, crowd_main, &crowds[i]);
	}
	until = now_ms() + 1500;
	while (now_ms() < until) {
		ck_assert_int_le(inside_now(), CAPACITY);
		pause_briefly();
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	wait_until(inside_now() == CAPACITY || redis_int("ZCARD usher:{hot}:waiting") == 0);
	ck_assert_int_le(inside_now(), CAPACITY);
	ck_assert_int_le(most_in_a_second(), RATE);
}

START_TEST(test_limits_hold_on_four_daemons)
{
	queue_make("hot", CAPACITY, RATE);
	limits_hold_with(1);
	usherd_start(1, NULL);
	limits_hold_with(2);
	usherd_start(2, NULL);
	usherd_start(3, NULL);
	wait_until(redis_int("HGET usher:{hot}:queue capacity") == CAPACITY);
	limits_hold_with(4);
	/* One stopped in the middle of it, one killed: the others keep the rules. */
	process_kill(&stack.usherd[3], SIGSTOP);
	process_kill(&stack.usherd[2], SIGKILL);
	limits_hold_with(2);
	process_kill(&stack.usherd[3], SIGCONT);
	limits_hold_with(1);
	done(admin("GET", "/admin/v1/audit", NULL), 200);
	process_kill(&stack.usherd[3], SIGKILL);
	process_kill(&stack.usherd[1], SIGKILL);
}
END_TEST

/* A slot that is given up is filled within 100 ms and a tick: by Redis' own times. */
START_TEST(test_freed_slot_is_filled_at_once)
{
	char *first, *second;
	int64_t left, admitted;

	queue_make("one", 1, 100);
	first = enter(2001, "one");
	second = enter(2002, "one");
	done(ask("DELETE", "/v1/tokens", first, NULL), 204);
	left = redis_int("EVAL %s 0", "local t = redis.call('TIME') return t[1] * 1000 + math.floor(t[2] / 1000)");
	wait_until(redis_int("ZSCORE usher:{one}:active 2002") > 0);
	admitted = redis_int("EVAL %s 1 usher:{one}:admitted",
			     "return redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]");
	ck_assert_int_le(admitted - left, 200);
	free(first);
	free(second);
}
END_TEST

/* Ten thousand at once take many small calls: a call lets all of its people in at one and the same
 * moment of Redis' clock, and hardly more than two calls fall into one millisecond. */
START_TEST(test_admitting_many_is_many_small_calls)
{
	static const char most_at_once[] =
		"local n, most, last = 0, 0, nil local all = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')"
		" for i = 2, #all, 2 do n = all[i] == last and n + 1 or 1 last = all[i] most = math.max(most, n) end"
		" return most";

	queue_make("wide", 100, 100);
	done(admin("PATCH", "/admin/v1/queues/wide", "{\"paused\":true}"), 200);
	free(redis_text("EVAL %s 1 usher:{wide}:waiting",
			"for i = 1, 10000 do redis.call('ZADD', KEYS[1], 68719476736 + i, 100000 + i) end"));
	done(admin("PATCH", "/admin/v1/queues/wide", "{\"paused\":false,\"capacity\":100000,\"ratePerSecond\":100000}"),
	     200);
	wait_until(redis_int("ZCARD usher:{wide}:active") == 10000);
	ck_assert_int_le(redis_int("EVAL %s 1 usher:{wide}:admitted", most_at_once), 1000);
}
END_TEST

/* Two hot queues: the order and the limits of one know nothing of the other. */
START_TEST(test_queues_are_apart)
{
	char *left[10], *right[10];

	queue_make("left", 1, 100);
	queue_make("right", 2, 100);
	for (int i = 0; i < 10; i++) {
		left[i] = enter(2100 + i, "left");
		right[i] = enter(2109 - i, "right");
	}
	ck_assert_int_eq(redis_int("ZCARD usher:{left}:active"), 1);
	ck_assert_int_eq(redis_int("ZCARD usher:{right}:active"), 2);
	for (int i = 2; i < 10; i++) {
		ck_assert_int_eq(redis_int("ZRANK usher:{left}:waiting %d", 2100 + i), i - 1);
		ck_assert_int_eq(redis_int("ZRANK usher:{right}:waiting %d", 2109 - i), i - 2);
	}
	done(admin("PATCH", "/admin/v1/queues/left", "{\"paused\":true}"), 200);
	done(ask("DELETE", "/v1/tokens", right[0], NULL), 204);
	wait_until(redis_int("ZSCORE usher:{right}:active 2107") > 0);
	refused(ask("GET", "/v1/concerts/1/dates", right[1], NULL), 403, "WRONG_QUEUE", NULL);
	for (int i = 0; i < 10; i++) {
		free(left[i]);
		free(right[i]);
	}
}
END_TEST

/* Seconds from Redis' and MySQL's present to an RFC 3339 time. */
static double seconds_ahead(const char *text)
{
	return (double)sql_int("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), '%.19s')", text);
}

/* The hour of a Date header, and of now, in GMT. */
static int hour_of(const char *date)
{
	return date ? atoi(date + strlen("Sun, 22 Nov 2026 ")) : -1;
}

static int hour_now(void)
{
	return (int)(time(NULL) / 3600 % 24);
}

/* A daemon whose calendar is an hour ahead keeps every rule: time is Redis' and MySQL's. */
START_TEST(test_a_daemon_with_a_wrong_clock)
{
	struct reply r;
	char *token;

	usherd_clock_wrong(true);
	usherd_start(1, NULL);
	usherd_clock_wrong(false);
	r = answered(ask_port(stack.port[1], "GET", "/v1/users/1/balance", NULL, NULL), 200);
	ck_assert_msg(hour_of(reply_header(&r, "Date")) == (hour_now() + 1) % 24, "its clock is not wrong");
	reply_free(&r);
	queue_make("hot", CAPACITY, RATE);
	wait_until(redis_int("HGET usher:{hot}:queue capacity") == CAPACITY);
	limits_hold_with(2);
	r = answered(ask_port(stack.port[1], "POST", "/v1/tokens", NULL, "{\"userId\":60,\"queue\":\"main\"}"), 201);
	token = strdup(reply_string(&r, "token"));
	ck_assert(seconds_ahead(reply_string(&r, "sessionExpiresAt")) < 3000);
	reply_free(&r);
	r = answered(ask_port(stack.port[1], "POST", "/v1/reservations", token, "{\"scheduleId\":11,\"seatId\":9}"),
		     201);
	ck_assert(seconds_ahead(reply_string(&r, "expiresAt")) <= 300);
	ck_assert(seconds_ahead(reply_string(&r, "expiresAt")) > 0);
	reply_free(&r);
	/* And the right daemon still takes the token the wrong one gave. */
	done(ask("GET", "/v1/concerts/1/dates", token, NULL), 200);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	process_kill(&stack.usherd[1], SIGKILL);
	free(token);
}
END_TEST

/* A queue that is gone from MySQL: its tokens are of an unknown queue. */
START_TEST(test_token_of_a_removed_queue)
{
	char *token;
	struct reply r;

	queue_make("gone", 1, 1);
	token = enter(2001, "gone");
	sql_run("DELETE FROM queues WHERE name = 'gone'; UPDATE catalog_version SET version = version + 1");
	wait_until(({
		r = ask("GET", "/v1/queue/position", token, NULL);
		int status = r.status;
		reply_free(&r);
		status == 401;
	}));
	free(token);
}
END_TEST

static double eta_errors(const char *suffix)
{
	struct reply r = answered(ask("GET", "/metrics", NULL, NULL), 200);
	char name[64];
	const char *line;
	double value = -1;

	snprintf(name, sizeof(name), "\nusher_eta_error_seconds_%s ", suffix);
	line = strstr(r.body, name);
	if (line)
		value = atof(line + strlen(name));
	reply_free(&r);
	return value;
}

/* The expected time is null before anything was measured, and its error is recorded. */
START_TEST(test_expected_time_is_measured)
{
	char *first, *second, *third;
	struct reply r;

	queue_make("timed", 1, 100);
	first = enter(2001, "timed");
	second = enter(2002, "timed");
	third = enter(2003, "timed");
	done(admin("PATCH", "/admin/v1/queues/timed", "{\"paused\":true}"), 200);
	wait_until(({
		bool null;

		r = answered(ask("GET", "/v1/queue/position", second, NULL), 200);
		null = cJSON_IsNull(reply_at(&r, "etaSeconds"));
		reply_free(&r);
		null;
	}));
	done(admin("PATCH", "/admin/v1/queues/timed", "{\"paused\":false}"), 200);
	wait_until(({
		r = answered(ask("GET", "/v1/queue/position", third, NULL), 200);
		double eta = number_at(&r, "etaSeconds");
		reply_free(&r);
		eta >= 1;
	}));
	for (int i = 0; i < 8; i++) /* both workers have told user 2 a time */
		done(ask("GET", "/v1/queue/position", second, NULL), 200);
	done(ask("DELETE", "/v1/tokens", first, NULL), 204);
	wait_until(redis_int("ZSCORE usher:{timed}:active 2002") > 0);
	wait_until(({
		done(ask("GET", "/v1/queue/position", second, NULL), 200);
		eta_errors("count") >= 1;
	}));
	ck_assert(eta_errors("sum") >= 0);
	free(first);
	free(second);
	free(third);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_limits_hold_on_four_daemons,        test_freed_slot_is_filled_at_once,
				      test_admitting_many_is_many_small_calls, test_queues_are_apart,
				      test_a_daemon_with_a_wrong_clock,        test_token_of_a_removed_queue,
				      test_expected_time_is_measured,          NULL};

	return api_main("daemons", tests);
}
