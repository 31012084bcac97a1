/* Places outlive Redis: ten thousand in line, everything in Redis lost, two daemons. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/kit.h"

#define LINE 10000
#define NEWCOMERS 50

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":3,\"ratePerSecond\":100,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":11000,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter Live\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2035-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":5,\"seatsPerRow\":10,\"price\":1000}]}]}]}";

static char *tokens[LINE + 1];

static int port_of(int user)
{
	return stack.port[user % 2];
}

static int status_as(int user, const char *method, const char *path, const char *json)
{
	struct reply r = call(port_of(user), method, path, tokens[user], json);
	int status = r.status;

	reply_free(&r);
	return status;
}

/* The position of a user in line, 0 if the answer was 503, or -1 for anything else. */
static int64_t position_of(int user)
{
	struct reply r = call(port_of(user), "GET", "/v1/queue/position", tokens[user], NULL);
	int64_t position = r.status == 200 ? (int64_t)reply_number(&r, "position") : r.status == 503 ? 0 : -1;

	reply_free(&r);
	return position;
}

static void paused(const char *yes)
{
	char body[32];
	struct reply r;

	snprintf(body, sizeof(body), "{\"paused\":%s}", yes);
	r = http(stack.port[0], "PATCH", "/admin/v1/queues/main", "Authorization: Bearer " ADMIN_KEY "\r\n", body);
	ck_assert_int_eq(r.status, 200);
	reply_free(&r);
}

static void buy(int user, int seat)
{
	char body[64];
	struct reply r;

	snprintf(body, sizeof(body), "{\"scheduleId\":11,\"seatId\":%d}", seat);
	r = call(port_of(user), "POST", "/v1/reservations", tokens[user], body);
	ck_assert_int_eq(r.status, 201);
	snprintf(body, sizeof(body), "{\"reservationId\":%d}", (int)reply_number(&r, "reservationId"));
	reply_free(&r);
	ck_assert_int_eq(status_as(user, "POST", "/v1/payments", body), 201);
}

static void everybody_enters(void)
{
	for (int user = 1; user <= LINE; user++) {
		tokens[user] = token_of(port_of(user), user, "main");
		ck_assert_ptr_nonnull(tokens[user]);
	}
}

/* The line in Redis, as user ids in one text. */
static char *line_text(int count)
{
	char *text = calloc(1, (size_t)count * 8 + 1);
	size_t n = 0;

	for (int i = 0; i < count; i++) {
		char *user = redis_text("EVAL %s 1 usher:{main}:waiting %d",
					"return redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[1])[1]", i);

		n += (size_t)sprintf(text + n, "%s ", user ? user : "-");
		free(user);
	}
	return text;
}

static void check_order(int first)
{
	char *line = line_text(LINE - first + 1 + NEWCOMERS), *p = line;
	int user = first;

	/* Users `first` to LINE stand in the order in which they first came, newcomers behind. */
	for (; user <= LINE; user++) {
		ck_assert_int_eq(strtol(p, &p, 10), user);
	}
	for (int i = 1; i <= NEWCOMERS; i++)
		ck_assert_int_gt(strtol(p, &p, 10), LINE);
	free(line);
}

/* 1 pays and is through, 2 holds a seat, 3 and 4 are inside, 5 left on purpose is not in this. */
START_TEST(test_ten_thousand_come_back)
{
	int64_t began, epoch = sql_int("SELECT epoch FROM queues");

	everybody_enters();
	buy(1, 1);
	ck_assert_int_eq(status_as(2, "POST", "/v1/reservations", "{\"scheduleId\":11,\"seatId\":2}"), 201);
	wait_until(redis_int("ZSCORE usher:{main}:active 4") > 0);
	wait_until(sql_int("SELECT COUNT(*) FROM admissions") == 4);
	paused("true"); /* so that the order can be looked at in peace */
	free(redis_text("FLUSHALL"));
	began = now_ms();
	wait_until(sql_int("SELECT epoch FROM queues") > epoch);
	wait_until(redis_int("HGET usher:{main}:queue capacity") == 3);
	ck_assert_int_lt(now_ms() - began, 3000);
	ck_assert_int_eq(sql_int("SELECT epoch FROM queues"), epoch + 1);

	for (int i = 1; i <= NEWCOMERS; i++)
		free(token_of(stack.port[0], LINE + i, "main"));
	/* In an order that has nothing to do with theirs. */
	for (int i = 0; i < LINE; i++) {
		int user = (int)((int64_t)i * 7919 % LINE) + 1;

		if (user > 4)
			wait_until(position_of(user) != 0);
	}
	/* Through: paid, or inside without a hold. Inside again: who holds a seat. */
	ck_assert_int_eq(status_as(1, "GET", "/v1/queue/position", NULL), 302);
	ck_assert_int_eq(status_as(3, "GET", "/v1/queue/position", NULL), 302);
	ck_assert_int_eq(status_as(2, "GET", "/v1/concerts/1/dates", NULL), 200);
	check_order(5);
	paused("false");
	wait_until(redis_int("ZCARD usher:{main}:active") == 3);
	ck_assert_int_gt(redis_int("ZSCORE usher:{main}:active 5"), 0);
	ck_assert_int_gt(redis_int("ZSCORE usher:{main}:active 6"), 0);
}
END_TEST

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, stack_catalog(catalog), "--return-seconds=8", NULL);
	usherd_start(1, "--return-seconds=8", NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_ten_thousand_come_back, NULL};

	return stack_main("recovery", 120, begin, tests);
}
