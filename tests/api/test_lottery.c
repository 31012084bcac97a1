/* Before the doors: everybody is in a draw that can be checked afterwards. */
#include <math.h>
#include <sodium.h>
#include <time.h>

#include "support/kit.h"

#define BUYERS 30

/* RFC 3339 of `seconds` from now. */
static const char *in_seconds(int seconds)
{
	static char text[40];
	time_t at = time(NULL) + seconds;
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z", &tm);
	return text;
}

static void queue_make(const char *name, int opens_in)
{
	done(admin("POST", "/admin/v1/catalog",
		   say("{\"queues\":[{\"name\":\"%s\",\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":600,"
		       "\"claimSeconds\":600,\"opensAt\":\"%s\"}]}",
		       name, in_seconds(opens_in))),
	     200);
}

static bool scheduled(const char *token)
{
	struct reply r = answered(ask("GET", "/v1/queue/position", token, NULL), 200);
	bool yes = strcmp(reply_string(&r, "status"), "SCHEDULED") == 0;

	reply_free(&r);
	return yes;
}

/* The whole line, those inside first, as the program in tests/ prints an order. */
static void line_is(const char *queue, const char *order)
{
	char user[24];
	int i = 0;

	for (const char *p = order; sscanf(p, "%23s", user) == 1; p = strchr(p, '\n') + 1, i++) {
		char *there =
			redis_text("EVAL %s 2 usher:{%s}:active usher:{%s}:waiting %d",
				   "local a = redis.call('ZRANGE', KEYS[1], 0, -1);"
				   "for _, u in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do a[#a + 1] = u end;"
				   "return a[tonumber(ARGV[1]) + 1]",
				   queue, queue, i);

		ck_assert_ptr_nonnull(there);
		ck_assert_msg(strcmp(there, user) == 0, "place %d: %s, drawn %s", i, there, user);
		free(there);
	}
	ck_assert_int_eq(i, BUYERS);
}

static char *recomputed(const char *seed)
{
	char command[1024], *text = calloc(1, 4096);
	int n = snprintf(command, sizeof(command), "./lottery_order %s", seed);
	FILE *p;

	for (int user = 1; user <= BUYERS; user++)
		n += snprintf(command + n, sizeof(command) - (size_t)n, " %d", user);
	p = popen(command, "r");
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_gt(fread(text, 1, 4095, p), 0);
	ck_assert_int_eq(pclose(p), 0);
	return text;
}

static void commitment_fits(const char *seed_hex, const char *commitment)
{
	unsigned char seed[32], hash[32];
	char hex[65];

	ck_assert_int_eq(sodium_hex2bin(seed, 32, seed_hex, strlen(seed_hex), NULL, NULL, NULL), 0);
	crypto_hash_sha256(hash, seed, sizeof(seed));
	ck_assert_str_eq(sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)), commitment);
}

START_TEST(test_draw_can_be_checked)
{
	char *tokens[BUYERS + 1], *late, *order, commitment[80];
	double soonest = 1e9, latest = 0;
	struct reply r;

	queue_make("doors", 4);
	for (int user = BUYERS; user >= 1; user--) {
		r = answered(ask("POST", "/v1/tokens", NULL, "{\"userId\":%d,\"queue\":\"doors\"}", user), 201);
		ck_assert_str_eq(reply_string(&r, "status"), "SCHEDULED");
		ck_assert(is_time(reply_string(&r, "opensAt")));
		ck_assert(!has(&r, "position"));
		soonest = fmin(soonest, number_at(&r, "pollAfterMs"));
		latest = fmax(latest, number_at(&r, "pollAfterMs"));
		tokens[user] = strdup(reply_string(&r, "token"));
		reply_free(&r);
	}
	/* They are told to ask spread over twenty seconds, not all in the second of opening. */
	ck_assert(soonest > 0 && latest - soonest > 5000);
	r = answered(ask("GET", "/v1/queues/doors", NULL, NULL), 200);
	snprintf(commitment, sizeof(commitment), "%s", reply_string(&r, "commitment"));
	ck_assert(cJSON_IsNull(reply_at(&r, "seed")));
	reply_free(&r);
	r = answered(ask("POST", "/v1/tokens", NULL, "{\"userId\":7,\"queue\":\"doors\"}"), 200);
	ck_assert_str_eq(reply_string(&r, "token"), tokens[7]);
	reply_free(&r);
	r = problem(ask("GET", "/v1/concerts/1/dates", tokens[7], NULL), 403, "TOKEN_NOT_ACTIVE", NULL);
	ck_assert(!has(&r, "position"));
	reply_free(&r);
	ck_assert_int_eq(redis_int("ZCARD usher:{doors}:active"), 0);

	wait_until(!scheduled(tokens[7]));
	late = enter(31, "doors");
	r = answered(ask("GET", "/v1/queues/doors", NULL, NULL), 200);
	ck_assert_str_eq(reply_string(&r, "commitment"), commitment);
	commitment_fits(reply_string(&r, "seed"), commitment);
	order = recomputed(reply_string(&r, "seed"));
	reply_free(&r);
	line_is("doors", order);
	ck_assert_int_eq(redis_int("ZREVRANK usher:{doors}:waiting 31"), 0);
	/* What is open stays open. */
	refused(admin("PATCH", "/admin/v1/queues/doors", say("{\"opensAt\":\"%s\"}", in_seconds(60))), 400,
		"INVALID_FIELD", "opensAt");
	for (int user = 1; user <= BUYERS; user++)
		free(tokens[user]);
	free(order);
	free(late);
}
END_TEST

START_TEST(test_doors_move_while_ahead)
{
	char *token;

	queue_make("moving", 3000);
	token = enter(1, "moving");
	refused(admin("PATCH", "/admin/v1/queues/moving", "{\"opensAt\":\"2020-01-01T00:00:00.000Z\"}"), 400,
		"INVALID_FIELD", "opensAt");
	done(admin("PATCH", "/admin/v1/queues/moving", say("{\"opensAt\":\"%s\"}", in_seconds(2))), 200);
	wait_until(!scheduled(token));
	free(token);
	refused(admin("POST", "/admin/v1/catalog",
		      "{\"queues\":[{\"name\":\"late\",\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":9,"
		      "\"claimSeconds\":9,\"opensAt\":\"2020-01-01T00:00:00.000Z\"}]}"),
		400, "INVALID_FIELD", "queues[0].opensAt");
}
END_TEST

/* A draw's place does not depend on the epoch: Redis is lost before the doors open. */
START_TEST(test_draw_outlives_redis)
{
	char *first = NULL, *second;
	int64_t place, epoch;

	queue_make("lost", 3000);
	first = enter(1, "lost");
	second = enter(2, "lost");
	place = redis_int("ZSCORE usher:{lost}:waiting 1");
	epoch = sql_int("SELECT epoch FROM queues WHERE name = 'lost'");
	free(redis_text("FLUSHALL"));
	wait_until(sql_int("SELECT epoch FROM queues WHERE name = 'lost'") > epoch);
	wait_until(redis_int("HGET usher:{lost}:queue capacity") == 1);
	wait_until(scheduled(first));
	ck_assert_int_eq(redis_int("ZSCORE usher:{lost}:waiting 1"), place);
	free(enter(2, "lost"));
	wait_until(scheduled(second));
	free(first);
	free(second);
}
END_TEST

/* A daemon thinks that the doors are open and Redis says that they are not: whoever enters is in the draw,
 * and is told when they open. */
START_TEST(test_redis_has_the_last_word)
{
	char *waiting;

	done(admin("POST", "/admin/v1/catalog",
		   "{\"queues\":[{\"name\":\"open\",\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":600,"
		   "\"claimSeconds\":600}]}"),
	     200);
	free(enter(1, "open"));
	waiting = enter(2, "open");
	for (int user = 3; user <= 12; user++) {
		struct reply r;
		int64_t place;

		wait_until(stands(waiting, "WAITING"));
		redis_int("HSET usher:{open}:queue opensAt 4102444800000");
		r = answered(ask("POST", "/v1/tokens", NULL, "{\"userId\":%d,\"queue\":\"open\"}", user), 201);
		ck_assert_str_eq(reply_string(&r, "status"), "SCHEDULED");
		ck_assert_str_eq(reply_string(&r, "opensAt"), "2100-01-01T00:00:00.000Z");
		reply_free(&r);
		place = redis_int("ZSCORE usher:{open}:waiting %d", user);
		ck_assert_msg(place >= 1 && place <= 4294967296, "user %d has place %ld", user, (long)place);
		redis_int("HSET usher:{open}:queue opensAt 0");
	}
	free(waiting);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_draw_can_be_checked, test_doors_move_while_ahead, test_draw_outlives_redis,
				      test_redis_has_the_last_word, NULL};

	return sodium_init() < 0 ? 1 : api_main("lottery", tests);
}
