/* What is broken on purpose, and what must hold all the same. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/kit.h"

#define DEMO "--catalog=" SRCDIR "/schema/demo.json"

/* The status of an answer that must be a 503 with Retry-After, or whatever else it was. */
static int refusal_of(const char *method, const char *path, const char *token, const char *json)
{
	struct reply r = call(P, method, path, token, json);
	int status = r.status;

	if (status == 503)
		ck_assert_ptr_nonnull(reply_header(&r, "Retry-After"));
	reply_free(&r);
	return status;
}

/* A test before this one may have failed with MariaDB down. */
static void mysql_needed(void)
{
	if (stack.mysql == 0)
		mysql_start();
}

/* Redis is killed and comes back with nothing: MySQL has everything that matters. */
START_TEST(test_redis_comes_back_empty)
{
	char *token = inside(1);
	int64_t epoch = sql_int("SELECT epoch FROM queues WHERE name = 'main'");

	pay_for(token, hold(token, 11, 1));
	free(token);
	token = inside(2);
	hold(token, 11, 2);
	process_kill(&stack.redis, SIGKILL);
	wait_until(status_of("GET", "/readyz", NULL, NULL) == 503);
	ck_assert_int_eq(refusal_of("GET", "/v1/queue/position", token, NULL), 503);
	ck_assert_int_eq(status_of("GET", "/v1/users/1/balance", NULL, NULL), 200);
	redis_start();
	wait_until(status_of("GET", "/readyz", NULL, NULL) == 200);
	wait_until(redis_int("ZSCORE usher:{main}:seats:11 2") > 0);
	ck_assert(sql_int("SELECT epoch FROM queues WHERE name = 'main'") > epoch);
	ck_assert(seat_is_paid(11, 1));
	free(token);
	wait_until(audit_holds());
}
END_TEST

/* An audit that comes back speaks of a whole Redis: the seats that are being made anew are no fault. */
static bool audited(void)
{
	struct reply r = admin("GET", "/admin/v1/audit", NULL);
	bool whole = r.status == 200;

	ck_assert_int_eq(r.status, whole ? 200 : 503);
	ck_assert_msg(!whole || cJSON_IsTrue(cJSON_GetObjectItem(r.json, "holds")), "%s", r.body);
	reply_free(&r);
	return whole;
}

/* The same without a broken connection: somebody empties it. */
START_TEST(test_flushall)
{
	int64_t epoch = sql_int("SELECT epoch FROM queues WHERE name = 'main'");

	for (int i = 0; i < 5; i++) {
		free(redis_text("FLUSHALL"));
		wait_until(audited());
	}
	free(redis_text("FUNCTION FLUSH"));
	wait_until(sql_int("SELECT epoch FROM queues WHERE name = 'main'") > epoch);
	wait_until(redis_int("HGET usher:{main}:queue capacity") == 100);
	char *token = NULL;
	wait_until((token = token_of(P, 3, "main")) != NULL);
	free(token);
}
END_TEST

/* A Redis that is there and says nothing: the answer is 503 within the deadline. */
START_TEST(test_redis_stopped)
{
	char *token = token_of(P, 4, "main");
	int64_t began = now_ms();

	process_kill(&stack.redis, SIGSTOP);
	ck_assert_int_eq(refusal_of("GET", "/v1/queue/position", token, NULL), 503);
	ck_assert_int_lt(now_ms() - began, 4000);
	ck_assert_int_eq(status_of("GET", "/v1/users/1/balance", NULL, NULL), 200);
	process_kill(&stack.redis, SIGCONT);
	wait_until(status_of("GET", "/v1/queue/position", token, NULL) == 200);
	free(token);
}
END_TEST

/* MySQL is killed: the line goes on, booking is 503, nobody is let in, and all comes back. */
START_TEST(test_mysql_killed)
{
	char *token = inside(5), *waiting;
	struct reply r;

	process_kill(&stack.mysql, SIGKILL);
	ck_assert_int_eq(refusal_of("GET", "/v1/users/1/balance", NULL, NULL), 503);
	ck_assert_int_eq(refusal_of("POST", "/v1/reservations", token, "{\"scheduleId\":12,\"seatId\":9}"), 503);
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 200);
	wait_until(status_of("GET", "/readyz", NULL, NULL) == 503);
	ck_assert_int_eq(status_of("DELETE", "/v1/tokens", token, NULL), 204);
	free(token);
	/* The worker that has checked user 5 before knows the user still. */
	wait_until((waiting = token_of(P, 5, "main")) != NULL);
	r = call(P, "GET", "/v1/queue/position", waiting, NULL);
	ck_assert_str_eq(reply_string(&r, "status"), "WAITING");
	reply_free(&r);
	mysql_start();
	wait_until(status_of("GET", "/v1/users/1/balance", NULL, NULL) == 200);
	wait_until(redis_int("ZSCORE usher:{main}:active 5") > 0);
	/* The hold of the reservation that failed was given back. */
	ck_assert_int_eq(redis_int("ZSCORE usher:{main}:seats:12 9"), -1);
	free(waiting);
	wait_until(audit_holds());
}
END_TEST

/* Redis has forgotten a hold: MySQL's unique key says no, and Redis is corrected. */
START_TEST(test_unique_key_has_the_last_word)
{
	char *first = inside(10), *second = inside(11);
	struct reply r;

	hold(first, 12, 20);
	ck_assert_int_eq(redis_int("ZREM usher:{main}:seats:12 20"), 1);
	r = call(P, "POST", "/v1/reservations", second, "{\"scheduleId\":12,\"seatIds\":[20,21]}");
	ck_assert_int_eq(r.status, 409);
	ck_assert_str_eq(reply_string(&r, "code"), "SEAT_TAKEN");
	reply_free(&r);
	wait_until(redis_int("ZSCORE usher:{main}:seats:12 20") > 0);
	ck_assert_int_eq(redis_int("ZSCORE usher:{main}:seats:12 21"), -1);
	ck_assert_int_eq(redis_int("EXISTS usher:{main}:holds:11"), 0);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM reservation_seats WHERE schedule_id = 12 AND seat_id = 20"
				 " AND live = 1"),
			 1);
	free(first);
	free(second);
}
END_TEST

/* A daemon died after COMMIT and before Redis knew: any daemon's keeper settles it. */
START_TEST(test_payment_is_settled_by_the_keeper)
{
	char *token = inside(12);
	int64_t id = hold(token, 12, 30);

	sql_run("UPDATE reservations SET status = 'PAID' WHERE id = %ld;"
		"UPDATE balances SET amount = amount - 50000 WHERE user_id = 12;"
		"INSERT INTO payments (reservation_id, user_id, amount, balance_after, paid_at)"
		" VALUES (%ld, 12, 50000, 50000, UTC_TIMESTAMP(3));"
		"INSERT INTO ledger (user_id, kind, amount, balance_after, reservation_id, created_at)"
		" VALUES (12, 'PAYMENT', -50000, 50000, %ld, UTC_TIMESTAMP(3));"
		"INSERT INTO settlements VALUES (%ld, UTC_TIMESTAMP(3))",
		(long)id, (long)id, (long)id, (long)id);
	wait_until(sql_int("SELECT COUNT(*) FROM settlements") == 0);
	ck_assert(seat_is_paid(12, 30));
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 302);
	free(token);
	wait_until(audit_holds());
}
END_TEST

/* A hold whose time is up ends in MySQL by itself, and the seat can be had again. */
START_TEST(test_lapsed_hold_ends)
{
	char *token = inside(13), *other = inside(14);
	int64_t id = hold(token, 12, 40);

	sql_run("UPDATE reservations SET expires_at = UTC_TIMESTAMP(3) WHERE id = %ld", (long)id);
	wait_until(sql_int("SELECT status = 'EXPIRED' FROM reservations WHERE id = %ld", (long)id) == 1);
	ck_assert_int_eq(redis_int("ZREM usher:{main}:seats:12 40"), 1);
	hold(other, 12, 40);
	free(token);
	free(other);
}
END_TEST

static void *charge_slowly(void *status)
{
	*(int *)status = status_of("POST", "/v1/users/15/balance/charges", NULL, "{\"amount\":1}");
	return NULL;
}

/* SIGTERM answers what is under way and ends with 0. */
START_TEST(test_graceful_stop)
{
	pthread_t thread;
	int status = 0;

	sql_run("CREATE TRIGGER slow_charge BEFORE UPDATE ON balances FOR EACH ROW SET @slept = SLEEP(1)");
	pthread_create(&thread, NULL, charge_slowly, &status);
	wait_until(sql_int("SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User sleep'") > 0);
	ck_assert_int_eq(usherd_stop(0), 0);
	pthread_join(thread, NULL);
	sql_run("DROP TRIGGER slow_charge");
	ck_assert_int_eq(status, 200);
}
END_TEST

static void *charge_any(void *status)
{
	*(int *)status = refusal_of("POST", "/v1/users/16/balance/charges", NULL, "{\"amount\":1}");
	return NULL;
}

/* A full queue of jobs is a 503 at once, not a pile. */
START_TEST(test_full_queue)
{
	pthread_t threads[12];
	int status[12], refused = 0, good = 0;
	int64_t before = sql_int("SELECT amount FROM balances WHERE user_id = 16");

	mysql_needed();
	usherd_start(1, "--db-threads=2", "--db-queue=2", NULL);
	stack.port[0] = stack.port[1];
	sql_run("CREATE TRIGGER slow_charge BEFORE UPDATE ON balances FOR EACH ROW SET @slept = SLEEP(0.3)");
	for (int i = 0; i < 12; i++)
		pthread_create(&threads[i], NULL, charge_any, &status[i]);
	for (int i = 0; i < 12; i++)
		pthread_join(threads[i], NULL);
	sql_run("DROP TRIGGER slow_charge");
	for (int i = 0; i < 12; i++) {
		refused += status[i] == 503;
		good += status[i] == 200;
	}
	ck_assert_int_gt(refused, 0);
	ck_assert_int_gt(good, 0);
	ck_assert_int_eq(refused + good, 12);
	ck_assert_int_eq(sql_int("SELECT amount FROM balances WHERE user_id = 16") - before, good);
	usherd_stop(1);
}
END_TEST

/* A library newer than the daemon stops the daemon; an older one is replaced. */
START_TEST(test_library_versions)
{
	static const char old_or_new[] = "#!lua name=usher\n"
					 "redis.register_function{function_name='usher_version', flags={'no-writes'},"
					 " callback=function() return {%d, 'x'} end}";
	char text[256], *log, *loaded;

	mysql_needed();
	snprintf(text, sizeof(text), old_or_new, 999);
	loaded = redis_text("FUNCTION LOAD REPLACE %s", text);
	ck_assert_str_eq(loaded, "usher");
	free(loaded);
	usherd_spawn(2, NULL);
	ck_assert(!usherd_wait_ready(2, 10));
	log = usherd_log(2);
	ck_assert_msg(strstr(log, "too old") != NULL, "%s", log);
	free(log);
	stack.usherd[2] = 0;
	snprintf(text, sizeof(text), old_or_new, 0);
	free(redis_text("FUNCTION LOAD REPLACE %s", text));
	usherd_start(2, NULL);
	ck_assert_int_eq(usherd_stop(2), 0);
}
END_TEST

/* Both servers absent at the start: a clear line each, 503, and all well once they are there. */
START_TEST(test_absent_at_start)
{
	const char *const flags[] = {"--listen=127.0.0.1:0", DEMO, "--log-level=debug", NULL};
	char *log;

	usherd_spawn(3, flags);
	ck_assert(!usherd_wait_ready(3, 1));
	log = usherd_log(3);
	ck_assert_msg(strstr(log, "Redis: cannot connect") != NULL, "%s", log);
	ck_assert_msg(strstr(log, "MySQL: cannot connect") != NULL, "%s", log);
	free(log);
	redis_start();
	mysql_start();
	ck_assert(usherd_wait_ready(3, 20));
	ck_assert_int_eq(status_port(stack.port[3], "GET", "/readyz", NULL, NULL), 200);
	ck_assert_int_eq(usherd_stop(3), 0);
}
END_TEST

/* Two daemons on an empty database apply the schema once between them. */
START_TEST(test_two_start_at_once)
{
	const char *const flags[] = {DEMO, "--return-seconds=1", NULL};

	sql_run("DROP DATABASE usher; CREATE DATABASE usher");
	free(redis_text("FLUSHALL"));
	usherd_spawn(0, flags);
	usherd_spawn(1, flags);
	ck_assert(usherd_wait_ready(0, 30));
	ck_assert(usherd_wait_ready(1, 30));
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM users"), 1000);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM seats"), 600);
	ck_assert_int_eq(sql_int("SELECT epoch FROM queues"), 1);
	ck_assert_int_eq(usherd_stop(1), 0);
}
END_TEST

/* The first test starts the servers. */
static void begin(void)
{
}

int main(void)
{
	const TTest *const tests[] = {test_absent_at_start,
				      test_two_start_at_once,
				      test_redis_comes_back_empty,
				      test_flushall,
				      test_redis_stopped,
				      test_mysql_killed,
				      test_unique_key_has_the_last_word,
				      test_payment_is_settled_by_the_keeper,
				      test_lapsed_hold_ends,
				      test_graceful_stop,
				      test_full_queue,
				      test_library_versions,
				      NULL};

	return stack_main("fault", 60, begin, tests);
}
