/* Redis was lost: who comes back where, who stays out, and who is inside again. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

#define ISSUED T0 /* T0 is a whole second */

/* Redis is lost: nothing is left, and the queue is made anew with the next epoch. */
static void lose_everything(int64_t epoch)
{
	struct config c = CONFIG;

	command("DEL usher:{main}:queue usher:{main}:waiting usher:{main}:active usher:{main}:places"
		" usher:{main}:unclaimed usher:{main}:admitted usher:{main}:issued");
	c.epoch = epoch;
	c.return_ms = 5000;
	is(configure(c), "OK");
}

START_TEST(test_old_places_come_back_in_order)
{
	lose_everything(2);
	is(enter(50), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", EPOCH(2) + 1, ISSUED);
	is(claim(8, PLACE(8)), "WAITING 1");
	is(claim(4, PLACE(4)), "WAITING 1");
	is(claim(6, PLACE(6)), "WAITING 2");
	is(command("ZRANGE usher:{main}:waiting 0 -1"), "[4 6 8 50]");
	is(claim(4, PLACE(4)), "WAITING 1");
}
END_TEST

START_TEST(test_who_was_through_stays_out)
{
	lose_everything(2);
	command("SADD usher:{main}:through %" PRId64 ":1", PLACE(1));
	is(claim(1, PLACE(1)), "TOKEN_EXPIRED");
	is(claim(2, PLACE(2)), "WAITING 1");
	/* A place of the epoch in force is no old place. */
	is(claim(3, EPOCH(2) + 3), "TOKEN_EXPIRED");
}
END_TEST

/* Who came back, was let in and has left again is through, and so is who came back and left the line. */
START_TEST(test_an_old_place_has_one_turn)
{
	lose_everything(2);
	clock_add(5000);
	is(claim(4, PLACE(4)), "WAITING 1");
	is(claim(6, PLACE(6)), "WAITING 2");
	is(admit(1, 1), "OK 0 1 1");
	is(leave(4, PLACE(4)), "OK");
	is(claim(4, PLACE(4)), "TOKEN_EXPIRED");
	is(leave(6, PLACE(6)), "OK");
	is(claim(6, PLACE(6)), "TOKEN_EXPIRED");
	is(enter(4), "ACTIVE 1 %" PRId64 " %" PRId64 " %" PRId64 " 0", EPOCH(2) + 1, clock_now(), clock_now() + 600000);
	/* A place of this epoch needs no note. */
	is(leave(4, EPOCH(2) + 1), "OK");
	is(command("SCARD usher:{main}:through"), "2");
}
END_TEST

START_TEST(test_the_better_place_counts)
{
	lose_everything(2);
	is(enter(4), "WAITING 1 %" PRId64 " %" PRId64 " 1 1", EPOCH(2) + 1, ISSUED);
	is(claim(4, PLACE(4)), "WAITING 1");
	is(command("ZSCORE usher:{main}:waiting 4"), "%" PRId64, PLACE(4));
	is(claim(4, EPOCH(2) + 1), "TOKEN_EXPIRED");
	is(claim(4, PLACE(9)), "TOKEN_EXPIRED");
}
END_TEST

START_TEST(test_nobody_is_let_in_while_old_places_return)
{
	lose_everything(2);
	enter(50);
	is(admit(10, 1), "OK 0 0 0");
	clock_add(4999);
	is(claim(4, PLACE(4)), "WAITING 1");
	is(admit(10, 1), "OK 0 0 0");
	clock_add(1);
	is(admit(1, 1), "OK 0 1 1");
	is(command("ZRANGE usher:{main}:active 0 -1"), "[4]");
}
END_TEST

START_TEST(test_holders_are_inside_again)
{
	lose_everything(2);
	is(fcall("usher_readmit", "active places seats:11 holds:7", "7 %" PRId64 " 1 11 3 60000", PLACE(7)), "OK");
	is(fcall("usher_readmit", "active places seats:11 holds:7", "7 %" PRId64 " 1 11 4 90000", PLACE(7)), "OK");
	is(claim(7, PLACE(7)), "ACTIVE %" PRId64, clock_now() + 90000);
	is(command("ZRANGE usher:{main}:seats:11 0 -1"), "[3 4]");
	is(command("ZRANGE usher:{main}:holds:7 0 -1"), "[1:11:3 1:11:4]");
	clock_add(90000);
	is(claim(7, PLACE(7)), "WAITING 1"); /* never noted as through: an old place after all */
}
END_TEST

#define READMIT_KEYS "active places seats:11 holds:7 queue waiting unrecorded"

/* As long as nobody else is let in; after that there may be no room, and whoever stands in line or is
 * inside with another place stays there. */
START_TEST(test_holders_are_let_in_only_while_nobody_else_is)
{
	int64_t until, place;

	lose_everything(2);
	is(fcall("usher_readmit", READMIT_KEYS, "7 %" PRId64 " 1 11 3 60000", PLACE(7)), "OK");
	until = clock_now() + 60000;
	is(command("ZSCORE usher:{main}:active 7"), "%" PRId64, until);
	is(command("ZRANGE usher:{main}:unrecorded 0 -1"), "[7:1:11:3]");
	command("DEL usher:{main}:unrecorded");
	clock_add(5000);
	is(fcall("usher_readmit", "active places seats:11 holds:8 queue waiting unrecorded",
		 "8 %" PRId64 " 1 11 4 60000", PLACE(8)),
	   "OK");
	is(command("ZSCORE usher:{main}:active 8"), "nil");
	is(command("ZRANGE usher:{main}:seats:11 0 -1"), "[3 4]");
	is(command("ZRANGE usher:{main}:holds:8 0 -1"), "[1:11:4]");
	command("DEL usher:{main}:unrecorded");
	/* A session that goes on with the same place lasts as long as the hold; another one does not care. */
	is(fcall("usher_readmit", READMIT_KEYS, "7 %" PRId64 " 1 11 3 60000", PLACE(7)), "OK");
	is(command("ZSCORE usher:{main}:active 7"), "%" PRId64, until + 5000);
	is(fcall("usher_readmit", READMIT_KEYS, "7 %" PRId64 " 1 11 3 90000", PLACE(1)), "OK");
	is(command("EXISTS usher:{main}:unrecorded"), "0"); /* it was there */
	is(command("ZSCORE usher:{main}:active 7"), "%" PRId64, until + 5000);
	lose_everything(3);
	place = place_of(7);
	is(fcall("usher_readmit", READMIT_KEYS, "7 %" PRId64 " 1 11 3 60000", PLACE(7)), "OK");
	is(command("ZSCORE usher:{main}:active 7"), "nil");
	is(command("ZSCORE usher:{main}:waiting 7"), "%" PRId64, place);
}
END_TEST

/* MySQL was asked just before the payment: who has paid holds nothing and is not let in once more. */
START_TEST(test_paid_seat_is_not_held_again)
{
	lose_everything(2);
	is(fcall("usher_settle", "queue active places unclaimed seats:11 holds:7", "7 %" PRId64 " 1 11 3", PLACE(7)),
	   "OK 0");
	is(fcall("usher_readmit", READMIT_KEYS, "7 %" PRId64 " 1 11 3 60000", PLACE(7)), "OK");
	is(command("ZSCORE usher:{main}:seats:11 3"), "inf");
	is(command("ZCARD usher:{main}:active"), "0");
	is(command("ZCARD usher:{main}:places"), "0");
	is(command("EXISTS usher:{main}:holds:7"), "0");
}
END_TEST

/* A daemon of the version before admits and leaves without the set of those who have been through. */
START_TEST(test_older_daemons_admit_and_leave)
{
	int64_t first = place_of(1), third;

	place_of(2);
	third = place_of(3);
	is(fcall("usher_leave", QUEUE_KEYS " holds:3", "3 %" PRId64, third), "OK");
	is(hold(1, first, "3"), "OK %" PRId64, clock_now() + HOLD_MS);
	is(fcall("usher_leave", QUEUE_KEYS " holds:1", "1 %" PRId64, first), "OK 1:11:3");
	place_of(4);
	lose_everything(2);
	is(claim(3, third), "WAITING 1");
	clock_add(5000);
	is(fcall("usher_admit", QUEUE_KEYS, "10 1"), "OK 0 1 0");
	is(fcall("usher_leave", QUEUE_KEYS " holds:3", "3 %" PRId64, third), "OK");
}
END_TEST

START_TEST(test_draws_come_back_by_their_time)
{
	int64_t before = clock_now();

	clock_add(1000);
	lose_everything(2);
	is(claim_issued(4, 900, before), "WAITING 1");
	is(claim_issued(5, 800, clock_now()), "TOKEN_EXPIRED");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_old_places_come_back_in_order,
				      test_who_was_through_stays_out,
				      test_an_old_place_has_one_turn,
				      test_the_better_place_counts,
				      test_nobody_is_let_in_while_old_places_return,
				      test_holders_are_inside_again,
				      test_holders_are_let_in_only_while_nobody_else_is,
				      test_paid_seat_is_not_held_again,
				      test_older_daemons_admit_and_leave,
				      test_draws_come_back_by_their_time,
				      NULL};

	return engine_main("loss", 0, tests);
}
