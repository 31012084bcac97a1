/* The disk under MariaDB is full. All its tables are in one file here, which the kernel lets grow no
 * further (RLIMIT_FSIZE), so that every table is refused room as on a full disk, and no rights are needed. */
#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "support/kit.h"

#define CROWD 24
#define LEAST_REFUSED 8

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":100,\"ratePerSecond\":1000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":200,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter Live\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":10,\"seatsPerRow\":10,\"price\":1000}]}]}]}";

/* What one client was answered. */
struct client {
	int user, charged, refused, odd, day;
	char *token;
	int64_t reservation, payment;
};

static struct client crowd[CROWD];

/* Reads one answer: `good` or a 503 that says when to come back. Gives whether it was good. */
static bool noted(struct client *c, struct reply *r, int good)
{
	if (r->status == good)
		return true;
	if (r->status == 503 && reply_header(r, "Retry-After"))
		c->refused++;
	else
		c->odd = r->status;
	return false;
}

static void charge(struct client *c, int round)
{
	struct reply r = keyed(say("/v1/users/%d/balance/charges", c->user), NULL, say("charge%d.%d", c->day, round),
			       "{\"amount\":1}");

	c->charged += noted(c, &r, 200);
	reply_free(&r);
}

static void reserve(struct client *c)
{
	struct reply r = keyed("/v1/reservations", c->token, "seat", say("{\"scheduleId\":11,\"seatId\":%d}", c->user));

	if (noted(c, &r, 201))
		c->reservation = (int64_t)reply_number(&r, "reservationId");
	reply_free(&r);
}

static void pay(struct client *c)
{
	struct reply r = keyed("/v1/payments", c->token, "money", say("{\"reservationId\":%ld}", (long)c->reservation));

	if (noted(c, &r, 201))
		c->payment = (int64_t)reply_number(&r, "paymentId");
	reply_free(&r);
}

/* A careful client: goes on until it has what it wants, or has been refused often enough. */
static void *shop(void *arg)
{
	struct client *c = arg;

	for (int round = 0; round < 400 && c->refused < LEAST_REFUSED && !c->odd; round++) {
		charge(c, round);
		if (round < 2 || c->odd)
			continue;
		if (!c->reservation)
			reserve(c);
		else if (!c->payment)
			pay(c);
	}
	return NULL;
}

static void *finish(void *arg)
{
	struct client *c = arg;

	if (!c->reservation)
		reserve(c);
	if (c->reservation && !c->payment)
		pay(c);
	return NULL;
}

static int refusals(void)
{
	int n = 0;

	for (int i = 0; i < CROWD; i++) {
		ck_assert_msg(crowd[i].odd == 0, "user %d got %d", crowd[i].user, crowd[i].odd);
		n += crowd[i].refused;
	}
	return n;
}

/* What was answered is in the database, and nothing else is. */
static void journals_hold(void)
{
	for (int i = 0; i < CROWD; i++) {
		const struct client *c = &crowd[i];

		ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM ledger WHERE user_id = %d AND kind = 'CHARGE'", c->user),
				 c->charged);
		ck_assert_int_eq(sql_int("SELECT amount FROM balances WHERE user_id = %d", c->user),
				 100000 + c->charged - (c->payment ? 1000 : 0));
		ck_assert_int_eq(sql_int("SELECT COALESCE(SUM(id), 0) FROM reservations WHERE user_id = %d", c->user),
				 c->reservation);
		ck_assert_int_eq(sql_int("SELECT COALESCE(SUM(id), 0) FROM payments WHERE user_id = %d", c->user),
				 c->payment);
	}
}

static void space(bool more)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/mysql/ibdata1", stack.dir);
	ck_assert_int_eq(stat(path, &st), 0);
	if (!more)
		limit.rlim_cur = (rlim_t)st.st_size;
	ck_assert_int_eq(prlimit(stack.mysql, RLIMIT_FSIZE, &limit, NULL), 0);
}

START_TEST(test_start)
{
	signal(SIGXFSZ, SIG_IGN); /* MariaDB inherits it: the write fails instead of ending the server */
	redis_start();
	mysql_start();
	sql_run("SET GLOBAL innodb_file_per_table = 0; SET GLOBAL innodb_autoextend_increment = 1");
	usherd_start(0, stack_catalog(catalog), NULL);
	/* Many small partitions, since a small table takes single pages where a large one wants many in a row. */
	sql_run("CREATE TABLE filler (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, b VARBINARY(8000) NOT NULL)"
		" ENGINE=InnoDB PARTITION BY HASH (id) PARTITIONS 50");
	sql_run("CREATE PROCEDURE fill() BEGIN DECLARE failed INT DEFAULT 0;"
		" DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET failed = failed + 1; START TRANSACTION;"
		" WHILE failed < 200 DO INSERT INTO filler (b) VALUES (REPEAT('x', 8000)); END WHILE; COMMIT; END");
	for (int i = 0; i < CROWD; i++) {
		crowd[i].user = i + 1;
		crowd[i].token = inside(crowd[i].user);
	}
}
END_TEST

START_TEST(test_no_answer_claims_what_did_not_happen)
{
	int64_t began;

	space(false);
	sql_run("CALL fill()");
	at_once(CROWD, shop, crowd, sizeof(crowd[0]));
	ck_assert_int_ge(refusals(), CROWD * LEAST_REFUSED / 2);
	ck_assert_int_eq(status_of("GET", "/v1/users/1/balance", NULL, NULL), 200);
	journals_hold();
	ck_assert_int_le(logged("MySQL: takes no writes"), 2);
	ck_assert_int_le(logged("\n"), 20);

	space(true);
	began = now_ms();
	wait_until(status_of("GET", "/readyz", NULL, NULL) == 200);
	ck_assert_int_lt(now_ms() - began, 3000);
	journals_hold();
	at_once(CROWD, finish, crowd, sizeof(crowd[0]));
	refusals();
	journals_hold();
	for (int i = 0; i < CROWD; i++)
		ck_assert_int_gt(crowd[i].payment, 0);
	wait_until(audit_holds());
}
END_TEST

/* Nobody is let in while nothing can be sold; killed on the full disk, the server comes back with all it said. */
START_TEST(test_killed_on_a_full_disk)
{
	char *late;

	space(false);
	sql_run("CALL fill()");
	for (int i = 0; i < CROWD; i++) {
		crowd[i].refused = 0;
		crowd[i].day = 1;
	}
	at_once(CROWD, shop, crowd, sizeof(crowd[0]));
	ck_assert_int_gt(refusals(), 0);
	ck_assert(not_writing("mysql", "not writing"));
	late = enter(100, "main");
	ck_assert(stands(late, "WAITING"));
	process_kill(&stack.mysql, SIGKILL);
	mysql_start();
	journals_hold();
	wait_until(stands(late, "ACTIVE"));
	wait_until(audit_holds());
	free(late);
}
END_TEST

/* The first test starts the servers. */
static void begin(void)
{
}

int main(void)
{
	const TTest *const tests[] = {test_start, test_no_answer_claims_what_did_not_happen, test_killed_on_a_full_disk,
				      NULL};
	int failed = stack_main("disk-full", 60, begin, tests);

	for (int i = 0; i < CROWD; i++)
		free(crowd[i].token);
	return failed;
}
