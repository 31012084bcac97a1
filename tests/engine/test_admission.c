/* Admission: capacity, rate, claims, sessions that end, pauses, and a random walk over all of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/engine.h"

#define SESSION 600000
#define CLAIM 60000

START_TEST(test_admitted_at_once_only_past_an_empty_line)
{
	is(enter(1), "ACTIVE 1 %" PRId64 " %" PRId64 " %" PRId64 " 0", PLACE(1), T0, T0 + SESSION);
	is(enter(2), "ACTIVE 1 %" PRId64 " %" PRId64 " %" PRId64 " 0", PLACE(2), T0, T0 + SESSION);
	is(enter(3), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", PLACE(3), T0);
	is(leave(1, PLACE(1)), "OK");
	is(enter(4), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", PLACE(4), T0);
	is(enter(3), "WAITING 0 %" PRId64 " %" PRId64 " 1 2", PLACE(3), T0);
	ck_assert_int_eq(inside(), 1);
}
END_TEST

START_TEST(test_entering_makes_room_of_sessions_that_are_over)
{
	enter(1);
	enter(2);
	clock_add(SESSION - 1);
	is(enter(3), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", PLACE(3), T0 + SESSION - 1000);
	leave(3, PLACE(3));
	clock_add(1);
	is(enter(3), "ACTIVE 1 %" PRId64 " %" PRId64 " %" PRId64 " 0", PLACE(4), T0 + SESSION, T0 + 2 * SESSION);
	ck_assert_int_eq(inside(), 1);
}
END_TEST

START_TEST(test_nobody_enters_while_mysql_is_away)
{
	is(enter_with(1, 0, 0), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", PLACE(1), T0);
	is(admit(10, 0), "OK 0 0 0");
	is(admit(10, 1), "OK 0 1 0");
	clock_add(CLAIM);
	enter_with(2, 0, 0);
	is(fcall("usher_sweep", QUEUE_KEYS, "10"), "OK 1 0 0");
	is(admit(10, 0), "OK 0 0 0");
	ck_assert_int_eq(inside(), 0);
	ck_assert_int_eq(waiting(), 1);
}
END_TEST

START_TEST(test_paused_admits_nobody)
{
	struct config c = CONFIG;

	enter(1);
	c.paused = 1;
	configure(c);
	is(enter(2), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", PLACE(2), T0);
	is(admit(10, 1), "OK 0 0 0");
	clock_add(SESSION);
	is(admit(10, 1), "OK 1 0 0");
	c.paused = 0;
	c.version++;
	configure(c);
	is(admit(10, 1), "OK 0 1 0");
}
END_TEST

START_TEST(test_doors_closed_again_admit_nobody)
{
	struct config c = CONFIG;

	enter_with(1, 0, 0);
	c.opens_at = T0 + 1;
	configure(c);
	is(claim(1, PLACE(1)), "SCHEDULED 1");
	is(admit(10, 1), "OK 0 0 0");
	clock_add(1);
	is(admit(10, 1), "OK 0 1 0");
}
END_TEST

START_TEST(test_claim_starts_the_session)
{
	enter_with(1, 0, 0);
	admit(10, 1);
	ck_assert_int_eq(value(command("SCARD usher:{main}:unclaimed"), 0), 1);
	clock_add(CLAIM - 1);
	is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + CLAIM - 1 + SESSION);
	ck_assert_int_eq(value(command("SCARD usher:{main}:unclaimed"), 0), 0);
	clock_add(1000);
	is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + CLAIM - 1 + SESSION);
	is(admit(10, 1), "OK 0 0 0");
	is(command("HGET usher:{main}:queue noShows"), "nil");
}
END_TEST

START_TEST(test_entering_again_is_a_claim)
{
	enter_with(1, 0, 0);
	admit(10, 1);
	clock_add(1000);
	is(enter(1), "ACTIVE 0 %" PRId64 " %" PRId64 " %" PRId64 " 0", PLACE(1), T0, T0 + 1000 + SESSION);
	clock_add(1000);
	is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + 1000 + SESSION);
}
END_TEST

START_TEST(test_no_show_loses_the_slot)
{
	for (int user = 1; user <= 3; user++)
		enter_with(user, 0, 0);
	is(admit(10, 1), "OK 0 2 0");
	claim(2, PLACE(2));
	clock_add(CLAIM - 1);
	is(admit(10, 1), "OK 0 0 0");
	clock_add(1);
	is(claim(1, PLACE(1)), "TOKEN_EXPIRED");
	is(admit(10, 1), "OK 1 1 0");
	is(command("ZRANGE usher:{main}:active 0 -1"), "[3 2]");
	is(command("SMEMBERS usher:{main}:unclaimed"), "[3]");
	is(command("ZSCORE usher:{main}:places 1"), "nil");
	is(command("HGET usher:{main}:queue noShows"), "1");
}
END_TEST

START_TEST(test_no_show_who_comes_back_counts_once)
{
	enter_with(1, 0, 0);
	admit(10, 1);
	clock_add(CLAIM);
	is(enter(1), "ACTIVE 1 %" PRId64 " %" PRId64 " %" PRId64 " 0", PLACE(2), T0 + CLAIM, T0 + CLAIM + SESSION);
	admit(10, 1);
	is(command("HGET usher:{main}:queue noShows"), "1");
	ck_assert_int_eq(inside(), 1);
}
END_TEST

START_TEST(test_activity_does_not_extend)
{
	enter(1);
	for (int i = 0; i < 9; i++) {
		clock_add(SESSION / 10);
		is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + SESSION);
		ck_assert_int_eq(value(enter(1), 4), T0 + SESSION);
	}
	clock_set(T0 + SESSION - 1);
	is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + SESSION);
	clock_set(T0 + SESSION);
	is(claim(1, PLACE(1)), "TOKEN_EXPIRED");
	is(leave(1, PLACE(1)), "TOKEN_EXPIRED");
	is(hold(1, PLACE(1), "5"), "TOKEN_EXPIRED");
	is(admit(10, 1), "OK 1 0 0");
}
END_TEST

START_TEST(test_hold_extends_to_its_end)
{
	enter(1);
	is(hold(1, PLACE(1), "5"), "OK %" PRId64, T0 + HOLD_MS);
	is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + SESSION);
	clock_add(SESSION - 1);
	is(hold(1, PLACE(1), "6"), "OK %" PRId64, T0 + SESSION - 1 + HOLD_MS);
	is(claim(1, PLACE(1)), "ACTIVE %" PRId64, T0 + SESSION - 1 + HOLD_MS);
	clock_add(HOLD_MS - 1);
	is(admit(10, 1), "OK 0 0 0");
	clock_add(1);
	is(admit(10, 1), "OK 1 0 0");
}
END_TEST

START_TEST(test_waiting_is_never_dropped)
{
	enter_with(1, 0, 0);
	clock_add(INT64_C(30) * 86400 * 1000);
	admit(1000, 0);
	is(claim(1, PLACE(1)), "WAITING 1");
}
END_TEST

START_TEST(test_lowered_capacity_throws_nobody_out)
{
	struct config c = CONFIG;

	c.capacity = 4;
	configure(c);
	for (int user = 1; user <= 5; user++)
		enter(user);
	c.capacity = 2;
	c.version++;
	configure(c);
	ck_assert_int_eq(inside(), 4);
	is(command("HGET usher:{main}:queue ceiling"), "4");
	leave(1, PLACE(1));
	is(admit(10, 1), "OK 0 0 0");
	is(command("HGET usher:{main}:queue ceiling"), "4");
	leave(2, PLACE(2));
	is(admit(10, 1), "OK 0 0 0");
	is(command("HGET usher:{main}:queue ceiling"), "2");
	leave(3, PLACE(3));
	is(admit(10, 1), "OK 0 1 0");
	ck_assert_int_eq(inside(), 2);
}
END_TEST

START_TEST(test_rate_counts_who_entered_at_once)
{
	struct config c = CONFIG;

	c.capacity = 100;
	c.rate = 3;
	configure(c);
	for (int user = 1; user <= 3; user++)
		ck_assert_int_eq(value(enter(user), 4), T0 + SESSION);
	is(enter(4), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", PLACE(4), T0);
	clock_add(999);
	is(admit(10, 1), "OK 0 0 0");
	clock_add(1);
	is(admit(10, 1), "OK 0 1 0");
}
END_TEST

START_TEST(test_rate_window_slides)
{
	struct config c = CONFIG;

	c.capacity = 100;
	c.rate = 4;
	configure(c);
	for (int user = 1; user <= 20; user++)
		enter_with(user, 0, 0);
	is(admit(1, 1), "OK 0 1 1");
	clock_add(900);
	is(admit(10, 1), "OK 0 3 0");
	clock_add(100); /* the first is a second ago: room for one, not for four */
	is(admit(10, 1), "OK 0 1 0");
	clock_add(899);
	is(admit(10, 1), "OK 0 0 0");
	clock_add(1);
	is(admit(10, 1), "OK 0 3 0");
}
END_TEST

START_TEST(test_work_is_bounded_by_the_batch)
{
	struct config c = CONFIG;

	c.capacity = c.rate = 1000;
	configure(c);
	for (int user = 1; user <= 100; user++)
		enter_with(user, 0, 0);
	is(admit(30, 1), "OK 0 30 1");
	ck_assert_int_eq(waiting(), 70);
	is(admit(1000, 1), "OK 0 70 0");
	clock_add(CLAIM);
	for (int user = 101; user <= 130; user++)
		enter_with(user, 0, 0);
	is(admit(40, 1), "OK 40 30 1");
	ck_assert_int_eq(inside(), 90);
	is(admit(40, 1), "OK 40 0 1");
	is(admit(40, 1), "OK 20 0 0");
}
END_TEST

START_TEST(test_forgetting_admissions_is_bounded_too)
{
	int calls = 0;

	for (int i = 0; i < 1000; i++)
		command("ZADD usher:{main}:admitted %d old%d", i, i);
	ck_assert_int_eq(value(command("ZCARD usher:{main}:admitted"), 0), 1000);
	admit(10, 1);
	ck_assert_int_ge(value(command("ZCARD usher:{main}:admitted"), 0), 900);
	for (; calls < 1000 && value(command("ZCARD usher:{main}:admitted"), 0) > 0; calls++)
		admit(10, 1);
	ck_assert_int_lt(calls, 1000);
}
END_TEST

/* The random walk. */
#define USERS 60
#define WALK_STEPS 2000

struct walk {
	unsigned seed;
	int64_t now, counted, place[USERS + 1], at[WALK_STEPS * 20];
	int admissions;
	struct config config;
};

static unsigned dice(struct walk *w, unsigned sides)
{
	return (unsigned)rand_r(&w->seed) % sides;
}

static void walk_act(struct walk *w)
{
	int64_t user = 1 + dice(w, USERS);

	switch (dice(w, 8)) {
	case 0:
	case 1:
	case 2:
		w->place[user] = value(enter_with(user, dice(w, 4) > 0, 0), 2);
		break;
	case 3:
		leave(user, w->place[user]);
		break;
	case 4:
		claim(user, w->place[user]);
		break;
	case 5:
		hold(user, w->place[user], "1 2");
		break;
	default:
		admit(1 + (int)dice(w, 5), dice(w, 5) > 0);
	}
}

/* The figures of one instant: admitted so far, inside, with a place, unclaimed, of these inside,
 * both inside and in line. */
#define FIGURES                                                                                                        \
	"EVAL return{redis.call('HGET',KEYS[1],'admitted')or'0',redis.call('ZCARD',KEYS[2]),"                          \
	"redis.call('ZCARD',KEYS[3]),redis.call('SCARD',KEYS[4]),redis.call('ZINTERCARD',2,KEYS[4],KEYS[2]),"          \
	"redis.call('ZINTERCARD',2,KEYS[5],KEYS[2])} 5 usher:{main}:queue usher:{main}:active usher:{main}:places "    \
	"usher:{main}:unclaimed usher:{main}:waiting"

/* Books the admissions of the step just made and looks at the second that ends with it. */
static void walk_check(struct walk *w)
{
	const char *figures = command(FIGURES);
	int64_t total = strtoll(figures + 1, NULL, 10), live = value(figures, 1);
	int recent = 0;

	for (; w->counted < total; w->counted++)
		w->at[w->admissions++] = w->now;
	for (int i = w->admissions - 1; i >= 0 && w->at[i] > w->now - 1000; i--)
		recent++;
	ck_assert_int_le(recent, w->config.rate);
	ck_assert_int_le(live, w->config.capacity);
	ck_assert_int_eq(value(figures, 2), live);
	ck_assert_int_eq(value(figures, 4), value(figures, 3));
	ck_assert_int_eq(value(figures, 5), 0);
}

/* Who is next never has a lower place than anybody who was let in from the line. */
static void walk_order(void)
{
	int64_t before = value(command("HGET usher:{main}:queue admitted"), 0);
	int64_t first = strtoll(command("ZRANGE usher:{main}:waiting 0 0") + 1, NULL, 10);

	admit(1, 1);
	if (value(command("HGET usher:{main}:queue admitted"), 0) > before)
		ck_assert_str_ne(command("ZSCORE usher:{main}:places %" PRId64, first), "nil");
}

static void walk(int wide)
{
	struct walk *w = calloc(1, sizeof(*w));

	ck_assert_ptr_nonnull(w);
	w->seed = 20261224u + (unsigned)wide;
	w->config = CONFIG;
	w->config.capacity = 3 + wide * 9;
	w->config.rate = 2 + wide * 3;
	w->config.session_seconds = 3;
	w->config.claim_seconds = 1;
	configure(w->config);
	w->now = T0;
	for (int step = 0; step < WALK_STEPS; step++) {
		if (dice(w, 3) == 0)
			clock_set(w->now += dice(w, 2) ? dice(w, 20) : dice(w, 700));
		walk_act(w);
		walk_check(w);
		if (step % 50 == 0) {
			command("DEL usher:{main}:seats:11");
			walk_order();
			walk_check(w);
		}
	}
	/* The walk must have met the limits, or it has shown nothing. */
	ck_assert_int_gt(w->admissions, WALK_STEPS / 20);
	free(w);
}

START_TEST(test_random_walk_through_a_narrow_door)
{
	walk(0);
}
END_TEST

START_TEST(test_random_walk_through_a_wide_door)
{
	walk(1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_admitted_at_once_only_past_an_empty_line,
				      test_entering_makes_room_of_sessions_that_are_over,
				      test_nobody_enters_while_mysql_is_away,
				      test_paused_admits_nobody,
				      test_doors_closed_again_admit_nobody,
				      test_claim_starts_the_session,
				      test_entering_again_is_a_claim,
				      test_no_show_loses_the_slot,
				      test_no_show_who_comes_back_counts_once,
				      test_activity_does_not_extend,
				      test_hold_extends_to_its_end,
				      test_waiting_is_never_dropped,
				      test_lowered_capacity_throws_nobody_out,
				      test_rate_counts_who_entered_at_once,
				      test_rate_window_slides,
				      test_work_is_bounded_by_the_batch,
				      test_forgetting_admissions_is_bounded_too,
				      test_random_walk_through_a_narrow_door,
				      test_random_walk_through_a_wide_door,
				      NULL};

	return engine_main("admission", 0, tests);
}
