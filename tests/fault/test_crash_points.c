/* A daemon dies in the middle of a request, at each point there is: what is left, and how it heals. */
#include "fault/crash.h"

#define RESERVATIONS "/v1/reservations"
#define PAYMENTS "/v1/payments"
#define RESERVE "POST", RESERVATIONS
#define PAY "POST", PAYMENTS

static const char *seat(int number)
{
	return say("{\"scheduleId\":11,\"seatId\":%d}", number);
}

static const char *reservation(int64_t id)
{
	return say("{\"reservationId\":%ld}", (long)id);
}

/* The hold is freed by somebody else, and the seat is anybody's. */
START_TEST(test_after_hold)
{
	char *token = inside(1), *other = inside(2);

	armed("after_hold");
	dies_of("after_hold", RESERVE, token, "a", seat(1));
	ck_assert_int_gt(held(11, 1), 0);
	ck_assert_int_eq(live(11, 1), 0);
	refused(ask(RESERVE, other, "%s", seat(1)), 409, "SEAT_TAKEN", NULL);
	heals("after_hold", 10, held(11, 1) == -1);
	ck_assert_int_eq(unrecorded(), 0);
	ck_assert_int_eq(redis_int("EXISTS usher:{main}:holds:1"), 0);
	hold(other, 11, 1);
	refused(keyed(RESERVATIONS, token, "a", seat(1)), 409, "SEAT_TAKEN", NULL);
	done(keyed(RESERVATIONS, token, "b", seat(2)), 201);
	free(token);
	free(other);
}
END_TEST

/* The client asks again before that: the hold is still theirs, and is theirs for good now. */
START_TEST(test_after_hold_asked_again)
{
	char *token = inside(3);
	struct reply r;

	armed("after_hold");
	dies_of("after_hold", RESERVE, token, "a", seat(3));
	r = answered(keyed(RESERVATIONS, token, "a", seat(3)), 201);
	ck_assert(!replayed(&r));
	reply_free(&r);
	wait_until(unrecorded() == 0);
	ck_assert_int_eq(live(11, 3), 1);
	ck_assert_int_gt(held(11, 3), 0);
	done(keyed(PAYMENTS, token, "p", reservation(sql_int("SELECT id FROM reservations WHERE user_id = 3"))), 201);
	free(token);
}
END_TEST

/* Nothing was committed: as if only the hold had been taken. */
START_TEST(test_reservation_before_commit)
{
	char *token = inside(4), *other = inside(5);
	struct reply r;

	armed("reservation_before_commit");
	dies_of("reservation_before_commit", RESERVE, token, "a", seat(4));
	wait_until(live(11, 4) == 0);
	r = answered(keyed(RESERVATIONS, token, "a", seat(4)), 201);
	ck_assert(!replayed(&r));
	reply_free(&r);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 4"), 1);
	armed("reservation_before_commit");
	dies_of("reservation_before_commit", RESERVE, other, "a", seat(5));
	heals("reservation_before_commit", 10, held(11, 5) == -1);
	ck_assert_int_eq(live(11, 5), 0);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM idempotency WHERE user_id = 5"), 0);
	free(token);
	free(other);
}
END_TEST

/* The answer is in MySQL with what it answers for: the same key gives it, and the hold stays. */
START_TEST(test_reservation_after_commit)
{
	char *token = inside(6);
	struct reply r;

	armed("reservation_after_commit");
	dies_of("reservation_after_commit", RESERVE, token, "a", seat(6));
	ck_assert_int_eq(live(11, 6), 1);
	ck_assert_int_eq(unrecorded(), 1);
	r = answered(keyed(RESERVATIONS, token, "a", seat(6)), 201);
	ck_assert(replayed(&r));
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 6"), 1);
	heals("reservation_after_commit", 10, unrecorded() == 0);
	ck_assert_int_gt(held(11, 6), 0);
	done(keyed(PAYMENTS, token, "p", reservation((int64_t)reply_number(&r, "reservationId"))), 201);
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(test_payment_before_commit)
{
	char *token = inside(7);
	const char *json = reservation(hold(token, 11, 7));
	struct reply r;

	armed("payment_before_commit");
	dies_of("payment_before_commit", PAY, token, "p", json);
	wait_until(sql_int("SELECT amount FROM balances WHERE user_id = 7") == 100000);
	ck_assert_int_eq(stands(token, "ACTIVE"), true);
	r = answered(keyed(PAYMENTS, token, "p", json), 201);
	ck_assert(!replayed(&r));
	reply_free(&r);
	ck_assert_int_eq(balance_of(7), 99000);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM payments WHERE user_id = 7"), 1);
	free(token);
}
END_TEST

/* The money is taken and the seat sold, whoever tells Redis; the payment can be asked for with the key. */
START_TEST(test_payment_after_commit)
{
	char *token = inside(8);
	const char *json = reservation(hold(token, 11, 8));
	struct reply r;

	armed("payment_after_commit");
	dies_of("payment_after_commit", PAY, token, "p", json);
	heals("payment_after_commit", 5, seat_is_paid(11, 8) && sql_int("SELECT COUNT(*) FROM settlements") == 0);
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 302);
	r = answered(keyed(PAYMENTS, token, "p", json), 201);
	ck_assert(replayed(&r));
	reply_free(&r);
	ck_assert_int_eq(balance_of(8), 99000);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM payments WHERE user_id = 8"), 1);
	ck_assert_int_eq(status_of("POST", "/v1/payments", token, json), 302);
	free(token);
}
END_TEST

START_TEST(test_charge_after_commit)
{
	struct reply r;

	armed("charge_after_commit");
	dies_of("charge_after_commit", "POST", "/v1/users/9/balance/charges", NULL, "c", "{\"amount\":500}");
	ck_assert_int_eq(balance_of(9), 100500);
	r = answered(keyed("/v1/users/9/balance/charges", NULL, "c", "{\"amount\":500}"), 200);
	ck_assert(replayed(&r));
	ck_assert_int_eq((int)reply_number(&r, "balance"), 100500);
	reply_free(&r);
	ck_assert_int_eq(balance_of(9), 100500);
}
END_TEST

/* MySQL has ended it; Redis hears of it from somebody else, and the seat is free long before its time. */
START_TEST(test_cancel_after_commit)
{
	char *token = inside(10), *other = inside(11);
	int64_t id = hold(token, 11, 10);

	armed("cancel_after_commit");
	dies_of("cancel_after_commit", "DELETE", say("/v1/reservations/%ld", (long)id), token, NULL, NULL);
	ck_assert_int_eq(live(11, 10), 0);
	ck_assert_int_gt(held(11, 10), 0);
	heals("cancel_after_commit", 5, held(11, 10) == -1);
	wait_until(sql_int("SELECT COUNT(*) FROM settlements") == 0 && unrecorded() == 0);
	hold(other, 11, 10);
	done(ask("DELETE", say("/v1/reservations/%ld", (long)id), token, NULL), 204);
	ck_assert_int_eq(live(11, 10), 1);
	free(token);
	free(other);
}
END_TEST

/* The session has gone and the holds are left: they end by their own timer, in MySQL and in Redis. */
START_TEST(test_after_leaving)
{
	char *token = inside(12), *other = inside(13);

	hold(token, 21, 1);
	armed("after_leaving");
	dies_of("after_leaving", "DELETE", "/v1/tokens", token, NULL, NULL);
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 302);
	heals("after_leaving (a hold of 2 s)", 8,
	      status_of("POST", "/v1/reservations", other, "{\"scheduleId\":21,\"seatId\":1}") == 201);
	ck_assert_int_eq(sql_int("SELECT status = 'EXPIRED' FROM reservations WHERE user_id = 12"), 1);
	free(token);
	free(other);
}
END_TEST

#define MORE                                                                                                                \
	"{\"queues\":[{\"name\":\"more\",\"capacity\":10,\"ratePerSecond\":10,\"sessionSeconds\":60,\"claimSeconds\":60}]," \
	"\"users\":[{\"from\":5001,\"to\":5100,\"balance\":7}]}"

/* All of a catalogue or nothing of it. */
START_TEST(test_import_half)
{
	int64_t before = world();

	armed("import_half");
	dies_of("import_half", "POST", "/admin/v1/catalog", ADMIN_KEY, NULL, MORE);
	heals("import_half", 2, world() == before);
	done(admin("POST", "/admin/v1/catalog", MORE), 200);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM users WHERE id > 5000"), 100);
	free(enter(5001, "more"));
}
END_TEST

/* What all of them have left is in order. */
START_TEST(test_audit)
{
	wait_until(audit_holds());
	ck_assert_int_eq(unrecorded(), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_after_hold,
				      test_after_hold_asked_again,
				      test_reservation_before_commit,
				      test_reservation_after_commit,
				      test_payment_before_commit,
				      test_payment_after_commit,
				      test_charge_after_commit,
				      test_cancel_after_commit,
				      test_after_leaving,
				      test_import_half,
				      test_audit,
				      NULL};

	return stack_main("crash-points", 60, crash_begin, tests);
}
