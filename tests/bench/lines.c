/* ZADD, many at a time. */
#include "lines.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "engine/token.h"
#include "support/kit.h"

#define A_COMMAND 500            /* users in one ZADD */
#define A_BATCH 20               /* commands sent before their answers are read */
#define SPAN ((uint64_t)1 << 36) /* places of the first epoch follow it */
#define OCCUPANT 2000000000
#define ENDS_MS 4102444800000LL /* in 2100 */
#define FAR_FROM 2000           /* well behind what is near, by places and by what is let in a second */
#define FAR_STRIDE 7919
#define ADMITTED 60

static redisContext *redis_open(void)
{
	redisContext *c = redisConnectUnix(stack.redis_socket);

	if (!c || c->err)
		bench_fail("no connection to Redis");
	return c;
}

static void replies_read(redisContext *c, int n)
{
	while (n--) {
		redisReply *r = NULL;

		if (redisGetReply(c, (void **)&r) != REDIS_OK || r->type == REDIS_REPLY_ERROR)
			bench_fail("Redis: %s", r ? r->str : c->errstr);
		freeReplyObject(r);
	}
}

/* One sorted set's "ZADD key score member score member ...". */
static void entries_add(const char *key, int64_t from, int64_t count, uint64_t first_score, bool rising,
			int64_t first_member)
{
	static char text[2 * A_COMMAND][24];
	static const char *argv[2 + 2 * A_COMMAND];
	redisContext *c = redis_open();
	int sent = 0;

	argv[0] = "ZADD";
	argv[1] = key;
	for (int64_t i = from; i < from + count; i += A_COMMAND) {
		int n = 0;

		for (int64_t k = i; k < i + A_COMMAND && k < from + count; k++, n += 2) {
			snprintf(text[n], sizeof(text[n]), "%" PRIu64, first_score + (rising ? (uint64_t)k : 0));
			snprintf(text[n + 1], sizeof(text[n]), "%" PRId64, first_member + k);
			argv[2 + n] = text[n];
			argv[3 + n] = text[n + 1];
		}
		redisAppendCommandArgv(c, 2 + n, argv, NULL);
		if (++sent == A_BATCH) {
			replies_read(c, sent);
			sent = 0;
		}
	}
	replies_read(c, sent);
	redisFree(c);
}

int64_t line_length(const char *queue)
{
	int64_t length = strcmp(queue, LINE_SHORT) == 0 ? 10000 : strcmp(queue, LINE_LONG) == 0 ? 1000000 : 10000000;

	return bench.quick && length > 10000 ? length / 20 : length;
}

static bool daemon_sees(const char *queue, int64_t count)
{
	struct reply r = ask("GET", say("/v1/queues/%s", queue), NULL, NULL);
	bool yes = r.status == 200 && (int64_t)reply_number(&r, "waiting") == count;

	reply_free(&r);
	return yes;
}

void line_fill(const char *queue, int64_t count)
{
	int64_t until = now_ms() + 120000;

	if (redis_int("ZCARD usher:{%s}:waiting", queue) >= count)
		return;
	if (redis_int("HGET usher:{%s}:queue epoch", queue) != 1)
		bench_fail("the queue %s is not in its first epoch", queue);
	printf("bench: %" PRId64 " people line up in %s\n", count, queue);
	fflush(stdout);
	free(redis_text("ZADD usher:{%s}:active %lld %d", queue, ENDS_MS, OCCUPANT));
	free(redis_text("ZADD usher:{%s}:places %lld %d", queue, (long long)SPAN, OCCUPANT));
	entries_add(say("usher:{%s}:waiting", queue), 1, count, SPAN, true, 0);
	free(redis_text("HSET usher:{%s}:queue next %lld entered %lld", queue, (long long)count, (long long)count));
	while (!daemon_sees(queue, count)) {
		if (now_ms() > until)
			bench_fail("the daemon does not see the line of %s", queue);
		pause_briefly();
	}
}

void line_moves(const char *queue)
{
	int64_t now = (int64_t)time(NULL) * 1000;

	for (int i = 0; i < ADMITTED; i++)
		free(redis_text("ZADD usher:{%s}:admitted %lld %d:%d", queue, (long long)(now - i * 1000), i + 1,
				i + 1));
}

void line_trim(const char *queue)
{
	free(redis_text("ZREMRANGEBYSCORE usher:{%s}:waiting (%lld +inf", queue, (long long)SPAN + line_length(queue)));
}

void seats_take(int schedule, int64_t first, int64_t count, int64_t step)
{
	const char *key = say("usher:{" SHOP "}:seats:%d", schedule);

	for (int64_t i = 0; i < count; i += A_COMMAND) {
		redisContext *c = redis_open();
		int n = 0;

		for (int64_t k = i; k < i + A_COMMAND && k < count; k++, n++)
			redisAppendCommand(c, "ZADD %s %lld %lld", key, ENDS_MS, (long long)(first + k * step));
		replies_read(c, n);
		redisFree(c);
	}
}

uint64_t inside_place(int64_t n)
{
	return SPAN + (uint64_t)n + 1;
}

void inside_fill(const char *queue, int64_t first, int64_t count)
{
	entries_add(say("usher:{%s}:active", queue), first, count, (uint64_t)ENDS_MS, false, BUYERS_FROM);
	entries_add(say("usher:{%s}:places", queue), first, count, inside_place(0), true, BUYERS_FROM);
	free(redis_text("HSET usher:{%s}:queue next %d", queue, BUYERS));
}

static const char *bearer_of(const char *queue, uint64_t user, uint64_t place)
{
	unsigned char secret[TOKEN_KEY_BYTES];
	struct token t = {.user = user, .place = place, .issued_at = 1700000000000};
	static struct token_keys keys;
	static bool made;
	char text[TOKEN_TEXT];
	static char header[HEADER_TEXT];

	if (!made && sodium_hex2bin(secret, sizeof(secret), TEST_SECRET, strlen(TEST_SECRET), NULL, NULL, NULL) == 0) {
		token_keys_init(&keys, secret, NULL);
		made = true;
	}
	snprintf(t.queue, sizeof(t.queue), "%s", queue);
	return bearer(header, token_write(&keys, &t, text));
}

const char *inside_bearer(const char *queue, int64_t n)
{
	return bearer_of(queue, (uint64_t)(BUYERS_FROM + n), inside_place(n));
}

const char *line_bearer(const char *queue, int64_t position)
{
	return bearer_of(queue, (uint64_t)position, SPAN + (uint64_t)position);
}

#define POSITION "/v1/queue/position"

void requests_near(struct requests *r, const char *queue)
{
	for (int64_t i = 1; i <= NEAR; i++)
		requests_add(r, "GET", POSITION, line_bearer(queue, i), NULL);
}

/* A stride that shares no factor with the length goes everywhere, and to nobody's neighbour. */
int64_t far_user(const char *queue, int64_t i)
{
	return FAR_FROM + 1 + i * FAR_STRIDE % (line_length(queue) - FAR_FROM);
}

void requests_far(struct requests *r, const char *queue, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		requests_add(r, "GET", POSITION, line_bearer(queue, far_user(queue, i)), NULL);
}

void entries_write(struct requests *r, const char *queue, int64_t first, int64_t count)
{
	for (int64_t i = first; i < first + count; i++)
		requests_add(r, "POST", "/v1/tokens", NULL,
			     say("{\"userId\":%" PRId64 ",\"queue\":\"%s\"}", BUYERS_FROM + i, queue));
}
