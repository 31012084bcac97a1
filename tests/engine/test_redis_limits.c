/* What holds at the edges: no queue, wrong arguments, no memory, and what a waiting user costs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

/* The functions, with how many keys and arguments they take. */
static const struct function {
	const char *name;
	int keys_least, keys_most, least, most;
} functions[] = {
	{"usher_enter", 7, 7, 3, 3},      {"usher_claim", 7, 8, 3, 3},    {"usher_leave", 7, 9, 2, 2},
	{"usher_admit", 6, 7, 2, 2},      {"usher_status", 6, 99, 0, 0},  {"usher_configure", 3, 3, 10, 10},
	{"usher_hold", 4, 6, 7, 99},      {"usher_release", 2, 3, 3, 99}, {"usher_settle", 6, 7, 5, 99},
	{"usher_correct", 1, 2, 2, 1000}, {"usher_taken", 1, 1, 0, 0},    {"usher_count", 1, 99, 0, 0},
	{"usher_version", 0, 0, 0, 0},    {"usher_readmit", 4, 8, 6, 6},  {"usher_reconcile", 3, 4, 6, 99},
	{"usher_forget", 1, 99, 1, 1},    {"usher_sweep", 6, 6, 1, 1},    {"usher_doubt", 1, 1, 5, 99},
	{"usher_sample", 2, 2, 2, 2},
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static const char *call_with(const struct function *f, int keys, int args)
{
	char key_text[512] = "", arg_text[512] = " ";

	for (int i = 0; i < keys; i++)
		sprintf(key_text + strlen(key_text), "k%d ", i);
	for (int i = 0; i < args; i++)
		strcat(arg_text, "1 ");
	return fcall(f->name, key_text, "%s", arg_text);
}

static void refused(const struct function *f, int keys, int args)
{
	const char *answer = call_with(f, keys, args);

	ck_assert_msg(strncmp(answer, "ERR ", 4) == 0 && strstr(answer, f->name), "%s with %d keys, %d arguments: %s",
		      f->name, keys, args, answer);
	is(command("DBSIZE"), "1"); /* the clock */
}

START_TEST(test_wrong_counts_are_refused)
{
	for (const struct function *f = functions; f < functions + FUNCTIONS; f++) {
		if (f->keys_least > 0)
			refused(f, f->keys_least - 1, f->least);
		if (f->keys_most < 99)
			refused(f, f->keys_most + 1, f->least);
		if (f->least > 0)
			refused(f, f->keys_least, f->least - 1);
		if (f->most < 99)
			refused(f, f->keys_least, f->most + 1);
	}
}
END_TEST

START_TEST(test_every_function_is_in_the_table)
{
	const char *list = command("FUNCTION LIST");
	size_t found = 0;

	for (const char *p = list; (p = strstr(p, "name usher_")); p++)
		found++;
	ck_assert_int_eq(found, FUNCTIONS);
}
END_TEST

START_TEST(test_no_queue)
{
	is(enter(1), "NO_QUEUE");
	is(claim(1, 1), "NO_QUEUE");
	is(admit(10, 1), "NO_QUEUE");
	is(fcall("usher_sweep", QUEUE_KEYS, "10"), "NO_QUEUE");
	is(fcall("usher_status", QUEUE_KEYS, " "), "NO_QUEUE");
	is(leave(1, 1), "TOKEN_EXPIRED");
	is(command("DBSIZE"), "1");
	/* Counters alone do not make a queue. */
	command("HSET usher:{main}:queue paid 1");
	is(enter(1), "NO_QUEUE");
	is(claim(1, 1), "NO_QUEUE");
	is(admit(10, 1), "NO_QUEUE");
	is(fcall("usher_status", QUEUE_KEYS, " "), "NO_QUEUE");
	is(command("DBSIZE"), "2");
}
END_TEST

START_TEST(test_version_names_the_build)
{
	const char *version = command("FCALL usher_version 0");

	ck_assert_int_gt(strtoll(version + 1, NULL, 10), 0);
	ck_assert_int_gt(value(version, 1), 0);
}
END_TEST

static void fill(void)
{
	configure(CONFIG);
	place_of(1);
	place_of(2);
	place_of(3);
	place_of(4);
	is(hold(1, PLACE(1), "5"), "OK %" PRId64, T0 + HOLD_MS);
	is(hold(2, PLACE(2), "6 7"), "OK %" PRId64, T0 + HOLD_MS);
	is(command("CONFIG SET maxmemory 1"), "OK");
}

START_TEST(test_full_redis_lets_nobody_in)
{
	fill();
	ck_assert_int_eq(strncmp(enter(9), "OOM", 3), 0);
	ck_assert_int_eq(strncmp(hold(1, PLACE(1), "9"), "OOM", 3), 0);
	ck_assert_int_eq(waiting(), 2);
	is(fcall("usher_taken", "seats:11", " "), "OK 5 6 7");
	is(fcall("usher_count", "seats:11", " "), "OK 3");
	ck_assert_int_eq(strncmp(fcall("usher_status", QUEUE_KEYS, " "), "OK ", 3), 0);
}
END_TEST

START_TEST(test_full_redis_lets_everybody_out)
{
	fill();
	is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + 600000);
	is(claim(3, PLACE(3)), "WAITING 1");
	is(leave(3, PLACE(3)), "OK");
	is(fcall("usher_release", "seats:11 holds:2", "1 11 6"), "OK 1");
	is(leave(2, PLACE(2)), "OK 1:11:7");
	is(fcall("usher_settle", "queue active places unclaimed seats:11 holds:1", "1 %" PRId64 " 1 11 5", PLACE(1)),
	   "OK 1");
	ck_assert_int_eq(inside(), 0);
	ck_assert_int_eq(waiting(), 1);
}
END_TEST

START_TEST(test_full_redis_still_starts_a_session)
{
	struct config c = CONFIG;

	configure(c);
	enter_with(1, 0, 0);
	admit(10, 1);
	clock_add(1000);
	is(command("CONFIG SET maxmemory 1"), "OK");
	is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + 601000);
}
END_TEST

/* Nobody is let in who could hold no seat, but who is over goes. */
START_TEST(test_full_redis_still_ends_sessions)
{
	fill();
	ck_assert_int_eq(strncmp(admit(10, 1), "OOM", 3), 0);
	is(fcall("usher_sweep", QUEUE_KEYS, "10"), "OK 0 0 0");
	is(command("CONFIG SET maxmemory 0"), "OK");
	clock_add(700000);
	is(command("CONFIG SET maxmemory 1"), "OK");
	is(fcall("usher_sweep", QUEUE_KEYS, "1"), "OK 1 0 1");
	is(fcall("usher_sweep", QUEUE_KEYS, "10"), "OK 1 0 0");
	ck_assert_int_eq(inside(), 0);
	ck_assert_int_eq(waiting(), 2);
	is(command("CONFIG SET maxmemory 0"), "OK");
	is(admit(10, 1), "OK 0 2 0");
}
END_TEST

/* A sale can be steered, and Redis told what MySQL says. */
START_TEST(test_full_redis_is_told_the_truth)
{
	struct config c = CONFIG;

	fill();
	c.version++;
	c.paused = 1;
	is(configure(c), "OK");
	is(command("HGET usher:{main}:queue paused"), "1");
	is(fcall("usher_correct", "seats:11", "5 -1 6 0 8 1000"), "OK 3");
	is(fcall("usher_taken", "seats:11", " "), "OK 8 7 5");
}
END_TEST

static int64_t used_memory(void)
{
	const char *info = command("INFO memory"), *line = strstr(info, "used_memory:");

	ck_assert_ptr_nonnull(line);
	return strtoll(line + strlen("used_memory:"), NULL, 10);
}

#define CROWD 20000
#define CROWD_BYTES 115

START_TEST(test_a_waiting_user_costs_one_entry)
{
	struct config c = CONFIG;
	int64_t keys, before, each;

	c.paused = 1;
	configure(c);
	place_of(1);
	keys = value(command("DBSIZE"), 0);
	before = used_memory();
	enter_crowd(1000001, CROWD);
	each = (used_memory() - before) / CROWD;
	ck_assert_msg(each <= CROWD_BYTES, "a waiting user costs %" PRId64 " bytes", each);
	ck_assert_int_gt(each, 50); /* or nothing was measured */
	ck_assert_int_eq(waiting(), CROWD + 1);
	ck_assert_int_eq(value(command("DBSIZE"), 0), keys);
	ck_assert_int_eq(value(command("ZCARD usher:{main}:issued"), 0), 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_wrong_counts_are_refused,
				      test_every_function_is_in_the_table,
				      test_no_queue,
				      test_version_names_the_build,
				      test_full_redis_lets_nobody_in,
				      test_full_redis_lets_everybody_out,
				      test_full_redis_still_starts_a_session,
				      test_full_redis_still_ends_sessions,
				      test_full_redis_is_told_the_truth,
				      test_a_waiting_user_costs_one_entry,
				      NULL};

	return engine_main("redis-limits", 1, tests);
}
