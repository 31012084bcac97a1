/* The line: places, tokens that stay the same, leaving, draws, settings. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

#define ISSUED T0 /* T0 is a whole second */

START_TEST(test_places_rise_and_order_the_line)
{
	is(enter_with(7, 0, 0), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", PLACE(1), ISSUED);
	is(enter_with(3, 0, 0), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", PLACE(2), ISSUED);
	is(enter_with(9, 0, 0), "WAITING 1 %" PRId64 " %" PRId64 " 3 3", PLACE(3), ISSUED);
	is(command("ZRANGE usher:{main}:waiting 0 -1"), "[7 3 9]");
	is(admit(100, 1), "OK 0 2 0");
	is(command("ZRANGE usher:{main}:waiting 0 -1"), "[9]");
	is(claim(9, PLACE(3)), "WAITING 1");
}
END_TEST

START_TEST(test_entering_again_gives_the_same)
{
	enter(1);
	enter(2);
	clock_add(400);
	is(enter(3), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", PLACE(3), ISSUED);
	clock_add(1700);
	is(enter(4), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", PLACE(4), ISSUED + 2000);
	clock_add(50000);
	is(enter(3), "WAITING 0 %" PRId64 " %" PRId64 " 1 2", PLACE(3), ISSUED);
	is(enter(4), "WAITING 0 %" PRId64 " %" PRId64 " 2 2", PLACE(4), ISSUED + 2000);
	is(enter(1), "ACTIVE 0 %" PRId64 " %" PRId64 " %" PRId64 " 2", PLACE(1), ISSUED, T0 + 600000);
	is(command("HGET usher:{main}:queue entered"), "4");
}
END_TEST

START_TEST(test_issue_time_survives_a_clock_going_back)
{
	const char *first;

	place_of(1);
	place_of(2);
	clock_add(5000);
	place_of(3);
	clock_add(-3000);
	first = enter(4);
	clock_add(20000);
	ck_assert_int_eq(value(enter(4), 2), value(first, 2));
	ck_assert_int_eq(value(enter(4), 3), value(first, 3));
	ck_assert_int_eq(value(enter(3), 3), ISSUED + 5000);
}
END_TEST

START_TEST(test_after_the_end_a_place_at_the_back)
{
	int64_t first = place_of(1);

	enter(2);
	enter(3);
	is(leave(1, first), "OK");
	is(enter(1), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", PLACE(4), ISSUED);
	is(claim(1, first), "TOKEN_EXPIRED");
	is(claim(1, PLACE(4)), "WAITING 2");
	is(leave(1, PLACE(4)), "OK");
	is(enter(1), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", PLACE(5), ISSUED);
}
END_TEST

START_TEST(test_after_an_unswept_session_a_new_place)
{
	place_of(1);
	place_of(2);
	place_of(3);
	clock_add(600000);
	is(enter(1), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", PLACE(4), ISSUED + 600000);
	is(command("ZSCORE usher:{main}:active 1"), "nil");
	is(command("ZSCORE usher:{main}:places 1"), "nil");
	is(claim(1, PLACE(1)), "TOKEN_EXPIRED");
}
END_TEST

START_TEST(test_leaving)
{
	int64_t p[5] = {0};

	for (int user = 1; user <= 4; user++)
		p[user] = place_of(user);
	is(leave(3, p[3]), "OK");
	is(leave(3, p[3]), "TOKEN_EXPIRED");
	is(claim(4, p[4]), "WAITING 1");
	is(leave(1, p[1]), "OK");
	ck_assert_int_eq(inside(), 1);
	is(claim(1, p[1]), "TOKEN_EXPIRED");
	is(admit(10, 1), "OK 0 1 0");
	is(claim(4, p[4]), "ACTIVE %" PRId64, T0 + 600000);
	is(command("HGET usher:{main}:queue left"), "2");
}
END_TEST

START_TEST(test_leaving_names_the_holds)
{
	int64_t place = place_of(1);
	const char *left;

	hold(1, place, "5 6");
	left = leave(1, place);
	ck_assert_int_eq(values(left), 2);
	ck_assert_ptr_nonnull(strstr(left, "1:11:5"));
	ck_assert_ptr_nonnull(strstr(left, "1:11:6"));
}
END_TEST

START_TEST(test_leaving_names_no_lapsed_hold)
{
	int64_t place = place_of(1);

	hold(1, place, "5");
	clock_add(HOLD_MS);
	is(leave(1, place), "OK");
}
END_TEST

START_TEST(test_another_place_is_expired)
{
	int64_t in = place_of(1), line;

	enter(2);
	line = place_of(3);
	for (int64_t off = -1; off <= 1; off += 2) {
		is(claim(1, in + off), "TOKEN_EXPIRED");
		is(claim(3, line + off), "TOKEN_EXPIRED");
		is(leave(1, in + off), "TOKEN_EXPIRED");
		is(leave(3, line + off), "TOKEN_EXPIRED");
	}
	is(claim(4, line), "TOKEN_EXPIRED");
	ck_assert_int_eq(inside(), 2);
	ck_assert_int_eq(waiting(), 1);
}
END_TEST

START_TEST(test_later_epoch_lines_up_behind)
{
	struct config c = CONFIG;

	c.capacity = 1;
	configure(c);
	enter(1);
	enter(2);
	c.version = 3;
	c.epoch = 2;
	is(configure(c), "OK");
	is(enter(3), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", EPOCH(2) + 1, ISSUED);
	/* Someone from before comes back with the old place. */
	command("ZADD usher:{main}:waiting NX %" PRId64 " 4", PLACE(9));
	is(command("ZRANGE usher:{main}:waiting 0 -1"), "[2 4 3]");
	is(claim(4, PLACE(9)), "WAITING 2");
}
END_TEST

START_TEST(test_draws_wait_for_the_doors)
{
	struct config c = CONFIG;

	c.opens_at = T0 + 10000;
	configure(c);
	is(enter_with(1, 1, 4294967296), "SCHEDULED 1 4294967296 %" PRId64 " 1 1", T0);
	is(enter_with(2, 1, 5), "SCHEDULED 1 5 %" PRId64 " 1 2", T0);
	is(enter_with(20, 1, 900), "SCHEDULED 1 900 %" PRId64 " 2 3", T0);
	is(enter_with(10, 1, 900), "SCHEDULED 1 900 %" PRId64 " 2 4", T0);
	is(enter_with(2, 1, 5), "SCHEDULED 0 5 %" PRId64 " 1 4", T0);
	is(claim(10, 900), "SCHEDULED 2");
	clock_set(c.opens_at - 1);
	is(admit(10, 1), "OK 0 0 0");
	clock_set(c.opens_at);
	is(enter(7), "WAITING 1 %" PRId64 " %" PRId64 " 5 5", PLACE(1), c.opens_at);
	is(command("ZRANGE usher:{main}:waiting 0 -1"), "[2 10 20 1 7]");
	is(enter_with(2, 1, 5), "WAITING 0 5 %" PRId64 " 1 5", T0);
	is(admit(10, 1), "OK 0 2 0");
	is(claim(10, 900), "ACTIVE %" PRId64, c.opens_at + 600000);
}
END_TEST

/* Who thinks that the doors are open brings no draw: while they are not, nothing happens. */
START_TEST(test_no_entry_without_a_draw)
{
	struct config c = CONFIG;

	c.opens_at = T0 + 10000;
	configure(c);
	is(enter_with(1, 1, 0), "SCHEDULED");
	is(command("EXISTS usher:{main}:waiting usher:{main}:active"), "0");
	is(command("HGET usher:{main}:queue entered"), "nil");
	enter_with(1, 1, 77);
	is(enter_with(1, 1, 0), "SCHEDULED");
	is(command("ZSCORE usher:{main}:waiting 1"), "77");
	clock_set(c.opens_at);
	is(enter_with(1, 1, 0), "WAITING 0 77 %" PRId64 " 1 1", T0);
	is(enter_with(2, 0, 0), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", PLACE(1), c.opens_at);
}
END_TEST

START_TEST(test_draw_is_the_same_after_leaving)
{
	struct config c = CONFIG;

	c.opens_at = T0 + 10000;
	configure(c);
	enter_with(1, 1, 77);
	is(leave(1, 77), "OK");
	is(claim(1, 77), "TOKEN_EXPIRED");
	is(enter_with(1, 1, 77), "SCHEDULED 1 77 %" PRId64 " 1 1", T0);
}
END_TEST

START_TEST(test_stale_settings_lose)
{
	struct config c = CONFIG, older;

	c.version = 5;
	c.capacity = 7;
	is(configure(c), "OK");
	older = c;
	older.version = 4;
	older.capacity = 1;
	is(configure(older), "STALE");
	older = c;
	older.version = 6;
	older.epoch = 0;
	older.capacity = 1;
	is(configure(older), "STALE");
	is(command("HMGET usher:{main}:queue capacity version epoch"), "[7 5 1]");
	is(configure(c), "OK");
	is(command("HGET usher:{main}:queue capacity"), "7");
}
END_TEST

START_TEST(test_settings_do_not_number_anew)
{
	struct config c = CONFIG;

	place_of(1);
	place_of(2);
	c.version = 9;
	configure(c);
	ck_assert_int_eq(place_of(3), PLACE(3));
	c.version = 10;
	c.epoch = 2;
	configure(c);
	ck_assert_int_eq(place_of(4), EPOCH(2) + 1);
}
END_TEST

START_TEST(test_places_near_2_53_are_exact)
{
	const int64_t last = INT64_C(9007199254740991);
	struct config c = CONFIG;

	c.epoch = 131071;
	c.capacity = 1;
	configure(c);
	command("HSET usher:{main}:queue next %" PRId64, EPOCH(1) - 4);
	is(enter(1), "ACTIVE 1 %" PRId64 " %" PRId64 " %" PRId64 " 0", last - 2, ISSUED, T0 + 600000);
	is(enter(2), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", last - 1, ISSUED);
	is(enter(3), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", last, ISSUED);
	is(enter(3), "WAITING 0 %" PRId64 " %" PRId64 " 2 2", last, ISSUED);
	is(claim(1, last - 1), "TOKEN_EXPIRED");
	is(claim(2, last), "TOKEN_EXPIRED");
	is(claim(3, last), "WAITING 2");
	is(hold(1, last - 2, "5"), "OK %" PRId64, T0 + HOLD_MS);
	is(leave(1, last - 2), "OK 1:11:5");
	is(admit(10, 1), "OK 0 1 0");
	is(claim(2, last - 1), "ACTIVE %" PRId64, T0 + 600000);
	is(fcall("usher_settle", "queue active places unclaimed seats:11 holds:2", "2 %" PRId64 " 1 11 5", last),
	   "OK 0");
	is(fcall("usher_settle", "queue active places unclaimed seats:11 holds:2", "2 %" PRId64 " 1 11 5", last - 1),
	   "OK 1");
}
END_TEST

START_TEST(test_large_round_places_are_exact)
{
	struct config c = CONFIG;

	/* A number that the shortest form would write with an exponent. */
	c.opens_at = T0 + 1000;
	configure(c);
	is(enter_with(1, 1, 4000000000), "SCHEDULED 1 4000000000 %" PRId64 " 1 1", T0);
	is(enter_with(1, 1, 4000000000), "SCHEDULED 0 4000000000 %" PRId64 " 1 1", T0);
	is(claim(1, 4000000000), "SCHEDULED 1");
	clock_add(1000);
	admit(1, 1);
	is(claim(1, 4000000000), "ACTIVE %" PRId64, T0 + 601000);
	is(enter(1), "ACTIVE 0 4000000000 %" PRId64 " %" PRId64 " 0", T0, T0 + 601000);
	is(leave(1, 4000000000), "OK");
}
END_TEST

START_TEST(test_status_shows_the_figures)
{
	const char *s;

	enter(1);
	clock_add(2000);
	enter(2);
	enter(3);
	hold(2, PLACE(2), "5 6");
	clock_add(3000);
	s = fcall("usher_status", QUEUE_KEYS " seats:11 seats:12", " ");
	ck_assert_int_eq(strncmp(s, "OK ", 3), 0);
	ck_assert_int_eq(value(s, 2), T0 + 5000);
	ck_assert_int_eq(value(s, 3), 1);
	ck_assert_int_eq(value(s, 4), 2);
	ck_assert_int_eq(value(s, 5), 0);
	ck_assert_int_eq(value(s, 6), 2);
	ck_assert_int_eq(value(s, 7), 5000);
	ck_assert_ptr_nonnull(strstr(s, " capacity 2 "));
	ck_assert_ptr_nonnull(strstr(s, " entered 3 "));
	ck_assert_ptr_nonnull(strstr(s, "] [2 0]"));
	clock_add(600000);
	s = fcall("usher_status", QUEUE_KEYS, " ");
	ck_assert_int_eq(value(s, 4), 0);
	ck_assert_int_eq(value(s, 6), 0);
	ck_assert_int_eq(value(s, 7), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_places_rise_and_order_the_line,
				      test_entering_again_gives_the_same,
				      test_issue_time_survives_a_clock_going_back,
				      test_after_the_end_a_place_at_the_back,
				      test_after_an_unswept_session_a_new_place,
				      test_leaving,
				      test_leaving_names_the_holds,
				      test_leaving_names_no_lapsed_hold,
				      test_another_place_is_expired,
				      test_later_epoch_lines_up_behind,
				      test_draws_wait_for_the_doors,
				      test_no_entry_without_a_draw,
				      test_draw_is_the_same_after_leaving,
				      test_stale_settings_lose,
				      test_settings_do_not_number_anew,
				      test_places_near_2_53_are_exact,
				      test_large_round_places_are_exact,
				      test_status_shows_the_figures,
				      NULL};

	return engine_main("line", 0, tests);
}
