/* Loading the library with the movable clock, and asking it. */
#include "engine/engine.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/codes.h"
#include "support/stack.h"

#define WORDS_MOST 256
#define TEXT_MOST 8192

const struct config CONFIG = {2, 1, 2, 10, 600, 60, 0, 0, T0 - 5000, 0};

static redisContext *redis;

static void library_load(void)
{
	static char library[1 << 18];
	FILE *f = popen("sh " SRCDIR "/lua/build.sh " SRCDIR "/lua " SRCDIR "/src/codes.def " SRCDIR
			"/tests/engine/clock.lua",
			"r");
	size_t n = f ? fread(library, 1, sizeof(library), f) : 0;
	redisReply *r;

	if (!f || pclose(f) != 0 || n == 0 || n == sizeof(library)) {
		fputs("cannot build the library\n", stderr);
		exit(1);
	}
	r = redisCommand(redis, "FUNCTION LOAD REPLACE %b", library, n);
	if (!r || r->type == REDIS_REPLY_ERROR) {
		fprintf(stderr, "FUNCTION LOAD: %s\n", r ? r->str : redis->errstr);
		exit(1);
	}
	freeReplyObject(r);
}

static void redis_reconnect(void)
{
	if (redis)
		redisFree(redis);
	redis = redisConnectUnix(stack.redis_socket);
	if (!redis || redis->err) {
		fputs("no Redis\n", stderr);
		exit(1);
	}
}

static void begin_bare(void)
{
	redis_reconnect();
	is(command("FLUSHALL"), "OK");
	is(command("CONFIG SET maxmemory 0"), "OK");
	clock_set(T0);
}

static void begin(void)
{
	struct config c = CONFIG;

	begin_bare();
	c.version = 1;
	is(configure(c), "OK");
}

int engine_main(const char *name, int bare, const TTest *const *tests)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	stack_begin();
	redis_start();
	redis_reconnect();
	library_load();
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, bare ? begin_bare : begin, NULL);
	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	redisFree(redis);
	return stack_end() && !failed ? 0 : 1;
}

struct text {
	char bytes[TEXT_MOST];
	size_t len;
};

static void text_add(struct text *t, const char *s)
{
	size_t n = strlen(s);

	ck_assert_msg(t->len + n < TEXT_MOST, "the answer is too long for the test");
	memcpy(t->bytes + t->len, s, n + 1);
	t->len += n;
}

static void text_reply(struct text *t, const redisReply *r)
{
	char number[32];

	switch (r->type) {
	case REDIS_REPLY_INTEGER:
		snprintf(number, sizeof(number), "%lld", r->integer);
		text_add(t, number);
		break;
	case REDIS_REPLY_ARRAY:
		text_add(t, "[");
		for (size_t i = 0; i < r->elements; i++) {
			text_add(t, i ? " " : "");
			text_reply(t, r->element[i]);
		}
		text_add(t, "]");
		break;
	case REDIS_REPLY_NIL:
		text_add(t, "nil");
		break;
	default:
		text_add(t, r->str);
	}
}

static const char *ask(int argc, char **argv, int with_code)
{
	static struct text ring[8];
	static unsigned turn;
	struct text *t = &ring[turn++ % 8];
	redisReply *r = redisCommandArgv(redis, argc, (const char **)(uintptr_t)argv, NULL);

	ck_assert_msg(r != NULL, "Redis: %s", redis->errstr);
	t->len = 0;
	t->bytes[0] = '\0';
	if (with_code && r->type == REDIS_REPLY_ARRAY && r->elements && r->element[0]->type == REDIS_REPLY_INTEGER) {
		text_add(t, code_name((enum code)r->element[0]->integer));
		for (size_t i = 1; i < r->elements; i++) {
			text_add(t, " ");
			text_reply(t, r->element[i]);
		}
	} else {
		text_reply(t, r);
	}
	freeReplyObject(r);
	return t->bytes;
}

/* Cuts `text` into words, in place. Gives how many. */
static int words(char *text, char **to, int most)
{
	int n = 0;

	for (char *save, *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		ck_assert_int_lt(n, most);
		to[n++] = w;
	}
	return n;
}

const char *fcall(const char *function, const char *keys, const char *args, ...)
{
	char key_text[1024], arg_text[4096], names[32][64], count[8], fcall_word[] = "FCALL";
	char *key_words[32], *argv[WORDS_MOST] = {fcall_word, (char *)(uintptr_t)function, count};
	int n;
	va_list ap;

	snprintf(key_text, sizeof(key_text), "%s", keys);
	va_start(ap, args);
	vsnprintf(arg_text, sizeof(arg_text), args, ap);
	va_end(ap);
	n = words(key_text, key_words, 32);
	snprintf(count, sizeof(count), "%d", n);
	for (int i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "usher:{main}:%s", key_words[i]);
		argv[3 + i] = names[i];
	}
	n += 3;
	n += words(arg_text, argv + n, WORDS_MOST - n);
	return ask(n, argv, 1);
}

const char *command(const char *fmt, ...)
{
	char text[4096], *argv[WORDS_MOST];
	int n;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	n = words(text, argv, WORDS_MOST);
	return ask(n, argv, 0);
}

int64_t value(const char *answer, int i)
{
	const char *p = answer;

	for (; i > 0 && *p; p++)
		i -= *p == ' ';
	ck_assert_msg(i == 0, "no such value in: %s", answer);
	return strtoll(p, NULL, 10);
}

int values(const char *answer)
{
	int n = 0;

	for (; *answer; answer++)
		n += *answer == ' ';
	return n;
}

void clock_set(int64_t unix_ms)
{
	is(command("SET usher:test:clock %" PRId64, unix_ms), "OK");
}

void clock_add(int64_t ms)
{
	command("INCRBY usher:test:clock %" PRId64, ms);
}

int64_t clock_now(void)
{
	return value(command("GET usher:test:clock"), 0);
}

const char *configure(struct config c)
{
	return fcall("usher_configure", "queue active rebuild",
		     "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
		     " %" PRId64 " %" PRId64,
		     c.version, c.epoch, c.capacity, c.rate, c.session_seconds, c.claim_seconds, c.paused, c.opens_at,
		     c.created_at, c.return_ms);
}

const char *enter_with(int64_t user, int may_admit, int64_t draw)
{
	return fcall("usher_enter", QUEUE_KEYS " issued", "%" PRId64 " %d %" PRId64, user, may_admit, draw);
}

const char *enter(int64_t user)
{
	return enter_with(user, 1, user);
}

const char *claim_issued(int64_t user, int64_t place, int64_t issued_at)
{
	return fcall("usher_claim", QUEUE_KEYS " through gone", "%" PRId64 " %" PRId64 " %" PRId64, user, place,
		     issued_at);
}

const char *claim(int64_t user, int64_t place)
{
	return claim_issued(user, place, clock_now());
}

const char *leave(int64_t user, int64_t place)
{
	char keys[128];

	snprintf(keys, sizeof(keys), QUEUE_KEYS " through gone holds:%" PRId64, user);
	return fcall("usher_leave", keys, "%" PRId64 " %" PRId64, user, place);
}

const char *admit(int batch, int may_admit)
{
	return fcall("usher_admit", QUEUE_KEYS " through", "%d %d", batch, may_admit);
}

int64_t place_of(int64_t user)
{
	return value(enter(user), 2);
}

static void crowd_read(int count)
{
	for (; count > 0; count--) {
		redisReply *r = NULL;

		ck_assert_int_eq(redisGetReply(redis, (void **)&r), REDIS_OK);
		ck_assert_int_eq(r->type, REDIS_REPLY_ARRAY);
		freeReplyObject(r);
	}
}

void enter_crowd(int64_t first, int count)
{
	static const char *const names[] = {"queue", "waiting", "active", "places", "unclaimed", "admitted", "issued"};
	char keys[7][32];
	int sent = 0;

	for (int i = 0; i < 7; i++)
		snprintf(keys[i], sizeof(keys[i]), "usher:{main}:%s", names[i]);
	for (int i = 0; i < count; i++) {
		redisAppendCommand(redis, "FCALL usher_enter 7 %s %s %s %s %s %s %s %lld 1 0", keys[0], keys[1],
				   keys[2], keys[3], keys[4], keys[5], keys[6], (long long)(first + i));
		if (++sent < 500 && i + 1 < count)
			continue;
		crowd_read(sent);
		sent = 0;
	}
}

int64_t inside(void)
{
	return value(command("ZCARD usher:{main}:active"), 0);
}

int64_t waiting(void)
{
	return value(command("ZCARD usher:{main}:waiting"), 0);
}

const char *hold(int64_t user, int64_t place, const char *seats)
{
	char keys[128];

	snprintf(keys, sizeof(keys), "active places seats:11 holds:%" PRId64 " unrecorded", user);
	return fcall("usher_hold", keys, "%" PRId64 " %" PRId64 " 1 11 4 %" PRId64 " %s", user, place, HOLD_MS, seats);
}
