/* A Redis that is there and does not do what it is asked: full, a replica by now, unable to save, busy,
 * still loading. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/kit.h"

#define LINES_MOST 12 /* that one trouble may cost in the log */

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":3,\"ratePerSecond\":1000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600},{\"name\":\"brief\",\"capacity\":9,\"ratePerSecond\":1000,\"sessionSeconds\":2,"
	"\"claimSeconds\":2}],\"users\":[{\"from\":1,\"to\":200,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter Live\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":5,\"seatsPerRow\":10,\"price\":1000}]}]}]}";

static int enter_status(int user)
{
	struct reply r = ask("POST", "/v1/tokens", NULL, "{\"userId\":%d,\"queue\":\"main\"}", user);
	int status = r.status;

	if (status == 503)
		ck_assert_ptr_nonnull(reply_header(&r, "Retry-After"));
	reply_free(&r);
	return status;
}

static bool log_is_short(int lines_before)
{
	return logged("\n") - lines_before <= LINES_MOST;
}

/* As after a failover: entering and holding are 503, and all is well `most_ms` after it is over. */
static void healed_within(int64_t most_ms, int64_t since, const char *token)
{
	wait_until(ready());
	wait_until(status_of("GET", "/v1/queue/position", token, NULL) == 200);
	wait_until(enter_status(199) < 300);
	ck_assert_int_lt(now_ms() - since, most_ms);
}

/* In the middle of a sale: nobody comes in, everybody gets out. */
START_TEST(test_full)
{
	char *buyer = inside(1), *canceller = inside(2), *idle = inside(3), *waiting = enter(4, "main");
	int64_t bought = hold(buyer, 11, 1), cancelled = hold(canceller, 11, 2), began;
	int lines = logged("\n");

	free(enter(50, "brief"));
	ck_assert(stands(waiting, "WAITING"));
	free(redis_text("CONFIG SET maxmemory 1"));
	ck_assert_int_eq(enter_status(5), 503);
	wait_until(not_writing("redis", "not writing (OOM)"));
	ck_assert(stands(waiting, "WAITING"));
	ck_assert(stands(idle, "ACTIVE"));
	done(ask("GET", "/v1/concerts/1/dates", idle, NULL), 200);
	done(ask("GET", "/v1/schedules/11/seats", idle, NULL), 200);
	refused(ask("POST", "/v1/reservations", idle, "{\"scheduleId\":11,\"seatId\":3}"), 503, "UNAVAILABLE", NULL);
	pay_for(buyer, bought);
	ck_assert(seat_is_paid(11, 1));
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", buyer, NULL), 302);
	done(ask("DELETE", say("/v1/reservations/%ld", (long)cancelled), canceller, NULL), 204);
	ck_assert_int_eq(redis_int("ZSCORE usher:{main}:seats:11 2"), -1);
	done(ask("DELETE", "/v1/tokens", canceller, NULL), 204);
	done(admin("PATCH", "/admin/v1/queues/main", "{\"capacity\":2}"), 200);
	wait_until(redis_int("HGET usher:{main}:queue capacity") == 2);
	/* Sessions that are over end; nobody takes their place. */
	wait_until(redis_int("ZCARD usher:{brief}:active") == 0);
	ck_assert_int_eq(redis_int("ZCARD usher:{main}:active"), 1);
	ck_assert(stands(waiting, "WAITING"));
	ck_assert(log_is_short(lines));
	ck_assert_int_eq(logged("Redis: OOM"), 1);

	free(redis_text("CONFIG SET maxmemory 0"));
	began = now_ms();
	wait_until(stands(waiting, "ACTIVE"));
	healed_within(1000, began, idle);
	ck_assert_int_eq(logged("Redis: takes writes again"), 1);
	wait_until(audit_holds());
	free(buyer);
	free(canceller);
	free(idle);
	free(waiting);
	done(admin("PATCH", "/admin/v1/queues/main", "{\"capacity\":100}"), 200);
}
END_TEST

static int64_t info(const char *name)
{
	char *text = redis_text("INFO"), *at = text ? strstr(text, name) : NULL;
	int64_t n = at ? strtoll(at + strlen(name) + 1, NULL, 10) : -1;

	free(text);
	return n;
}

/* Another one has become the master: what is written is 503, and the connection is made anew, not in a storm. */
START_TEST(test_replica)
{
	char *token = inside(10);
	int lines = logged("\n");
	int64_t began, connections;

	free(redis_text("REPLICAOF 127.0.0.1 1"));
	wait_until(enter_status(11) == 503);
	wait_until(unready("Redis"));
	connections = info("total_connections_received");
	for (began = now_ms(); now_ms() - began < 2000;)
		ck_assert_int_eq(enter_status(11), 503);
	/* Two connections of the daemon, and our own question. */
	ck_assert_int_le(info("total_connections_received") - connections, 2 * 8);
	ck_assert(log_is_short(lines));
	free(redis_text("REPLICAOF NO ONE"));
	began = now_ms();
	wait_until(enter_status(11) < 300);
	healed_within(5000, began, token);
	free(token);
}
END_TEST

static bool save_said(const char *status)
{
	char *text = redis_text("INFO persistence");
	bool yes = text && strstr(text, status) && strstr(text, "rdb_bgsave_in_progress:0");

	free(text);
	return yes;
}

/* Redis cannot write its data to disk and takes no more of it; a payment is settled once it can. */
START_TEST(test_cannot_save)
{
	char *token = inside(20), *dump = strdup(say("%s/dump.rdb", stack.dir));
	int64_t id = hold(token, 11, 20), began;
	int lines = logged("\n");

	unlink(dump);
	ck_assert_int_eq(mkdir(dump, 0700), 0);
	free(redis_text("BGSAVE"));
	wait_until(save_said("rdb_last_bgsave_status:err"));
	ck_assert_int_eq(enter_status(21), 503);
	wait_until(not_writing("redis", "not writing (MISCONF)"));
	done(ask("GET", "/v1/schedules/11/seats", token, NULL), 200);
	pay_for(token, id);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM settlements WHERE reservation_id = %ld", (long)id), 1);
	ck_assert(log_is_short(lines));
	ck_assert_int_eq(rmdir(dump), 0);
	free(redis_text("BGSAVE"));
	wait_until(save_said("rdb_last_bgsave_status:ok"));
	began = now_ms();
	wait_until(seat_is_paid(11, 20));
	wait_until(sql_int("SELECT COUNT(*) FROM settlements WHERE reservation_id = %ld", (long)id) == 0);
	wait_until(status_of("GET", "/v1/queue/position", token, NULL) == 302);
	free(token);
	token = inside(22);
	healed_within(5000, began, token);
	free(token);
	free(dump);
	wait_until(audit_holds());
}
END_TEST

static void *run_script(void *arg)
{
	free(redis_text("EVAL %s 0", "while true do end"));
	return arg;
}

/* Somebody's script runs and runs. */
START_TEST(test_busy)
{
	char *token = inside(30);
	int lines = logged("\n");
	int64_t began = now_ms();
	pthread_t script;

	free(redis_text("CONFIG SET busy-reply-threshold 100"));
	ck_assert_int_eq(pthread_create(&script, NULL, run_script, NULL), 0);
	wait_until(enter_status(31) == 503);
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 503);
	ck_assert_int_eq(balance_of(30), 100000);
	wait_until(unready("Redis"));
	ck_assert_int_lt(now_ms() - began, 5000);
	ck_assert(log_is_short(lines));
	free(redis_text("SCRIPT KILL"));
	began = now_ms();
	pthread_join(script, NULL);
	healed_within(5000, began, token);
	free(token);
}
END_TEST

/* Restarted with its data, which it takes a while to read: places and seats are as they were. */
START_TEST(test_loading)
{
	const char *const slow[] = {
		"--save", "3600", "1000000", "--key-load-delay", "2000", "--loading-process-events-interval-bytes",
		"1024",   NULL};
	char *token = inside(40);
	int64_t epoch = sql_int("SELECT epoch FROM queues WHERE name = 'main'"), began;
	int lines = logged("\n");

	hold(token, 11, 40);
	free(redis_text("DEBUG POPULATE 1000 filler 20"));
	free(redis_text("SAVE"));
	process_kill(&stack.redis, SIGKILL);
	redis_start_with(slow);
	ck_assert_int_eq(info("loading"), 1);
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 503);
	ck_assert_int_eq(enter_status(41), 503);
	wait_until(info("loading") == 0);
	began = now_ms();
	wait_until(enter_status(41) < 300);
	healed_within(5000, began, token);
	ck_assert(log_is_short(lines));
	ck_assert_int_eq(sql_int("SELECT epoch FROM queues WHERE name = 'main'"), epoch);
	ck_assert_int_gt(redis_int("ZSCORE usher:{main}:seats:11 40"), 0);
	ck_assert(stands(token, "ACTIVE"));
	free(token);
	wait_until(audit_holds());
}
END_TEST

static void begin(void)
{
	/* It saves when told to, and minds when it cannot. */
	const char *const saving[] = {"--save", "3600", "1000000", "--enable-debug-command", "local", NULL};

	redis_start_with(saving);
	mysql_start();
	usherd_start(0, stack_catalog(catalog), "--workers=1", NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_full, test_replica, test_cannot_save, test_busy, test_loading, NULL};

	return stack_main("redis-trouble", 60, begin, tests);
}
