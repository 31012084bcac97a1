/* What keepers put right between MySQL and Redis: alone, two at once, and nothing when there is nothing. */
#include <pthread.h>
#include <signal.h>

#include "fault/crash.h"
#include "support/honest.h"
#include "support/locked.h"

static void patch(const char *json)
{
	done(admin("PATCH", "/admin/v1/queues/main", json), 200);
}

static int64_t place_inside(int user)
{
	return redis_int("ZSCORE usher:{main}:places %d", user);
}

static int64_t position(const char *token)
{
	struct reply r = ask("GET", "/v1/queue/position", token, NULL);
	int64_t n = r.status == 200 ? (int64_t)reply_number(&r, "position") : -r.status;

	reply_free(&r);
	return n;
}

static void redis_saved(void)
{
	char *ok = redis_text("SAVE");

	ck_assert_str_eq(ok, "OK");
	free(ok);
}

static bool told(void)
{
	return sql_int("SELECT COUNT(*) FROM settlements") == 0 && unrecorded() == 0;
}

/* Redis comes back as it was a while ago: places handed out since would be given away again, and who paid
 * would be inside. So it counts as lost: old places, holders inside, who was through stays out. */
START_TEST(test_redis_with_older_data)
{
	char *paid, *holds, *left, *next[2], *line[2], *newcomer;
	int64_t epoch;

	patch("{\"capacity\":3}");
	paid = inside(1), holds = inside(2), left = inside(3);
	next[0] = enter(4, "main"), next[1] = enter(5, "main");
	redis_saved();
	pay_for(paid, hold(paid, 11, 1));
	hold(holds, 11, 2);
	done(ask("DELETE", "/v1/tokens", left, NULL), 204);
	wait_until(place_inside(4) > 0 && place_inside(5) > 0 && told());
	line[0] = enter(6, "main"), line[1] = enter(7, "main");
	wait_until(sql_int("SELECT COUNT(*) FROM admissions") == 5);
	patch("{\"capacity\":3}"); /* answered by a daemon that has looked at Redis since */
	epoch = sql_int("SELECT epoch FROM queues WHERE name = 'main'");
	process_kill(&stack.redis, SIGKILL);
	redis_start();
	heals("Redis with older data", 5,
	      sql_int("SELECT epoch FROM queues WHERE name = 'main'") == epoch + 1 &&
		      redis_int("HGET usher:{main}:queue epoch") == epoch + 1);
	wait_until(status_of("GET", "/readyz", NULL, NULL) == 200);
	newcomer = enter(8, "main");
	ck_assert_int_eq(position(line[1]), 1);
	ck_assert_int_eq(position(line[0]), 1);
	ck_assert_int_eq(position(line[1]), 2);
	ck_assert_int_eq(position(newcomer), 3);
	ck_assert(seat_is_paid(11, 1));
	ck_assert(held(11, 2) > 0 && stands(holds, "ACTIVE"));
	ck_assert_int_eq(position(paid), -302);
	ck_assert_int_eq(position(left), -302);
	ck_assert_int_eq(position(next[0]), -302);
	wait_until(stands(line[1], "ACTIVE"));
	ck_assert_int_eq(sql_int("SELECT epoch FROM queues WHERE name = 'main'"), epoch + 1);
	wait_until(audit_holds());
	patch("{\"capacity\":100}");
	free(paid), free(holds), free(left), free(next[0]), free(next[1]), free(line[0]), free(line[1]), free(newcomer);
}
END_TEST

/* No daemon has seen the later state: what is sold and held is right all the same. */
START_TEST(test_all_started_again_on_older_data)
{
	char *token = inside(10), *other = inside(11);

	redis_saved();
	pay_for(token, hold(token, 11, 10));
	hold(other, 11, 11);
	wait_until(told());
	ck_assert_int_eq(usherd_stop(0), 0);
	process_kill(&stack.redis, SIGKILL);
	redis_start();
	ck_assert_int_eq(held(11, 10), -1);
	ck_assert_int_eq(held(11, 11), -1);
	usherd_spawn(0, NULL);
	heals("all started on older data", 5, seat_is_paid(11, 10) && held(11, 11) > 0);
	ck_assert(usherd_wait_ready(0, 20));
	ck_assert_int_gt(redis_int("ZSCORE usher:{main}:holds:11 1:11:11"), 0);
	ck_assert_int_ge(figure(P, "usher_seats_corrected_total"), 1);
	wait_until(audit_holds());
	free(token);
	free(other);
}
END_TEST

static int free_again(const char *token, const int64_t *ids, int first)
{
	int n = 0;

	for (int i = 0; i < 4; i++) {
		done(ask("DELETE", say("/v1/reservations/%ld", (long)ids[i]), token, NULL), 204);
		n += held(11, first + i) == -1;
	}
	return n;
}

/* What Redis is told of a hold leaves it its owner's, to be given up at any time: after a loss, and after a
 * rival has shown that Redis had forgotten it. */
START_TEST(test_told_holds_can_be_released)
{
	char *token = inside(12), *rival = inside(13);
	int64_t ids[4], epoch = sql_int("SELECT epoch FROM queues WHERE name = 'main'");

	for (int i = 0; i < 4; i++)
		ids[i] = hold(token, 11, 12 + i);
	wait_until(told());
	free(redis_text("FLUSHALL"));
	wait_until(redis_int("HGET usher:{main}:queue epoch") == epoch + 1);
	wait_until(stands(token, "ACTIVE"));
	ck_assert_int_eq(free_again(token, ids, 12), 4);
	free(rival), rival = inside(14);
	for (int i = 0; i < 4; i++) {
		ids[i] = hold(token, 11, 12 + i);
		wait_until(unrecorded() == 0);
		redis_int("ZREM usher:{main}:seats:11 %d", 12 + i);
		refused(ask("POST", "/v1/reservations", rival, "{\"scheduleId\":11,\"seatId\":%d}", 12 + i), 409,
			"SEAT_TAKEN", NULL);
		wait_until(held(11, 12 + i) > 0);
	}
	ck_assert_int_eq(free_again(token, ids, 12), 4);
	free(token);
	free(rival);
}
END_TEST

/* A hold as a daemon takes it that then dies. */
static void abandoned(int user, int seat)
{
	char *place = redis_text("ZSCORE usher:{main}:places %d", user);

	redis_int(
		"FCALL usher_hold 5 usher:{main}:active usher:{main}:places usher:{main}:seats:11 usher:{main}:holds:%d"
		" usher:{main}:unrecorded %d %s 1 11 4 303000 %d",
		user, user, place, seat);
	ck_assert_int_gt(held(11, seat), 0);
	free(place);
}

static int64_t both(const char *name)
{
	return figure(stack.port[0], name) + figure(stack.port[1], name);
}

/* Two keepers at once: every abandoned hold is freed by one of them, no other is touched. */
START_TEST(test_two_keepers)
{
	char *token = inside(20);
	int64_t dropped, kept;

	usherd_start(1, NULL);
	dropped = both("usher_holds_dropped_total");
	hold(token, 11, 20);
	kept = redis_int("ZCARD usher:{main}:seats:11");
	for (int user = 21; user < 41; user++) {
		free(inside(user));
		abandoned(user, user);
	}
	heals("twenty abandoned holds", 10, redis_int("ZCARD usher:{main}:seats:11") == kept && unrecorded() == 0);
	/* They are counted once Redis has said so, a moment after they are free. */
	wait_until(both("usher_holds_dropped_total") - dropped >= 20);
	ck_assert_int_eq(both("usher_holds_dropped_total") - dropped, 20);
	ck_assert_int_gt(held(11, 20), 0);
	ck_assert_int_eq(redis_int("EXISTS usher:{main}:holds:21 usher:{main}:holds:40"), 0);
	ck_assert_int_eq(usherd_stop(1), 0);
	free(token);
}
END_TEST

/* Redis is told of a hold that MySQL ends in the same moment: it is looked at again. */
START_TEST(test_told_too_late)
{
	redis_int(
		"FCALL usher_readmit 7 usher:{main}:active usher:{main}:places usher:{main}:seats:11 usher:{main}:holds:20"
		" usher:{main}:queue usher:{main}:waiting usher:{main}:unrecorded 20 1 1 11 49 300000");
	ck_assert_int_gt(held(11, 49), 0);
	heals("told too late", 10, held(11, 49) == -1 && unrecorded() == 0);
}
END_TEST

/* More than one batch is dealt with at once. */
START_TEST(test_many_at_once)
{
	for (int i = 0; i < 500; i++)
		redis_int("FCALL usher_doubt 1 usher:{main}:unrecorded %d 1 11 1 1", 1000 + i);
	heals("500 entries", 3, unrecorded() == 0);
}
END_TEST

struct asking {
	int port;
	char *token;
	const char *seats;
	int status;
};

static void *reserve(void *arg)
{
	struct asking *a = arg;

	a->status = status_port(a->port, "POST", "/v1/reservations", a->token,
				say("{\"scheduleId\":11,\"seatIds\":[%s]}", a->seats));
	return NULL;
}

static void slow(const char *table, const char *seconds)
{
	sql_run("CREATE TRIGGER slow BEFORE INSERT ON %s FOR EACH ROW SET @slept = SLEEP(%s)", table, seconds);
}

/* The daemon was so slow that its hold was taken for abandoned. It notices, and takes it again. */
START_TEST(test_dropped_too_early)
{
	struct asking a = {P, inside(45), "45,46", 0};
	int64_t restored = figure(P, "usher_holds_restored_total");
	pthread_t thread;

	slow("reservations", "1");
	pthread_create(&thread, NULL, reserve, &a);
	wait_until(unrecorded() == 2);
	redis_int(
		"FCALL usher_reconcile 3 usher:{main}:unrecorded usher:{main}:seats:11 usher:{main}:holds:45 45 1 11 %ld"
		" 0 45 46",
		(long)redis_int("ZSCORE usher:{main}:unrecorded 45:1:11:45"));
	ck_assert_int_eq(held(11, 45), -1);
	pthread_join(thread, NULL);
	sql_run("DROP TRIGGER slow");
	ck_assert_int_eq(a.status, 201);
	heals("dropped too early", 3, held(11, 45) > 0 && held(11, 46) > 0);
	ck_assert_int_eq(redis_int("ZCARD usher:{main}:holds:45"), 2);
	ck_assert_int_eq(figure(P, "usher_holds_restored_total") - restored, 2);
	free(a.token);
}
END_TEST

/* A daemon is stopped in the middle of its transaction: nobody waits for it longer than a few seconds, neither
 * for its hold nor for its locks, and when it goes on it finds the seat sold. */
START_TEST(test_stopped_in_a_transaction)
{
	struct asking a = {0, inside(50), "47,48", 0};
	char *rival = inside(51);
	pthread_t thread;

	usherd_start(1, NULL);
	a.port = stack.port[1];
	slow("reservation_seats", "1");
	pthread_create(&thread, NULL, reserve, &a);
	wait_until(sql_int("SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User sleep'") > 0);
	process_kill(&stack.usherd[1], SIGSTOP);
	/* 409 as long as Redis has the hold, 503 while the row is locked. */
	heals("stopped in a transaction", 15,
	      status_of("POST", "/v1/reservations", rival, "{\"scheduleId\":11,\"seatId\":47}") == 201);
	sql_run("DROP TRIGGER slow");
	process_kill(&stack.usherd[1], SIGCONT);
	pthread_join(thread, NULL);
	ck_assert_int_ne(a.status, 201);
	wait_until(unrecorded() == 0);
	ck_assert_int_eq(live(11, 47), 1);
	ck_assert_int_eq(live(11, 48), 0);
	wait_until(held(11, 48) == -1);
	wait_until(audit_holds());
	ck_assert_int_eq(usherd_stop(1), 0);
	free(a.token);
	free(rival);
}
END_TEST

/* A reservation that somebody is at work on does not keep those behind it from ending. */
START_TEST(test_lapse_goes_round_a_locked_row)
{
	char *first = inside(60), *second = inside(61);
	int64_t a = hold(first, 21, 1), b = hold(second, 21, 2);
	void *locked = locked_begin("SELECT id FROM reservations WHERE id = %ld FOR UPDATE", (long)a);

	heals("lapse round a locked row (a hold of 2 s)", 5,
	      sql_int("SELECT status = 'EXPIRED' FROM reservations WHERE id = %ld", (long)b) == 1);
	ck_assert_int_eq(sql_int("SELECT status = 'HELD' FROM reservations WHERE id = %ld", (long)a), 1);
	locked_end(locked);
	wait_until(sql_int("SELECT status = 'EXPIRED' FROM reservations WHERE id = %ld", (long)a) == 1);
	free(first);
	free(second);
}
END_TEST

/* A job that was never begun leaves no hold behind. */
START_TEST(test_full_queue_keeps_no_hold)
{
	struct asking at[10];
	int refused = 0;

	usherd_start(1, "--db-threads=2", "--db-queue=1", NULL);
	for (int i = 0; i < 10; i++)
		at[i] = (struct asking){stack.port[1], inside(70 + i), say("%d", 31 + i), 0};
	slow("reservations", "0.5");
	at_once(10, reserve, at, sizeof(at[0]));
	sql_run("DROP TRIGGER slow");
	for (int i = 0; i < 10; i++) {
		refused += at[i].status == 503;
		if (at[i].status == 503 && live(11, 31 + i) == 0)
			heals("refused", 3, held(11, 31 + i) == -1);
		free(at[i].token);
	}
	ck_assert_int_gt(refused, 4);
	ck_assert_int_eq(usherd_stop(1), 0);
}
END_TEST

/* What a daemon tells Redis of itself no keeper tells again: it leaves the list in time, many at once. */
START_TEST(test_told_once)
{
	int64_t before = figure(P, "usher_settled_total");

	wait_until(told());
	for (int seat = 4; seat <= 9; seat++) {
		char *token = inside(60 + seat);

		pay_for(token, hold(token, 21, seat));
		free(token);
	}
	wait_until(told());
	ck_assert_int_le(figure(P, "usher_settled_total") - before, 3);
}
END_TEST

#define LONG 3000

/* Daemons have died and left a long list: it is worked off at once, not a batch at a time with rests. */
START_TEST(test_long_list)
{
	sql_run("INSERT INTO reservations (user_id, concert_id, schedule_id, queue, place, amount, status, expires_at,"
		" created_at) SELECT 99, 1, 11, 'main', 1, 0, 'PAID', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)"
		" FROM seats a JOIN seats b LIMIT %d",
		LONG);
	sql_run("INSERT INTO reservation_seats SELECT id, 11, 1, 0, NULL FROM reservations WHERE user_id = 99");
	sql_run("INSERT INTO settlements SELECT id, UTC_TIMESTAMP(3) FROM reservations WHERE user_id = 99");
	ck_assert_int_gt(sql_int("SELECT COUNT(*) FROM settlements"), LONG / 2);
	heals("a long list", 10, told());
	sql_run("DELETE s FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id WHERE user_id = 99");
	sql_run("DELETE FROM reservations WHERE user_id = 99");
}
END_TEST

struct effort {
	int64_t redis, mysql, put_right;
};

static struct effort effort(void)
{
	return (struct effort){figure(P, "usher_redis_commands_total"), figure(P, "usher_mysql_statements_total"),
			       figure(P, "usher_holds_dropped_total") + figure(P, "usher_holds_restored_total") +
				       figure(P, "usher_seats_corrected_total") + figure(P, "usher_settled_total") +
				       figure(P, "usher_holds_lapsed_total")};
}

/* One queue and nobody there: what a daemon asks in four seconds. */
START_TEST(test_quiet)
{
	struct effort before, after;
	int64_t began;

	wait_until(told());
	before = effort();
	began = now_ms();
	wait_until(now_ms() - began >= 4000);
	after = effort();
	printf("idle: %.1f commands and %.1f statements a second\n", (double)(after.redis - before.redis) / 4,
	       (double)(after.mysql - before.mysql) / 4);
	ck_assert_int_eq(after.put_right - before.put_right, 0);
	ck_assert_int_le(after.redis - before.redis, 4 * 70);
	ck_assert_int_le(after.mysql - before.mysql, 4 * 12);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_redis_with_older_data,
				      test_all_started_again_on_older_data,
				      test_told_holds_can_be_released,
				      test_two_keepers,
				      test_told_too_late,
				      test_many_at_once,
				      test_dropped_too_early,
				      test_stopped_in_a_transaction,
				      test_lapse_goes_round_a_locked_row,
				      test_full_queue_keeps_no_hold,
				      test_told_once,
				      test_long_list,
				      test_quiet,
				      NULL};

	return stack_main("reconcile", 60, crash_begin, tests);
}
