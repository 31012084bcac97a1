/* A daemon dies in the middle of what nobody asked it for: letting in, settling, dropping, setting up anew. */
#include <signal.h>

#include "fault/crash.h"
#include "support/locked.h"

static void survivor_starts(void)
{
	usherd_start(0, NULL);
}

/* Number 0 goes, and number 1 dies at `point` as soon as its keeper comes there. */
static void keeper_dies_at(const char *point, int seconds)
{
	usherd_spawn_armed(DYING, point, NULL);
	dead(point, seconds);
}

static void pay_and_die(char *token, int64_t id)
{
	armed("payment_after_commit");
	ck_assert_int_eq(usherd_stop(0), 0);
	dies_of("payment_after_commit", "POST", "/v1/payments", token, "p", say("{\"reservationId\":%ld}", (long)id));
}

/* Redis was told, the list says it was not: telling it again changes nothing. */
START_TEST(test_settle_before_strike)
{
	char *token = inside(1);

	pay_and_die(token, hold(token, 11, 1));
	keeper_dies_at("settle_before_strike", 10);
	ck_assert(seat_is_paid(11, 1));
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM settlements"), 1);
	ck_assert_int_eq(redis_int("HGET usher:{main}:queue paid"), 1);
	survivor_starts();
	heals("settle_before_strike", 5, sql_int("SELECT COUNT(*) FROM settlements") == 0);
	ck_assert_int_eq(redis_int("HGET usher:{main}:queue paid"), 1);
	ck_assert_int_eq(sql_int("SELECT amount FROM balances WHERE user_id = 1"), 99000);
	wait_until(audit_holds());
	free(token);
}
END_TEST

static void abandon(char *token, int seat)
{
	armed("after_hold");
	ck_assert_int_eq(usherd_stop(0), 0);
	dies_of("after_hold", "POST", "/v1/reservations", token, NULL, say("{\"scheduleId\":11,\"seatId\":%d}", seat));
}

START_TEST(test_drop_before_redis)
{
	char *token = inside(2);

	abandon(token, 2);
	keeper_dies_at("drop_before_redis", 15);
	ck_assert_int_gt(held(11, 2), 0);
	survivor_starts();
	heals("drop_before_redis", 5, held(11, 2) == -1);
	ck_assert_int_eq(unrecorded(), 0);
	hold(token, 11, 2);
	free(token);
}
END_TEST

/* It is written down by whoever sees it next. */
START_TEST(test_admission_before_record)
{
	char *token;

	ck_assert_int_eq(usherd_stop(0), 0);
	redis_int("DEL usher:{main}:admitted"); /* nothing else to be written down */
	armed("admission_before_record");
	token = token_of(stack.port[DYING], 3, "main");
	dead("admission_before_record", 5);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM admissions WHERE user_id = 3"), 0);
	survivor_starts();
	heals("admission_before_record", 5, sql_int("SELECT COUNT(*) FROM admissions WHERE user_id = 3") == 1);
	ck_assert(token && stands(token, "ACTIVE"));
	free(token);
}
END_TEST

/* Redis has lost everything, and who sets it up anew dies at `point`. */
static void rebuilder_dies_at(const char *point, int user, int number)
{
	char *token = inside(user), *holder = inside(user + 1);
	int64_t epoch;

	pay_for(token, hold(token, 11, number));
	hold(holder, 11, number + 1);
	wait_until(sql_int("SELECT COUNT(*) FROM settlements") == 0);
	ck_assert_int_eq(usherd_stop(0), 0);
	epoch = sql_int("SELECT epoch FROM queues WHERE name = 'main'");
	free(redis_text("FLUSHALL"));
	keeper_dies_at(point, 10);
	ck_assert_int_eq(redis_int("HGET usher:{main}:queue capacity"), -1);
	usherd_spawn(0, NULL);
	heals(point, 10, redis_int("HGET usher:{main}:queue capacity") == 100);
	ck_assert(usherd_wait_ready(0, 20));
	ck_assert_int_gt(sql_int("SELECT epoch FROM queues WHERE name = 'main'"), epoch);
	ck_assert(seat_is_paid(11, number));
	ck_assert_int_gt(held(11, number + 1), 0);
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 302);
	ck_assert(stands(holder, "ACTIVE"));
	pay_for(holder, sql_int("SELECT id FROM reservations WHERE user_id = %d", user + 1));
	wait_until(audit_holds());
	free(token);
	free(holder);
}

START_TEST(test_rebuild_locked)
{
	rebuilder_dies_at("rebuild_locked", 10, 10);
}
END_TEST

START_TEST(test_rebuild_epoch)
{
	rebuilder_dies_at("rebuild_epoch", 20, 20);
}
END_TEST

START_TEST(test_rebuild_seats)
{
	rebuilder_dies_at("rebuild_seats", 30, 30);
}
END_TEST

static int64_t lock_left(void)
{
	return redis_int("PTTL usher:{main}:rebuild");
}

/* A long rebuild, here one that has to wait, keeps its lock: others would begin anew and throw away what is
 * there, in turn and for ever. */
START_TEST(test_long_rebuild_keeps_its_lock)
{
	char *token = inside(40);
	void *locked;

	free(token);
	wait_until(sql_int("SELECT COUNT(*) FROM admissions WHERE user_id = 40") == 1);
	armed("rebuild_seats");
	ck_assert_int_eq(usherd_stop(0), 0);
	locked = locked_begin("LOCK TABLES admissions WRITE");
	free(redis_text("FLUSHALL"));
	wait_until(lock_left() > 0 && lock_left() < 2500);
	locked_end(locked);
	dead("rebuild_seats", 5);
	ck_assert_int_gt(lock_left(), 3500);
	usherd_spawn(0, NULL);
	ck_assert(usherd_wait_ready(0, 20));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_settle_before_strike,
				      test_drop_before_redis,
				      test_admission_before_record,
				      test_rebuild_locked,
				      test_rebuild_epoch,
				      test_rebuild_seats,
				      test_long_rebuild_keeps_its_lock,
				      NULL};

	return stack_main("crash-keeper", 60, crash_begin, tests);
}
