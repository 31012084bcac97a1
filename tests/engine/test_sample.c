/* What daemons estimate from: samples of the line, who has gone from it, and how far it has come. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

#define GONE "ZRANGE usher:{main}:gone 0 -1 WITHSCORES"
#define REACH "HGET usher:{main}:queue reach"

static const char *sample(int from, int most)
{
	return fcall("usher_sample", "queue waiting", "%d %d", from, most);
}

START_TEST(test_an_empty_line)
{
	is(sample(0, 100), "OK 0 0");
}
END_TEST

/* 10,000 at places that rise unevenly: two samples are never further apart than the header says, every one is
 * true, and the last one is the end. */
START_TEST(test_samples_are_true_and_close)
{
	int rank = 0, from = 0, calls = 0;

	for (int i = 0; i < 10000; i++)
		command("ZADD usher:{main}:waiting %" PRId64 " %d", PLACE(10 * i + i % 7), i + 1);
	do {
		char *answer = strdup(sample(from, 25));
		int n = values(answer);

		ck_assert_int_ge(n, 4);
		from = (int)value(answer, 2);
		for (int i = 3; i < n; i += 2) {
			int64_t next = value(answer, i), place = value(answer, i + 1);
			int step = rank / 128 > 32 ? rank / 128 : 32;

			ck_assert_int_le(next, rank + step);
			ck_assert_int_eq(value(command("ZCOUNT usher:{main}:waiting -inf (%" PRId64, place), 0), next);
			rank = (int)next;
		}
		free(answer);
		calls++;
	} while (from);
	ck_assert_int_eq(rank, 9999);
	ck_assert_int_gt(calls, 5);
}
END_TEST

START_TEST(test_admitted_comes_along)
{
	enter_crowd(1, 10);
	is(sample(0, 10), "OK 2 0 0 %" PRId64 " 7 %" PRId64, PLACE(3), PLACE(10));
}
END_TEST

START_TEST(test_reach_is_the_furthest_place_let_in)
{
	is(command(REACH), "0");
	enter_crowd(1, 10);
	is(command(REACH), "%" PRId64, PLACE(2));
	leave(1, PLACE(1));
	leave(2, PLACE(2));
	clock_add(1000);
	is(admit(10, 1), "OK 0 2 0");
	is(command(REACH), "%" PRId64, PLACE(4));
}
END_TEST

/* Old places that come back stand in front of whom was let in meanwhile: the reach does not shrink. */
START_TEST(test_reach_does_not_shrink)
{
	struct config c = CONFIG;

	c.epoch = 2;
	c.return_ms = 1000;
	is(configure(c), "OK");
	is(command(REACH), "0");
	clock_add(1000);
	enter(50);
	enter(51);
	is(command(REACH), "%" PRId64, EPOCH(2) + 2);
	leave(50, EPOCH(2) + 1);
	is(claim(9, PLACE(9)), "WAITING 1");
	clock_add(1000);
	is(admit(10, 1), "OK 0 1 0");
	is(command(REACH), "%" PRId64, EPOCH(2) + 2);
}
END_TEST

START_TEST(test_who_leaves_is_on_the_list)
{
	enter_crowd(1, 10);
	is(command(GONE), "[]");
	leave(9, PLACE(9));
	is(command(GONE), "[%" PRId64 " 1]", PLACE(9));
	/* The oldest are looked at each time; they stay as long as the line has not passed them. */
	leave(4, PLACE(4));
	is(command(GONE), "[%" PRId64 " 2 %" PRId64 " 3]", PLACE(9), PLACE(4));
	/* Who was inside needs no note. */
	leave(1, PLACE(1));
	is(command(GONE), "[%" PRId64 " 2 %" PRId64 " 3]", PLACE(9), PLACE(4));
}
END_TEST

START_TEST(test_the_list_forgets_whom_the_line_has_passed)
{
	enter_crowd(1, 10);
	leave(4, PLACE(4));
	leave(3, PLACE(3));
	leave(1, PLACE(1));
	leave(2, PLACE(2));
	clock_add(1000);
	is(admit(10, 1), "OK 0 2 0");
	is(command(REACH), "%" PRId64, PLACE(6));
	leave(9, PLACE(9));
	is(command("ZRANGE usher:{main}:gone 0 -1"), "[%" PRId64 "]", PLACE(9));
}
END_TEST

/* A thousand who leave, with the front moving on: the list holds those behind the front and no more. */
START_TEST(test_the_list_is_bounded)
{
	enter_crowd(1, 2000);
	for (int user = 2000; user > 1000; user--)
		leave(user, PLACE(user));
	is(command("ZCARD usher:{main}:gone"), "1000");
	command("HSET usher:{main}:queue reach %" PRId64, PLACE(2000));
	for (int user = 1000; user > 400; user--)
		leave(user, PLACE(user));
	ck_assert_int_le(value(command("ZCARD usher:{main}:gone"), 0), 2);
}
END_TEST

/* One who enters and leaves without end: rather than the list, Redis is asked about everybody so far. */
START_TEST(test_the_list_has_an_end)
{
	enter_crowd(1, 10);
	command("EVAL for%ci=1,1e6%cdo%credis.call('ZADD',KEYS[1],i,2^37+i)%cend 1 usher:{main}:gone", 9, 9, 9, 9);
	leave(9, PLACE(9));
	is(command("EXISTS usher:{main}:gone"), "0");
	is(command(REACH), "%" PRId64, PLACE(10));
	enter(11);
	leave(11, PLACE(11));
	is(command("ZRANGE usher:{main}:gone 0 -1"), "[%" PRId64 "]", PLACE(11));
}
END_TEST

/* The place of before a loss is the better one: the newer one's token is dead and must not be told anything. */
START_TEST(test_a_place_given_up_for_an_older_is_on_the_list)
{
	struct config c = CONFIG;

	c.epoch = 2;
	is(configure(c), "OK");
	enter_with(4, 0, 4);
	is(claim(4, PLACE(4)), "WAITING 1");
	is(command("ZRANGE usher:{main}:gone 0 -1"), "[%" PRId64 "]", EPOCH(2) + 1);
}
END_TEST

/* A caller of the version before names no list: everybody so far has to be asked about. */
START_TEST(test_an_older_caller)
{
	enter_crowd(1, 10);
	is(fcall("usher_leave", QUEUE_KEYS " through holds:9", "9 %" PRId64, PLACE(9)), "OK");
	is(command(REACH), "%" PRId64, PLACE(10));
	is(command("EXISTS usher:{main}:gone"), "0");
}
END_TEST

/* A queue that was set up by the version before has no reach yet: nobody so far is told an estimate, and need not
 * be on the list. */
START_TEST(test_a_queue_of_before)
{
	enter_crowd(1, 10);
	command("HDEL usher:{main}:queue reach");
	leave(9, PLACE(9));
	is(command(GONE), "[]");
	enter(11);
	leave(1, PLACE(1));
	clock_add(1000);
	is(admit(10, 1), "OK 0 1 0");
	/* From now on newcomers are behind it. */
	is(command(REACH), "%" PRId64, PLACE(11));
	enter(12);
	leave(12, PLACE(12));
	is(command("ZRANGE usher:{main}:gone 0 -1"), "[%" PRId64 "]", PLACE(12));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_an_empty_line,
				      test_samples_are_true_and_close,
				      test_admitted_comes_along,
				      test_reach_is_the_furthest_place_let_in,
				      test_reach_does_not_shrink,
				      test_who_leaves_is_on_the_list,
				      test_the_list_forgets_whom_the_line_has_passed,
				      test_the_list_is_bounded,
				      test_the_list_has_an_end,
				      test_a_place_given_up_for_an_older_is_on_the_list,
				      test_an_older_caller,
				      test_a_queue_of_before,
				      NULL};

	return engine_main("sample", 0, tests);
}
