/* A MariaDB that is there and says no, or says nothing at the worst moment: no connection left, deadlocks,
 * locks held by others, read-only, connections killed and cut. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cable.h"
#include "support/kit.h"

#define CROWD 40

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":100,\"ratePerSecond\":1000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":200,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter Live\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":5,\"seatsPerRow\":10,\"price\":1000}]}]}]}";

/* Statements in a session of their own, while the test goes on. */
static void *run_sql(void *text)
{
	return sql_try(NULL, "%s", (const char *)text) ? text : NULL;
}

static pthread_t beside(const char *text)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, run_sql, (void *)(uintptr_t)text), 0);
	return thread;
}

static bool some_session(const char *condition)
{
	return sql_int("SELECT COUNT(*) FROM information_schema.processlist WHERE %s", condition) > 0;
}

#define SLEEPING "state = 'User sleep'"

static void sleepers_kill(void)
{
	int64_t id;

	while ((id = sql_int("SELECT id FROM information_schema.processlist WHERE " SLEEPING " LIMIT 1")) > 0)
		sql_try(NULL, "KILL %ld", (long)id);
}

/* Takes `n` of ten connections and leaves the daemon the rest; room_made() gives them back. */
static pthread_t *room_taken(int n)
{
	pthread_t *others = calloc((size_t)n, sizeof(*others));

	for (int i = 0; i < n; i++)
		others[i] = beside("DO SLEEP(60)");
	wait_until(sql_int("SELECT COUNT(*) FROM information_schema.processlist WHERE " SLEEPING) == n);
	sql_run("SET GLOBAL max_connections = 10; KILL USER shop@localhost");
	return others;
}

static void room_made(pthread_t *others, int n)
{
	sql_run("SET GLOBAL max_connections = 151");
	sleepers_kill();
	for (int i = 0; i < n; i++)
		pthread_join(others[i], NULL);
	free(others);
}

struct charge {
	int user, status;
	int64_t took;
};

static void *charge_one(void *arg)
{
	struct charge *c = arg;

	c->took = now_ms();
	c->status = status_of("POST", say("/v1/users/%d/balance/charges", c->user), NULL, "{\"amount\":1}");
	c->took = now_ms() - c->took;
	return NULL;
}

/* As many charges at once, one a user. Gives how many were answered with `status`. */
static int charges(struct charge crowd[CROWD], int status)
{
	int n = 0;

	for (int i = 0; i < CROWD; i++)
		crowd[i] = (struct charge){.user = 100 + i};
	at_once(CROWD, charge_one, crowd, sizeof(crowd[0]));
	for (int i = 0; i < CROWD; i++)
		n += crowd[i].status == status;
	return n;
}

static int64_t charged(void)
{
	return sql_int("SELECT SUM(amount) - 100000 * COUNT(*) FROM balances WHERE user_id BETWEEN 100 AND 139");
}

static bool replayed(const struct reply *r)
{
	return reply_header(r, "Idempotent-Replay") != NULL;
}

/* MariaDB has fewer connections than there are threads: those that have one do the work for all. */
START_TEST(test_few_connections)
{
	struct charge crowd[CROWD];
	int64_t before;
	pthread_t *others = room_taken(8);

	wait_until(charges(crowd, 200) > 0);
	before = charged();
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(charges(crowd, 200), CROWD);
		ck_assert(ready());
	}
	ck_assert_int_eq(charged() - before, 3 * CROWD);
	ck_assert_int_le(sql_int("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'shop'"), 2);
	room_made(others, 8);
	ck_assert_int_le(logged("MySQL: does not answer"), 1);
}
END_TEST

/* It has none at all: 503 at once, and all well as soon as there is one. */
START_TEST(test_no_connection)
{
	struct charge crowd[CROWD];
	int64_t before = charged(), began;
	pthread_t *others = room_taken(10);

	wait_until(!ready());
	ck_assert_int_eq(charges(crowd, 503), CROWD);
	for (int i = 0; i < CROWD; i++)
		ck_assert_int_lt(crowd[i].took, 2000);
	room_made(others, 10);
	began = now_ms();
	wait_until(ready());
	ck_assert_int_lt(now_ms() - began, 3000);
	ck_assert_int_eq(charges(crowd, 200), CROWD);
	ck_assert_int_eq(charged() - before, CROWD);
}
END_TEST

/* A real deadlock, in which ours is the one to be rolled back: nobody notices. */
START_TEST(test_deadlock)
{
	char *token = inside(1);
	pthread_t other;
	int64_t before = sql_int("SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'");

	other = beside("START TRANSACTION; UPDATE users SET name = 'x' WHERE id > 20;"
		       "SELECT price FROM seats WHERE schedule_id = 11 AND seat_id = 1 FOR UPDATE; DO SLEEP(1);"
		       "SELECT amount FROM balances WHERE user_id = 1 FOR UPDATE; COMMIT");
	wait_until(some_session(SLEEPING));
	hold(token, 11, 1);
	pthread_join(other, NULL);
	ck_assert_int_gt(sql_int("SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'"),
			 before);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 1"), 1);
	free(token);
}
END_TEST

/* Somebody holds the lock: a little while is waited for, a long while is a 503 in time and without a trace. */
START_TEST(test_lock_wait)
{
	static const char seat[] = "{\"scheduleId\":11,\"seatId\":2}";
	char *token = inside(2);
	int64_t took = now_ms();
	pthread_t other = beside("START TRANSACTION; SELECT amount FROM balances WHERE user_id = 2 FOR UPDATE;"
				 "DO SLEEP(7); ROLLBACK");
	struct reply r;

	wait_until(some_session(SLEEPING));
	r = keyed("/v1/reservations", token, "locked", seat);
	took = now_ms() - took;
	ck_assert_ptr_nonnull(reply_header(&r, "Retry-After"));
	refused(r, 503, "OVERLOADED", NULL);
	ck_assert_int_lt(took, 5000);
	wait_until(redis_int("ZSCORE usher:{main}:seats:11 2") == -1);
	ck_assert_int_eq(redis_int("EXISTS usher:{main}:holds:2"), 0);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 2"), 0);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM idempotency WHERE user_id = 2"), 0);
	ck_assert(ready());
	pthread_join(other, NULL);
	r = answered(keyed("/v1/reservations", token, "locked", seat), 201);
	ck_assert(!replayed(&r));
	reply_free(&r);
	other = beside(
		"START TRANSACTION; SELECT amount FROM balances WHERE user_id = 2 FOR UPDATE; DO SLEEP(1); ROLLBACK");
	wait_until(some_session(SLEEPING));
	hold(token, 11, 3);
	pthread_join(other, NULL);
	free(token);
}
END_TEST

/* Whoever waited for the reservation until its hold was over has waited too long: what counts is the time when
 * the row is theirs. */
START_TEST(test_lock_wait_past_the_hold)
{
	char *token = inside(9);
	int64_t id = hold(token, 11, 31);
	pthread_t other;

	sql_run("UPDATE reservations SET expires_at = UTC_TIMESTAMP(3) + INTERVAL 1 SECOND WHERE id = %ld", (long)id);
	other = beside(say("START TRANSACTION; SELECT id FROM reservations WHERE id = %ld FOR UPDATE; DO SLEEP(1.5);"
			   "ROLLBACK",
			   (long)id));
	wait_until(some_session(SLEEPING));
	refused(ask("POST", "/v1/payments", token, "{\"reservationId\":%ld}", (long)id), 409, "RESERVATION_EXPIRED",
		NULL);
	pthread_join(other, NULL);
	ck_assert_int_eq(balance_of(9), 100000);
	free(token);
}
END_TEST

/* Read-only, as after a failover: what reads goes on, what writes is 503, nobody is let in. */
START_TEST(test_read_only)
{
	struct charge crowd[CROWD];
	char *token = inside(4), *late;
	int64_t before = charged(), began, connects;

	wait_until(sql_int("SELECT COUNT(*) FROM admissions WHERE user_id = 4") == 1); /* nothing is left to write */
	sql_run("SET GLOBAL read_only = 1");
	refused(ask("POST", "/v1/reservations", token, "{\"scheduleId\":11,\"seatId\":5}"), 503, "UNAVAILABLE", NULL);
	wait_until(redis_int("ZSCORE usher:{main}:seats:11 5") == -1);
	ck_assert(not_writing("mysql", "not writing"));
	ck_assert_int_eq(balance_of(4), 100000);
	late = enter(5, "main");
	ck_assert(stands(late, "WAITING"));
	connects = sql_int("SELECT variable_value FROM information_schema.global_status"
			   " WHERE variable_name = 'connections'");
	for (int round = 0; round < 5; round++)
		ck_assert_int_eq(charges(crowd, 503), CROWD);
	ck_assert_int_lt(sql_int("SELECT variable_value FROM information_schema.global_status"
				 " WHERE variable_name = 'connections'") -
				 connects,
			 5 * CROWD / 2);
	/* That it writes is not believed before it has written. */
	for (began = now_ms(); now_ms() - began < 3000; pause_briefly())
		ck_assert(stands(late, "WAITING") && not_writing("mysql", "not writing"));
	ck_assert_int_eq(logged("MySQL: takes no writes"), 1);
	ck_assert_int_eq(charged(), before);
	sql_run("SET GLOBAL read_only = 0");
	began = now_ms();
	wait_until(ready());
	wait_until(stands(late, "ACTIVE"));
	ck_assert_int_lt(now_ms() - began, 4000);
	ck_assert_int_eq(charges(crowd, 200), CROWD);
	ck_assert_int_eq(logged("MySQL: takes writes again"), 1);
	free(token);
	free(late);
}
END_TEST

/* A connection killed in the middle of a transaction: nothing was committed, so it is done anew. */
START_TEST(test_killed_in_between)
{
	struct charge c = {.user = 6};
	pthread_t thread;

	sql_run("CREATE TRIGGER slow_line BEFORE INSERT ON ledger FOR EACH ROW SET @slept = SLEEP(0.4)");
	pthread_create(&thread, NULL, charge_one, &c);
	wait_until(some_session(SLEEPING));
	sql_run("KILL %ld", (long)sql_int("SELECT id FROM information_schema.processlist WHERE " SLEEPING));
	pthread_join(thread, NULL);
	sql_run("DROP TRIGGER slow_line");
	ck_assert_int_eq(c.status, 200);
	ck_assert_int_eq(balance_of(6), 100001);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM ledger WHERE user_id = 6 AND kind = 'CHARGE'"), 1);
}
END_TEST

/* One request whose COMMIT is cut off on the way there or on the way back: 503, and its key tells the truth. */
static void cut_commit(const char *path, const char *token, const char *json, int status, enum cable_cut when)
{
	const char *key = say("cut-%d-%d", cable_cuts(), (int)when);
	int cuts = cable_cuts();
	struct reply r;

	cable_cut_at(key, "\003COMMIT", when);
	r = keyed(path, token, key, json);
	ck_assert_int_eq(cable_cuts(), cuts + 1);
	refused(r, 503, "UNAVAILABLE", NULL);
	r = answered(keyed(path, token, key, json), status);
	ck_assert_int_eq(replayed(&r), when == CABLE_AFTER);
	reply_free(&r);
}

static void cut_purchase(int user, int seat, enum cable_cut when)
{
	char *token = inside(user);
	int64_t id;

	cut_commit(say("/v1/users/%d/balance/charges", user), NULL, "{\"amount\":5000}", 200, when);
	cut_commit("/v1/reservations", token, say("{\"scheduleId\":11,\"seatId\":%d}", seat), 201, when);
	id = sql_int("SELECT id FROM reservations WHERE user_id = %d AND status = 'HELD'", user);
	cut_commit("/v1/payments", token, say("{\"reservationId\":%ld}", (long)id), 201, when);
	ck_assert_int_eq(balance_of(user), 104000);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM payments WHERE user_id = %d", user), 1);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = %d", user), 1);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM ledger WHERE user_id = %d", user), 3);
	wait_until(seat_is_paid(11, seat));
	wait_until(status_of("GET", "/v1/queue/position", token, NULL) == 302);
	free(token);
}

START_TEST(test_cut_in_commit)
{
	cut_purchase(7, 21, CABLE_BEFORE);
	cut_purchase(8, 22, CABLE_AFTER);
	wait_until(audit_holds());
}
END_TEST

/* A database made from a dump has every table and no procedure: whichever daemon starts puts it back. */
START_TEST(test_made_from_a_dump)
{
	char *token = inside(9);
	int64_t id = hold(token, 11, 23);

	sql_run("DROP PROCEDURE usher_pay");
	refused(ask("POST", "/v1/payments", token, "{\"reservationId\":%lld}", (long long)id), 500, "INTERNAL", NULL);
	usherd_start(1, NULL);
	pay_for(token, id);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM schema_steps WHERE version = 3"), 1);
	free(token);
}
END_TEST

/* It reads and writes; everything else here has to find it like that. */
START_TEST(test_start)
{
	char cable[128];

	redis_start();
	mysql_start();
	/* A user who is bound by read_only and gets none of the connections kept for operators. */
	sql_run("CREATE USER shop@localhost; GRANT ALL ON usher.* TO shop@localhost");
	snprintf(cable, sizeof(cable), "%s/cable.sock", stack.dir);
	cable_lay(cable, stack.mysql_socket);
	usherd_start(0, stack_catalog(catalog), "--db-threads=4",
		     say("--mysql=mysql://shop@localhost/usher?socket=%s", cable), NULL);
	ck_assert(ready());
}
END_TEST

/* The first test starts the servers. */
static void begin(void)
{
}

int main(void)
{
	const TTest *const tests[] = {test_start,
				      test_few_connections,
				      test_no_connection,
				      test_deadlock,
				      test_lock_wait,
				      test_lock_wait_past_the_hold,
				      test_read_only,
				      test_killed_in_between,
				      test_cut_in_commit,
				      test_made_from_a_dump,
				      NULL};

	return stack_main("database-trouble", 60, begin, tests);
}
