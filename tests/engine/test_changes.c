/* The log of what became of seats: every function that gives or takes one notes it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

/* How many changes the log of schedule 11 has, and the seats and ends of the last of them. */
static int changes(void)
{
	return atoi(command("XLEN usher:{main}:changes:11"));
}

static const char *last_change(void)
{
	static char text[256];
	const char *from = strstr(command("XREVRANGE usher:{main}:changes:11 + - COUNT 1"), " [");

	snprintf(text, sizeof(text), "%s", from ? from + 2 : "");
	text[strcspn(text, "]")] = '\0';
	return text;
}

#define CHANGES " changes:11"

START_TEST(test_changes_are_noted)
{
	place_of(1);
	place_of(2);
	hold(1, PLACE(1), "5 6");
	is(last_change(), "5 %" PRId64 " 6 %" PRId64, T0 + HOLD_MS, T0 + HOLD_MS);
	hold(2, PLACE(2), "7 6");
	fcall("usher_release", "seats:11 holds:2" CHANGES, "1 11 5 6");
	ck_assert_int_eq(changes(), 1);
	fcall("usher_release", "seats:11 holds:1" CHANGES, "1 11 4 5");
	is(last_change(), "5 0");
	fcall("usher_settle", "queue active places unclaimed seats:11 holds:1" CHANGES, "1 %" PRId64 " 1 11 6",
	      PLACE(1));
	is(last_change(), "6 inf");
	fcall("usher_settle", "queue active places unclaimed seats:11 holds:1" CHANGES, "1 %" PRId64 " 1 11 6",
	      PLACE(1));
	ck_assert_int_eq(changes(), 3);
	fcall("usher_correct", "seats:11" CHANGES, "6 -1 7 1000 8 0 9 -1");
	is(last_change(), "7 %" PRId64 " 9 inf", T0 + 1000);
	fcall("usher_correct", "seats:11" CHANGES, "6 0");
	is(last_change(), "6 0");
	fcall("usher_readmit", "active places seats:11 holds:2 queue waiting unrecorded" CHANGES,
	      "2 %" PRId64 " 1 11 3 60000", PLACE(2));
	is(last_change(), "3 %" PRId64, T0 + 60000);
	fcall("usher_reconcile", "unrecorded seats:11 holds:2" CHANGES, "2 1 11 %" PRId64 " 0 3", T0);
	is(last_change(), "3 0");
	ck_assert_int_eq(changes(), 7);
}
END_TEST

/* Daemons of the version before do not name the log. */
START_TEST(test_changes_of_the_version_before)
{
	place_of(1);
	place_of(2);
	fcall("usher_hold", "active places seats:11 holds:1 unrecorded", "1 %" PRId64 " 1 11 4 1000 5 6", PLACE(1));
	is(last_change(), "5 %" PRId64 " 6 %" PRId64, T0 + 1000, T0 + 1000);
	fcall("usher_release", "seats:11 holds:1", "1 11 5");
	is(last_change(), "5 0");
	fcall("usher_settle", "queue active places unclaimed seats:11 holds:1", "1 %" PRId64 " 1 11 6", PLACE(1));
	is(last_change(), "6 inf");
	fcall("usher_correct", "seats:11", "8 1000");
	is(last_change(), "8 %" PRId64, T0 + 1000);
	fcall("usher_readmit", "active places seats:11 holds:2 queue waiting unrecorded", "2 %" PRId64 " 1 11 3 60000",
	      PLACE(2));
	is(last_change(), "3 %" PRId64, T0 + 60000);
	fcall("usher_reconcile", "unrecorded seats:11 holds:2", "2 1 11 %" PRId64 " 0 3", T0);
	is(last_change(), "3 0");
}
END_TEST

/* No fewer than the newest thousand stay, and not many more. */
START_TEST(test_old_changes_are_forgotten)
{
	for (int i = 0; i < 1500; i++)
		fcall("usher_correct", "seats:11 changes:11", "5 %d", i % 2 - 1);
	ck_assert_int_ge(changes(), 1000);
	ck_assert_int_le(changes(), 1200);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_changes_are_noted, test_changes_of_the_version_before,
				      test_old_changes_are_forgotten, NULL};

	return engine_main("changes", 0, tests);
}
