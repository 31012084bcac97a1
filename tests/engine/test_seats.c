/* Seats: holding all or none, limits, letting go, paying, and being corrected by MySQL. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

static const char *taken(void)
{
	return fcall("usher_taken", "seats:11", " ");
}

static const char *release(int user, const char *seats)
{
	char keys[64];

	snprintf(keys, sizeof(keys), "seats:11 holds:%d", user);
	return fcall("usher_release", keys, "1 11 %s", seats);
}

static const char *settle(int user, int64_t place, const char *seats)
{
	char keys[128];

	snprintf(keys, sizeof(keys), "queue active places unclaimed seats:11 holds:%d", user);
	return fcall("usher_settle", keys, "%d %" PRId64 " 1 11 %s", user, place, seats);
}

static const char *correct(const char *what)
{
	return fcall("usher_correct", "seats:11", "%s", what);
}

static void two_inside(void)
{
	ck_assert_int_eq(place_of(1), PLACE(1));
	ck_assert_int_eq(place_of(2), PLACE(2));
}

START_TEST(test_hold_takes_all_or_none)
{
	two_inside();
	is(hold(1, PLACE(1), "5 6"), "OK %" PRId64, T0 + HOLD_MS);
	is(hold(2, PLACE(2), "7 6 8"), "SEAT_TAKEN 6");
	is(hold(2, PLACE(2), "6 7 5"), "SEAT_TAKEN 6 5");
	is(taken(), "OK 5 6");
	is(command("EXISTS usher:{main}:holds:2"), "0");
	is(hold(2, PLACE(2), "7 8"), "OK %" PRId64, T0 + HOLD_MS);
	is(taken(), "OK 5 6 7 8");
	is(command("ZSCORE usher:{main}:seats:11 5"), "%" PRId64, T0 + HOLD_MS);
}
END_TEST

START_TEST(test_hold_again_is_held_already)
{
	two_inside();
	hold(1, PLACE(1), "5 6");
	clock_add(1000);
	is(hold(1, PLACE(1), "6 5"), "HELD_ALREADY %" PRId64, (int64_t)HOLD_MS - 1000);
	is(hold(1, PLACE(1), "5"), "HELD_ALREADY %" PRId64, (int64_t)HOLD_MS - 1000);
	is(hold(1, PLACE(1), "5 7"), "SEAT_TAKEN 5");
	is(hold(2, PLACE(2), "5 6"), "SEAT_TAKEN 5 6");
	is(command("ZSCORE usher:{main}:seats:11 5"), "%" PRId64, T0 + HOLD_MS);
}
END_TEST

START_TEST(test_hold_needs_a_session_with_that_place)
{
	two_inside();
	place_of(3);
	is(hold(3, PLACE(3), "5"), "TOKEN_EXPIRED");
	is(hold(1, PLACE(2), "5"), "TOKEN_EXPIRED");
	is(hold(1, PLACE(1) - 1, "5"), "TOKEN_EXPIRED");
	is(hold(9, PLACE(1), "5"), "TOKEN_EXPIRED");
	is(command("EXISTS usher:{main}:seats:11"), "0");
	clock_add(600000);
	is(hold(1, PLACE(1), "5"), "TOKEN_EXPIRED");
	is(command("EXISTS usher:{main}:seats:11 usher:{main}:holds:1"), "0");
}
END_TEST

START_TEST(test_limit_is_the_concerts)
{
	two_inside();
	is(hold(1, PLACE(1), "1 2 3 4 5"), "SEAT_LIMIT");
	is(hold(1, PLACE(1), "1 2 3"), "OK %" PRId64, T0 + HOLD_MS);
	is(hold(1, PLACE(1), "4 5"), "SEAT_LIMIT");
	is(taken(), "OK 1 2 3");
	/* Another schedule of the same concert counts along, another concert does not, even one whose
	 * number begins the same. */
	is(fcall("usher_hold", "active places seats:12 holds:1", "1 %" PRId64 " 1 12 4 1000 1 2", PLACE(1)),
	   "SEAT_LIMIT");
	is(fcall("usher_hold", "active places seats:21 holds:1", "1 %" PRId64 " 10 21 4 1000 1 2 3 4", PLACE(1)),
	   "OK %" PRId64, T0 + 1000);
	is(fcall("usher_hold", "active places seats:12 holds:1", "1 %" PRId64 " 1 12 4 1000 1", PLACE(1)),
	   "OK %" PRId64, T0 + 1000);
	is(hold(1, PLACE(1), "4"), "SEAT_LIMIT");
	is(hold(2, PLACE(2), "4 5 6 7"), "OK %" PRId64, T0 + HOLD_MS);
}
END_TEST

START_TEST(test_taken_comes_before_the_limit)
{
	two_inside();
	hold(1, PLACE(1), "1");
	is(hold(2, PLACE(2), "1 2 3 4 5"), "SEAT_TAKEN 1");
}
END_TEST

START_TEST(test_lapsed_hold_is_free)
{
	two_inside();
	hold(1, PLACE(1), "1 2 3 4");
	clock_add(HOLD_MS - 1);
	is(hold(2, PLACE(2), "1"), "SEAT_TAKEN 1");
	is(fcall("usher_count", "seats:11 seats:12", " "), "OK 4 0");
	clock_add(1);
	is(taken(), "OK");
	is(fcall("usher_count", "seats:11 seats:12", " "), "OK 0 0");
	is(hold(2, PLACE(2), "1"), "OK %" PRId64, T0 + 2 * HOLD_MS);
	is(taken(), "OK 1");
	/* It is not counted either, and what stands in its way is another's. */
	is(hold(1, PLACE(1), "1 2"), "SEAT_TAKEN 1");
	is(hold(1, PLACE(1), "5 6 7 8"), "OK %" PRId64, T0 + 2 * HOLD_MS);
	ck_assert_int_eq(value(command("ZCARD usher:{main}:holds:1"), 0), 4);
}
END_TEST

START_TEST(test_holds_are_forgotten_with_the_last_of_them)
{
	two_inside();
	hold(1, PLACE(1), "1");
	is(command("PEXPIRETIME usher:{main}:holds:1"), "%" PRId64, T0 + HOLD_MS);
	fcall("usher_hold", HOLD_KEYS(1), "1 %" PRId64 " 1 11 4 1000 2", PLACE(1));
	is(command("PEXPIRETIME usher:{main}:holds:1"), "%" PRId64, T0 + HOLD_MS);
	clock_add(500);
	hold(1, PLACE(1), "3");
	is(command("PEXPIRETIME usher:{main}:holds:1"), "%" PRId64, T0 + 500 + HOLD_MS);
}
END_TEST

START_TEST(test_release_frees_at_once)
{
	two_inside();
	hold(1, PLACE(1), "5 6 7");
	is(release(1, "5 6"), "OK 2");
	is(taken(), "OK 7");
	is(release(1, "5 6"), "OK 0");
	is(hold(2, PLACE(2), "5 6"), "OK %" PRId64, T0 + HOLD_MS);
	is(hold(1, PLACE(1), "1 2 3"), "OK %" PRId64, T0 + HOLD_MS);
}
END_TEST

START_TEST(test_release_leaves_anothers_seat)
{
	two_inside();
	hold(1, PLACE(1), "5");
	is(release(2, "5"), "OK 0");
	is(taken(), "OK 5");
	/* The hold lapsed and the seat went to somebody else. */
	clock_add(HOLD_MS);
	hold(2, PLACE(2), "5");
	is(release(1, "5"), "OK 0");
	is(taken(), "OK 5");
	is(hold(1, PLACE(1), "5"), "SEAT_TAKEN 5");
}
END_TEST

START_TEST(test_release_leaves_what_a_correction_gave_away)
{
	two_inside();
	hold(1, PLACE(1), "5 6");
	is(correct("5 0 6 -1"), "OK 2");
	clock_add(1000);
	is(hold(2, PLACE(2), "5"), "OK %" PRId64, T0 + 1000 + HOLD_MS);
	is(release(1, "5 6"), "OK 0");
	is(taken(), "OK 5 6");
	is(hold(1, PLACE(1), "6"), "SEAT_TAKEN 6");
}
END_TEST

START_TEST(test_release_leaves_what_is_paid)
{
	two_inside();
	hold(1, PLACE(1), "5");
	settle(1, PLACE(1), "5");
	is(release(1, "5"), "OK 0");
	is(taken(), "OK 5");
}
END_TEST

START_TEST(test_settle_ends_the_session_that_paid)
{
	two_inside();
	place_of(3);
	hold(1, PLACE(1), "5 6");
	is(settle(1, PLACE(1), "5 6"), "OK 1");
	is(claim(1, PLACE(1)), "TOKEN_EXPIRED");
	is(command("ZSCORE usher:{main}:places 1"), "nil");
	is(command("ZCARD usher:{main}:holds:1"), "0");
	is(command("ZMSCORE usher:{main}:seats:11 5 6"), "[inf inf]");
	is(admit(10, 1), "OK 0 1 0");
	clock_add(INT64_C(1000) * 86400 * 365);
	is(taken(), "OK 5 6");
}
END_TEST

START_TEST(test_settle_again_changes_nothing)
{
	int64_t later;

	two_inside();
	hold(1, PLACE(1), "5");
	is(settle(1, PLACE(1), "5"), "OK 1");
	is(settle(1, PLACE(1), "5"), "OK 0");
	later = place_of(1);
	hold(1, later, "6");
	is(settle(1, PLACE(1), "5"), "OK 0");
	is(claim(1, later), "ACTIVE %" PRId64, T0 + 600000);
	is(taken(), "OK 6 5");
	is(release(1, "6"), "OK 1");
	is(command("HGET usher:{main}:queue paid"), "1");
}
END_TEST

START_TEST(test_settle_spares_a_place_in_line)
{
	two_inside();
	hold(1, PLACE(1), "5");
	leave(1, PLACE(1));
	place_of(3);
	place_of(4);
	is(enter(1), "WAITING 1 %" PRId64 " %" PRId64 " 2 2", PLACE(5), T0);
	is(settle(1, PLACE(1), "5"), "OK 0");
	is(claim(1, PLACE(5)), "WAITING 2");
	is(taken(), "OK 5");
}
END_TEST

START_TEST(test_settle_after_the_hold_has_lapsed)
{
	two_inside();
	hold(1, PLACE(1), "5");
	clock_add(600000);
	is(settle(1, PLACE(1), "5"), "OK 1");
	is(taken(), "OK 5");
	ck_assert_int_eq(inside(), 1);
}
END_TEST

START_TEST(test_correct_says_what_mysql_says)
{
	two_inside();
	is(correct("1 1000 2 -1 3 0"), "OK 2");
	is(taken(), "OK 1 2");
	is(correct("1 1000 2 -1 3 0"), "OK 0");
	is(command("ZMSCORE usher:{main}:seats:11 1 2 3"), "[%" PRId64 " inf nil]", T0 + 1000);
	is(hold(1, PLACE(1), "1 2"), "SEAT_TAKEN 1 2");
	clock_add(1000);
	is(taken(), "OK 2");
}
END_TEST

START_TEST(test_correct_never_shortens)
{
	two_inside();
	hold(1, PLACE(1), "1");
	is(correct("1 1000 2 -1"), "OK 1");
	is(command("ZSCORE usher:{main}:seats:11 1"), "%" PRId64, T0 + HOLD_MS);
	is(correct("2 1000"), "OK 0");
	is(command("ZSCORE usher:{main}:seats:11 2"), "inf");
	is(correct("1 -1"), "OK 1"); /* held, but paid by now */
	is(correct("1 0 2 0"), "OK 2");
	is(taken(), "OK");
}
END_TEST

START_TEST(test_correct_refuses_half_a_pair_untouched)
{
	ck_assert_ptr_nonnull(strstr(correct("1 -1 2"), "wrong number of arguments"));
	is(taken(), "OK");
}
END_TEST

static const char *reconcile(int user, int64_t held_at, int recorded, const char *seats)
{
	char keys[64];

	snprintf(keys, sizeof(keys), "unrecorded seats:11 holds:%d", user);
	return fcall("usher_reconcile", keys, "%d 1 11 %" PRId64 " %d %s", user, held_at, recorded, seats);
}

START_TEST(test_holds_are_listed_until_they_are_recorded)
{
	two_inside();
	hold(1, PLACE(1), "5 6");
	is(command("ZRANGE usher:{main}:unrecorded 0 -1 WITHSCORES"), "[1:1:11:5 %" PRId64 " 1:1:11:6 %" PRId64 "]", T0,
	   T0);
	is(hold(1, PLACE(1), "5"), "HELD_ALREADY %" PRId64, (int64_t)HOLD_MS);
	is(hold(2, PLACE(2), "5 7"), "SEAT_TAKEN 5");
	is(command("ZCARD usher:{main}:unrecorded"), "2");
	is(reconcile(1, T0, 1, "5"), "OK 1 0");
	is(taken(), "OK 5 6");
	is(command("ZRANGE usher:{main}:unrecorded 0 -1"), "[1:1:11:6]");
}
END_TEST

START_TEST(test_abandoned_hold_is_freed)
{
	two_inside();
	hold(1, PLACE(1), "5 6");
	is(reconcile(1, T0, 0, "5 6"), "OK 2 2");
	is(taken(), "OK");
	is(command("EXISTS usher:{main}:holds:1 usher:{main}:unrecorded"), "0");
	is(reconcile(1, T0, 0, "5 6"), "OK 0 0");
	is(hold(2, PLACE(2), "5 6"), "OK %" PRId64, T0 + HOLD_MS);
}
END_TEST

/* Whoever recorded it in between, or took it anew, wins. */
START_TEST(test_only_what_was_read_is_freed)
{
	two_inside();
	hold(1, PLACE(1), "5 6");
	command("ZREM usher:{main}:unrecorded 1:1:11:5");
	is(reconcile(1, T0, 0, "5"), "OK 0 0");
	release(1, "6");
	clock_add(1000);
	is(hold(1, PLACE(1), "6"), "OK %" PRId64, T0 + 1000 + HOLD_MS);
	is(reconcile(1, T0, 0, "6"), "OK 0 0");
	is(reconcile(1, T0, 1, "6"), "OK 0 0");
	is(taken(), "OK 5 6");
	is(command("ZCARD usher:{main}:unrecorded"), "1");
	is(reconcile(1, T0 + 1000, 0, "6"), "OK 1 1");
	is(taken(), "OK 5");
}
END_TEST

/* The entry has outlived its hold, and the seat is another's or paid. */
START_TEST(test_abandoned_entry_frees_nobody_elses_seat)
{
	two_inside();
	hold(1, PLACE(1), "5 6 7");
	release(1, "5");
	clock_add(1000);
	hold(2, PLACE(2), "5");
	correct("6 -1");
	is(reconcile(1, T0, 0, "5 6 7"), "OK 3 1");
	is(taken(), "OK 5 6");
	clock_add(HOLD_MS);
	is(reconcile(2, T0 + 1000, 0, "5"), "OK 1 0"); /* over by itself */
}
END_TEST

/* A daemon of the version before holds without the list. */
START_TEST(test_hold_without_the_list)
{
	two_inside();
	is(fcall("usher_hold", "active places seats:11 holds:1", "1 %" PRId64 " 1 11 4 1000 5", PLACE(1)),
	   "OK %" PRId64, T0 + 1000);
	is(command("EXISTS usher:{main}:unrecorded"), "0");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_hold_takes_all_or_none,
				      test_hold_again_is_held_already,
				      test_hold_needs_a_session_with_that_place,
				      test_limit_is_the_concerts,
				      test_taken_comes_before_the_limit,
				      test_lapsed_hold_is_free,
				      test_holds_are_forgotten_with_the_last_of_them,
				      test_release_frees_at_once,
				      test_release_leaves_anothers_seat,
				      test_release_leaves_what_a_correction_gave_away,
				      test_release_leaves_what_is_paid,
				      test_settle_ends_the_session_that_paid,
				      test_settle_again_changes_nothing,
				      test_settle_spares_a_place_in_line,
				      test_settle_after_the_hold_has_lapsed,
				      test_correct_says_what_mysql_says,
				      test_correct_never_shortens,
				      test_correct_refuses_half_a_pair_untouched,
				      test_holds_are_listed_until_they_are_recorded,
				      test_abandoned_hold_is_freed,
				      test_only_what_was_read_is_freed,
				      test_abandoned_entry_frees_nobody_elses_seat,
				      test_hold_without_the_list,
				      NULL};

	return engine_main("seats", 0, tests);
}
