/* What a request costs: counted command by command in Redis (MONITOR) and statement by statement in MySQL. */
#include "support/kit.h"

#include <hiredis/hiredis.h>
#include <unistd.h>

/* The peculiar users of the catalogue: whatever is done for them shows their ids. */
#define USER 424242
#define OTHER 434343

struct seen {
	int plain;  /* commands of clients that name the user, but for functions */
	int calls;  /* functions called that name the user */
	int claims; /* of them, other than usher_enter */
	int rank, score;
	int struck; /* off the list of the unrecorded, whoever's hold */
	int looked; /* at the log of changes of schedule 11, whoever did */
	int whole;  /* sets of seats read, or counted one by one */
};

static redisContext *monitor_begin(void)
{
	redisContext *c = redisConnectUnix(stack.redis_socket);
	redisReply *r = redisCommand(c, "MONITOR");

	ck_assert_ptr_nonnull(r);
	freeReplyObject(r);
	return c;
}

static void look(struct seen *seen, const char *line)
{
	char user[16];

	snprintf(user, sizeof(user), "\"%d\"", USER);
	seen->struck += strstr(line, "\"ZREM\" \"usher:{main}:unrecorded\"") != NULL;
	seen->looked += strstr(line, "\"XREAD\" \"STREAMS\" \"usher:{main}:changes:11\"") != NULL;
	seen->whole += strstr(line, "\"ZRANGE\" \"usher:{main}:seats:11\"") || strstr(line, "\"usher_taken\"");
	if (strstr(line, " lua] ") || !strstr(line, user))
		return;
	if (strstr(line, "\"FCALL")) {
		seen->calls++;
		seen->claims += !strstr(line, "\"usher_enter\"");
		return;
	}
	seen->plain++;
	seen->rank += strstr(line, "\"ZRANK\"") != NULL;
	seen->score += strstr(line, "\"ZSCORE\"") != NULL;
}

/* All that Redis was asked since monitor_begin(), up to a mark of ours. */
static struct seen monitor_end(redisContext *c)
{
	struct seen seen = {0};
	bool ended = false;

	free(redis_text("ECHO the-end"));
	while (!ended) {
		redisReply *r = NULL;

		ck_assert_int_eq(redisGetReply(c, (void **)&r), REDIS_OK);
		ended = strstr(r->str, "the-end") != NULL;
		look(&seen, r->str);
		freeReplyObject(r);
	}
	redisFree(c);
	return seen;
}

static void statements_begin(void)
{
	sql_run("SET GLOBAL log_output = 'TABLE'; TRUNCATE mysql.general_log; SET GLOBAL general_log = 1");
}

/* How many statements named this user since. */
static int statements_end(int user)
{
	/* That somebody was let in is written down later, many in one statement. */
	int n = (int)sql_int("SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE '%%%d%%'"
			     " AND argument NOT LIKE '%%INTO admissions%%'"
			     " AND argument NOT LIKE '%%general_log%%' AND command_type IN ('Query', 'Execute')",
			     user);

	sql_run("SET GLOBAL general_log = 0");
	return n;
}

START_TEST(test_position_of_the_waiting)
{
	char *inside = enter(10, "one"), *token = enter(USER, "one");
	redisContext *c;
	struct seen seen;

	statements_begin();
	c = monitor_begin();
	for (int i = 0; i < 100; i++)
		done(ask("GET", "/v1/queue/position", token, NULL), 200);
	seen = monitor_end(c);
	ck_assert_int_eq(seen.plain, 200);
	ck_assert_int_eq(seen.rank, 100);
	ck_assert_int_eq(seen.score, 100);
	ck_assert_int_eq(seen.calls, 0);
	ck_assert_int_eq(statements_end(USER), 0);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	free(inside);
	free(token);
}
END_TEST

/* The first entry makes the user known; the second asks MySQL nothing. */
START_TEST(test_entering_when_known)
{
	char *inside = enter(11, "one");
	redisContext *c;
	struct seen seen;
	char *token;

	statements_begin();
	done(ask("POST", "/v1/tokens", NULL, "{\"userId\":999424242,\"queue\":\"one\"}"), 404);
	ck_assert_int_ge(statements_end(999424242), 1);
	for (int i = 0; i < 20; i++) {
		token = enter(USER, "one");
		done(ask("DELETE", "/v1/tokens", token, NULL), 204);
		free(token);
	}
	statements_begin();
	c = monitor_begin();
	for (int i = 0; i < 5; i++)
		free(enter(USER, "one"));
	seen = monitor_end(c);
	ck_assert_int_eq(seen.calls, 5);
	ck_assert_int_eq(seen.claims, 0);
	ck_assert_int_eq(seen.plain, 0);
	ck_assert_int_eq(statements_end(USER), 0);
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	free(inside);
}
END_TEST

START_TEST(test_refused_seat)
{
	char *owner = enter(12, "main"), *token = enter(USER, "main"), *buyer = enter(OTHER, "main");
	redisContext *c;
	struct seen seen;

	hold(owner, 11, 1);
	statements_begin();
	c = monitor_begin();
	for (int i = 0; i < 20; i++)
		refused(ask("POST", "/v1/reservations", token, "{\"scheduleId\":11,\"seatId\":1}"), 409, "SEAT_TAKEN",
			NULL);
	refused(ask("POST", "/v1/reservations", token, "{\"scheduleId\":11,\"seatIds\":[2,3,4,5,6]}"), 409,
		"SEAT_LIMIT", NULL);
	seen = monitor_end(c);
	ck_assert_int_eq(seen.calls, 21);
	ck_assert_int_eq(seen.struck, 0);
	hold(buyer, 11, 2);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) > 0 FROM mysql.general_log WHERE argument LIKE '%%%d%%'", OTHER),
			 1);
	ck_assert_int_eq(statements_end(USER), 0);
	free(owner);
	free(token);
	free(buyer);
}
END_TEST

/* The token filter's reads, the hold, and one command that nobody waits for. */
START_TEST(test_reservation)
{
	char *token = enter(USER, "main");
	redisContext *c = monitor_begin();
	struct seen seen;

	hold(token, 11, 7);
	wait_until(redis_int("ZCARD usher:{main}:unrecorded") == 0);
	seen = monitor_end(c);
	ck_assert_int_ge(seen.plain, 2); /* 3 of a worker that has not seen the user inside before */
	ck_assert_int_le(seen.plain, 3);
	ck_assert_int_eq(seen.calls, 1);
	ck_assert_int_eq(seen.struck, 1);
	free(token);
}
END_TEST

/* Where the token stands and whether the seats have changed, in four plain commands; the seats themselves are
 * read once. */
START_TEST(test_seat_map)
{
	char *token = enter(USER, "main"), *other = enter(OTHER, "main"), etag[128];
	struct reply r = answered(ask("GET", "/v1/schedules/11/seats", token, NULL), 200);
	redisContext *c;
	struct seen seen;

	snprintf(etag, sizeof(etag), "%s", reply_header(&r, "ETag"));
	reply_free(&r);
	statements_begin();
	c = monitor_begin();
	for (int i = 0; i < 50; i++)
		done(http(P, "GET", "/v1/schedules/11/seats",
			  say("Authorization: Bearer %s\r\nIf-None-Match: %s\r\n", token, etag), NULL),
		     304);
	hold(other, 11, 21);
	done(ask("GET", "/v1/schedules/11/seats", token, NULL), 200);
	seen = monitor_end(c);
	/* Once more by each worker that has not seen the user before. */
	ck_assert_int_ge(seen.plain, 51 * 2);
	ck_assert_int_le(seen.plain, 51 * 2 + (int)sysconf(_SC_NPROCESSORS_ONLN));
	ck_assert_int_eq(seen.looked, 51);
	ck_assert_int_eq(seen.calls, 0);
	ck_assert_int_le(seen.whole, (int)sysconf(_SC_NPROCESSORS_ONLN)); /* by each worker */
	ck_assert_int_eq(statements_end(USER), 0);
	free(token);
	free(other);
}
END_TEST

/* A waiting user costs Redis one sorted-set entry and nothing else. */
START_TEST(test_memory_of_the_waiting)
{
	char *inside = enter(13, "one");
	int64_t keys;

	free(enter(14, "one"));
	keys = redis_int("DBSIZE");
	for (int i = 0; i < 50; i++)
		free(enter(20 + i, "one"));
	ck_assert_int_eq((int)(redis_int("DBSIZE") - keys), 0);
	ck_assert_int_ge((int)redis_int("ZCARD usher:{one}:waiting"), 51);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{one}:places 25"), -1);
	free(inside);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_position_of_the_waiting,
				      test_entering_when_known,
				      test_refused_seat,
				      test_reservation,
				      test_seat_map,
				      test_memory_of_the_waiting,
				      NULL};

	return api_main("cost", tests);
}
