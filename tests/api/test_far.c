/* Who waits far back is told an estimate that asks nobody, and nobody is told one who has gone. */
#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "support/kit.h"

#define PEOPLE 3000
#define LEFT_ALL 80
#define THREADS 30

static char *tokens[PEOPLE + 1]; /* of queue wide, in the order of the line */

static struct reply position(int daemon, const char *token)
{
	return ask_port(stack.port[daemon], "GET", "/v1/queue/position", token, NULL);
}

static int status(int daemon, const char *token)
{
	return status_port(stack.port[daemon], "GET", "/v1/queue/position", token, NULL);
}

/* Whether a daemon answers this token by itself. */
static bool estimated(int daemon, const char *token)
{
	struct reply r = position(daemon, token);
	bool is = cJSON_IsFalse(reply_at(&r, "exact"));

	reply_free(&r);
	return is;
}

/* How long the line is by what a daemon says. */
static int waiting_at(int daemon)
{
	struct reply r = position(daemon, tokens[1200]);
	int n = (int)number_at(&r, "waiting");

	reply_free(&r);
	return n;
}

static int64_t rank(int user)
{
	return redis_int("ZRANK usher:{wide}:waiting %d", user);
}

/* How often Redis has looked a rank up. */
static int64_t ranks_asked(void)
{
	char *info = redis_text("INFO commandstats"), *at = strstr(info, "cmdstat_zrank:calls=");
	int64_t n = at ? strtoll(at + strlen("cmdstat_zrank:calls="), NULL, 10) : 0;

	free(info);
	return n;
}

/* Enters every THREADS-th user, so that many are checked in MySQL at once. */
static void *enter_later(void *arg)
{
	for (int user = *(int *)arg; user <= PEOPLE; user += THREADS)
		free(token_of(P, user, "later"));
	return NULL;
}

START_TEST(test_a_line_begins)
{
	int first[THREADS];

	for (int i = 0; i < THREADS; i++)
		first[i] = i + 1;
	at_once(THREADS, enter_later, first, sizeof(*first));
	done(admin("PATCH", "/admin/v1/queues/wide", "{\"paused\":true}"), 200);
	for (int user = 1; user <= PEOPLE; user++)
		tokens[user] = enter(user, "wide");
}
END_TEST

START_TEST(test_estimates_are_close_and_ask_nobody)
{
	int64_t asked;

	wait_until(estimated(0, tokens[PEOPLE]) && waiting_at(0) == PEOPLE);
	wait_until(estimated(1, tokens[PEOPLE]) && waiting_at(1) == PEOPLE);
	asked = ranks_asked();
	for (int user = 1100; user <= PEOPLE; user += 100) {
		struct reply r = answered(position(user / 100 % 2, tokens[user]), 200);

		ck_assert_str_eq(text_at(&r, "status"), "WAITING");
		ck_assert(cJSON_IsFalse(reply_at(&r, "exact")));
		ck_assert_int_le(abs((int)number_at(&r, "position") - user), 50);
		ck_assert_int_eq((int)number_at(&r, "waiting"), PEOPLE);
		ck_assert_int_ge((int)number_at(&r, "pollAfterMs"), 900);
		ck_assert(has(&r, "etaSeconds") && has(&r, "seatsLeft") && has(&r, "soldOut"));
		reply_free(&r);
	}
	ck_assert_int_eq(ranks_asked(), asked);
}
END_TEST

START_TEST(test_near_the_front_is_exact)
{
	for (int user = 1; user <= 901; user += 100) {
		struct reply r = answered(position(0, tokens[user]), 200);

		ck_assert(cJSON_IsTrue(reply_at(&r, "exact")));
		ck_assert_int_eq((int)number_at(&r, "position"), user);
		reply_free(&r);
	}
}
END_TEST

static int64_t position_told(int daemon, const char *token)
{
	struct reply r = position(daemon, token);
	int64_t told = (int64_t)number_at(&r, "position");

	reply_free(&r);
	return told;
}

/* By how much what a daemon says differs from where the user stands. */
static int64_t off(int daemon, int user)
{
	int64_t by = position_told(daemon, tokens[user]) - 1 - rank(user);

	return by < 0 ? -by : by;
}

/* Many of the far ones leave, through either daemon: soon nobody of them is told anything by any daemon, and the
 * others are told where they stand now. */
START_TEST(test_who_left_is_not_told)
{
	for (int i = 0; i < LEFT_ALL; i++)
		done(ask_port(stack.port[i % 2], "DELETE", "/v1/tokens", tokens[1500 + 10 * i], NULL), 204);
	for (int i = 0; i < LEFT_ALL; i++) {
		wait_until(status(0, tokens[1500 + 10 * i]) == 302);
		wait_until(status(1, tokens[1500 + 10 * i]) == 302);
	}
	for (int i = 0; i < LEFT_ALL; i++) {
		ck_assert_int_eq(status(0, tokens[1500 + 10 * i]), 302);
		ck_assert_int_eq(status(1, tokens[1500 + 10 * i]), 302);
	}
	ck_assert(estimated(0, tokens[1501]));
	ck_assert(estimated(1, tokens[2999]));
	wait_until(off(0, 2999) <= 50 && off(1, 2999) <= 50);
}
END_TEST

/* A daemon that was stopped while somebody left knows nothing of it when it goes on: it has to ask. */
START_TEST(test_a_stopped_daemon_asks)
{
	int fd = http_connect(stack.port[1]);
	char header[HEADER_TEXT], request[HEADER_TEXT + 128];
	struct reply r;
	int64_t since;

	wait_until(estimated(1, tokens[2500]));
	process_kill(&stack.usherd[1], SIGSTOP);
	done(ask("DELETE", "/v1/tokens", tokens[2500], NULL), 204);
	since = now_ms();
	snprintf(request, sizeof(request), "GET /v1/queue/position HTTP/1.1\r\nHost: x\r\n%s\r\n",
		 bearer(header, tokens[2500]));
	http_send(fd, request, strlen(request));
	wait_until(now_ms() > since + 1100);
	kill(stack.usherd[1], SIGCONT);
	r = http_read(fd, 0);
	ck_assert_int_eq(r.status, 302);
	reply_free(&r);
	close(fd);
}
END_TEST

START_TEST(test_a_new_place_after_leaving)
{
	char *again;

	done(ask("DELETE", "/v1/tokens", tokens[2005], NULL), 204);
	again = enter(2005, "wide");
	ck_assert_str_ne(again, tokens[2005]);
	wait_until(status(1, tokens[2005]) == 302);
	wait_until(estimated(1, again));
	ck_assert_int_eq(status(1, tokens[2005]), 302);
	free(again);
}
END_TEST

/* A daemon that is started later reads of all who left before it came. */
START_TEST(test_a_new_daemon_knows_who_left)
{
	usherd_start(2, "--workers=1", NULL);
	wait_until(estimated(2, tokens[PEOPLE]));
	for (int i = 0; i < LEFT_ALL; i++)
		ck_assert_int_eq(status(2, tokens[1500 + 10 * i]), 302);
	usherd_stop(2);
}
END_TEST

/* A queue that was set up by the version before says nothing of how far it has come, and nobody who left it was
 * written down: everybody so far is asked about, until letting in fixes who that is. */
START_TEST(test_a_queue_of_the_version_before)
{
	for (int daemon = 0; daemon < 2; daemon++)
		wait_until(estimated(daemon, tokens[PEOPLE]));
	done(ask("DELETE", "/v1/tokens", tokens[2015], NULL), 204);
	free(redis_text("DEL usher:{wide}:gone"));
	free(redis_text("HDEL usher:{wide}:queue reach"));
	usherd_start(2, "--workers=1", NULL);
	for (int daemon = 0; daemon < 3; daemon++) {
		wait_until(waiting_at(daemon) > 0 && !estimated(daemon, tokens[PEOPLE]));
		ck_assert_int_eq(status(daemon, tokens[2015]), 302);
	}
	usherd_stop(2);
	free(redis_text("HSET usher:{wide}:queue reach 0"));
}
END_TEST

/* The line moves: those far back move along, and whoever gets near is told exactly. */
START_TEST(test_letting_in)
{
	int64_t before = rank(2900);

	done(admin("PATCH", "/admin/v1/queues/wide", "{\"paused\":false}"), 200);
	wait_until(rank(2900) == before - 400);
	for (int daemon = 0; daemon < 2; daemon++) {
		struct reply r;

		wait_until(estimated(daemon, tokens[2900]) && off(daemon, 2900) <= 50);
		r = position(daemon, tokens[1200]);
		ck_assert(cJSON_IsTrue(reply_at(&r, "exact")));
		ck_assert_int_eq((int64_t)number_at(&r, "position") - 1, rank(1200));
		reply_free(&r);
		ck_assert_int_eq(status(daemon, tokens[300]), 200);
	}
	ck_assert(stands(tokens[300], "ACTIVE"));
}
END_TEST

/* Before the doors: no position, and nobody asked. */
START_TEST(test_before_the_doors)
{
	char *early = enter(1200, "later");
	int64_t asked;

	ck_assert_int_eq((int)redis_int("ZCARD usher:{later}:waiting"), PEOPLE);
	for (int daemon = 0; daemon < 2; daemon++)
		wait_until((asked = ranks_asked(), status(daemon, early) == 200 && ranks_asked() == asked));
	ck_assert(stands(early, "SCHEDULED"));
	done(ask("DELETE", "/v1/tokens", early, NULL), 204);
	wait_until(status(1, early) == 302);
	/* The draw is the same as before, so the same token lives again. */
	free(early);
	early = enter(1200, "later");
	ck_assert_int_eq(status(0, early), 200);
	ck_assert_int_eq(status(1, early), 200);
	free(early);
}
END_TEST

/* Draws come in anywhere, so what was known of the line before the doors says nothing of who came in front at the
 * last moment. */
START_TEST(test_the_doors_open)
{
	int64_t user =
		redis_int("EVAL %s 1 usher:{later}:waiting", "return redis.call('ZRANGE', KEYS[1], 2000, 2000)[1]");
	char *token = enter((int)user, "later");
	int64_t true_rank, told, opens_at = ((int64_t)time(NULL) + 3) * 1000;
	char text[CLOCK_TEXT];

	done(admin("PATCH", "/admin/v1/queues/later",
		   say("{\"paused\":true,\"opensAt\":\"%s\"}", clock_format(opens_at, text))),
	     200);
	/* So many that the daemons look at the line once more. */
	free(redis_text("ZREMRANGEBYRANK usher:{later}:waiting 0 29"));
	wait_until((int64_t)time(NULL) * 1000 >= opens_at - 1000);
	free(redis_text("EVAL %s 2 usher:{later}:waiting usher:{later}:queue",
			"for i = 1, 2000 do redis.call('ZADD', KEYS[1], i, 1000000 + i) end;"
			"return redis.call('HINCRBY', KEYS[2], 'entered', 2000)"));
	true_rank = redis_int("ZRANK usher:{later}:waiting %d", (int)user);
	wait_until(stands(token, "WAITING") && estimated(0, token));
	told = position_told(0, token) - 1;
	ck_assert_int_le(llabs(told - true_rank), true_rank / 100 > 50 ? true_rank / 100 : 50);
	free(token);
}
END_TEST

/* Redis is lost: an old place has to be asked about, since its owner may not have come back yet. */
START_TEST(test_after_a_loss)
{
	int64_t came = 0;

	done(admin("PATCH", "/admin/v1/queues/wide", "{\"paused\":true}"), 200);
	free(redis_text("FLUSHALL"));
	wait_until(redis_int("HGET usher:{wide}:queue epoch") == 2);
	for (int user = 1100; user <= PEOPLE; user++) {
		came += status(user % 2, tokens[user]) == 200;
		/* By now the line is long enough for estimates. */
		if (user == 2500)
			wait_until(waiting_at(0) >= 1200 && waiting_at(1) >= 1200);
	}
	ck_assert_int_ge((int)came, 1500);
	ck_assert_int_eq((int)redis_int("ZCARD usher:{wide}:waiting"), (int)came);
	for (int user = 1101; user <= PEOPLE; user += 50) {
		struct reply r = answered(position(user % 2, tokens[user]), 200);

		ck_assert(cJSON_IsTrue(reply_at(&r, "exact")));
		ck_assert_int_eq((int)number_at(&r, "position") - 1, (int)rank(user));
		reply_free(&r);
	}
}
END_TEST

static void begin(void)
{
	const char *catalog = stack_catalog(
		"{\"queues\":[{\"name\":\"wide\",\"capacity\":400,\"ratePerSecond\":400,\"sessionSeconds\":600,"
		"\"claimSeconds\":600},{\"name\":\"later\",\"capacity\":400,\"ratePerSecond\":400,"
		"\"sessionSeconds\":600,\"claimSeconds\":600,\"opensAt\":\"2090-01-01T00:00:00.000Z\"}],"
		"\"users\":[{\"from\":1,\"to\":3000}]}");

	redis_start();
	mysql_start();
	usherd_start(0, catalog, "--workers=1", NULL);
	usherd_start(1, "--workers=1", NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_a_line_begins,
				      test_estimates_are_close_and_ask_nobody,
				      test_near_the_front_is_exact,
				      test_who_left_is_not_told,
				      test_a_stopped_daemon_asks,
				      test_a_new_place_after_leaving,
				      test_a_new_daemon_knows_who_left,
				      test_a_queue_of_the_version_before,
				      test_letting_in,
				      test_before_the_doors,
				      test_the_doors_open,
				      test_after_a_loss,
				      NULL};
	int status = stack_main("far", 120, begin, tests);

	for (int user = 1; user <= PEOPLE; user++)
		free(tokens[user]);
	return status;
}
