/* Paying: the money, the ledger, the end of the session, and every refusal. */
#include "support/kit.h"

static struct reply pay(const char *token, int64_t reservation)
{
	return ask("POST", "/v1/payments", token, "{\"reservationId\":%lld}", (long long)reservation);
}

static struct reply pay_keyed(const char *token, int64_t reservation, const char *key)
{
	return http(P, "POST", "/v1/payments", say("Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n", token, key),
		    say("{\"reservationId\":%lld}", (long long)reservation));
}

START_TEST(test_paid_once)
{
	char *token = enter(10, "main");
	int64_t id = hold(token, 11, 1);
	struct reply r = answered(pay(token, id), 201);

	ck_assert_int_gt((int)number_at(&r, "paymentId"), 0);
	ck_assert_int_eq((int)number_at(&r, "reservationId"), (int)id);
	ck_assert_int_eq((int)number_at(&r, "userId"), 10);
	ck_assert_int_eq((int)number_at(&r, "amount"), 50000);
	ck_assert_int_eq((int)number_at(&r, "balance"), 50000);
	ck_assert_int_eq(count_at(&r, "seats"), 1);
	ck_assert_int_eq((int)number_at(&r, "seats.0.seatId"), 1);
	ck_assert_str_eq(text_at(&r, "seats.0.section"), "A");
	ck_assert(is_time(text_at(&r, "paidAt")));
	ck_assert_int_eq((int)balance_of(10), 50000);
	ck_assert_int_eq((int)sql_int("SELECT SUM(amount) FROM ledger WHERE user_id = 10"), 50000);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM payments WHERE reservation_id = %d", (int)id), 1);
	refused(ask("GET", "/v1/queue/position", token, NULL), 302, "TOKEN_EXPIRED", NULL);
	reply_free(&r);
	free(token);
}
END_TEST

/* Paying gives the slot to the next in line. */
START_TEST(test_slot_is_free_at_once)
{
	char *token = enter(11, "one"), *next = enter(12, "one");
	int64_t id = hold(token, 41, 1);

	ck_assert(stands(next, "WAITING"));
	done(pay(token, id), 201);
	wait_until(stands(next, "ACTIVE"));
	done(ask("DELETE", "/v1/tokens", next, NULL), 204);
	free(token);
	free(next);
}
END_TEST

START_TEST(test_already_paid)
{
	char *token = enter(13, "main"), *again;
	int64_t id = hold(token, 11, 2);

	done(pay(token, id), 201);
	refused(pay(token, id), 302, "TOKEN_EXPIRED", NULL);
	again = enter(13, "main");
	refused(pay(again, id), 409, "ALREADY_PAID", NULL);
	ck_assert_int_eq((int)balance_of(13), 50000);
	ck_assert(stands(again, "ACTIVE"));
	free(token);
	free(again);
}
END_TEST

START_TEST(test_unknown_reservation)
{
	char *token = enter(14, "main");

	refused(pay(token, 999999), 404, "RESERVATION_NOT_FOUND", NULL);
	refused(pay(token, 9007199254740991), 404, "RESERVATION_NOT_FOUND", NULL);
	ck_assert(stands(token, "ACTIVE"));
	free(token);
}
END_TEST

/* 402 changes nothing; after a charge the same request with the same key goes through. */
START_TEST(test_charge_then_pay_with_the_same_key)
{
	char *token = enter(3001, "main");
	int64_t id = hold(token, 11, 3), before = world();
	struct reply r;

	refused(pay_keyed(token, id, "poor"), 402, "INSUFFICIENT_BALANCE", NULL);
	ck_assert_int_eq(world(), before);
	ck_assert(stands(token, "ACTIVE"));
	done(ask("POST", "/v1/users/3001/balance/charges", NULL, "{\"amount\":49999}"), 200);
	refused(pay_keyed(token, id, "poor"), 402, "INSUFFICIENT_BALANCE", NULL);
	done(ask("POST", "/v1/users/3001/balance/charges", NULL, "{\"amount\":1}"), 200);
	r = answered(pay_keyed(token, id, "poor"), 201);
	ck_assert_ptr_null(reply_header(&r, "Idempotent-Replay"));
	ck_assert_int_eq((int)number_at(&r, "balance"), 0);
	ck_assert_int_eq((int)balance_of(3001), 0);
	reply_free(&r);
	free(token);
}
END_TEST

/* The answer got lost, the token is over: with the key the payment comes again, without it the 302. */
START_TEST(test_lost_answer)
{
	char *token = enter(16, "main");
	int64_t id = hold(token, 11, 4);
	struct reply first = answered(pay_keyed(token, id, "lost"), 201), again;

	refused(pay(token, id), 302, "TOKEN_EXPIRED", NULL);
	again = answered(pay_keyed(token, id, "lost"), 201);
	ck_assert_str_eq(reply_header(&again, "Idempotent-Replay"), "true");
	ck_assert_str_eq(first.body, again.body);
	refused(pay_keyed(token, id, "another"), 302, "TOKEN_EXPIRED", NULL);
	refused(pay_keyed(token, id + 1000, "lost"), 422, "IDEMPOTENCY_KEY_REUSED", NULL);
	ck_assert_int_eq((int)balance_of(16), 50000);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM idempotency WHERE user_id = 16"), 1);
	reply_free(&first);
	reply_free(&again);
	free(token);
}
END_TEST

/* Money that changed since does not change the answer of then. */
START_TEST(test_replay_is_the_first_answer)
{
	char *token = enter(17, "main");
	int64_t id = hold(token, 11, 5);
	struct reply first = answered(pay_keyed(token, id, "then"), 201), again;

	done(ask("POST", "/v1/users/17/balance/charges", NULL, "{\"amount\":777}"), 200);
	again = answered(pay_keyed(token, id, "then"), 201);
	ck_assert_str_eq(first.body, again.body);
	ck_assert_int_eq((int)balance_of(17), 50777);
	reply_free(&first);
	reply_free(&again);
	free(token);
}
END_TEST

/* An ended token opens nothing else, and another user's key is another key. */
START_TEST(test_replay_is_the_users_own)
{
	char *token = enter(18, "main"), *other = enter(19, "main");
	int64_t id = hold(token, 11, 6);

	done(pay_keyed(token, id, "mine"), 201);
	refused(pay_keyed(other, id, "mine"), 404, "RESERVATION_NOT_FOUND", NULL);
	done(ask("DELETE", "/v1/tokens", other, NULL), 204);
	refused(pay_keyed(other, id, "mine"), 302, "TOKEN_EXPIRED", NULL);
	refused(http(P, "POST", "/v1/reservations", say("Authorization: Bearer %s\r\nIdempotency-Key: mine\r\n", token),
		     "{\"scheduleId\":11,\"seatId\":7}"),
		302, "TOKEN_EXPIRED", NULL);
	free(token);
	free(other);
}
END_TEST

/* A waiting user cannot pay, with or without a key. */
START_TEST(test_waiting_cannot_pay)
{
	char *inside = enter(20, "one"), *token = enter(21, "one");

	refused(pay(token, 1), 403, "TOKEN_NOT_ACTIVE", NULL);
	refused(pay_keyed(token, 1, "early"), 403, "TOKEN_NOT_ACTIVE", NULL);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	free(inside);
	free(token);
}
END_TEST

/* The price is that of the moment of the hold. */
START_TEST(test_two_reservations_one_paid)
{
	char *token = enter(22, "main"), *other = enter(23, "main");
	int64_t first = hold(token, 11, 8), second = hold(token, 12, 20);

	done(pay(token, first), 201);
	ck_assert_int_eq((int)balance_of(22), 50000);
	ck_assert_int_eq(
		(int)sql_int("SELECT COUNT(*) FROM reservations WHERE id = %d AND status = 'HELD'", (int)second), 1);
	refused(ask("POST", "/v1/reservations", other, "{\"scheduleId\":12,\"seatId\":20}"), 409, "SEAT_TAKEN", NULL);
	free(token);
	token = enter(22, "main");
	done(pay(token, second), 201);
	ck_assert_int_eq((int)balance_of(22), 20000);
	free(token);
	free(other);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_paid_once,
				      test_slot_is_free_at_once,
				      test_already_paid,
				      test_unknown_reservation,
				      test_charge_then_pay_with_the_same_key,
				      test_lost_answer,
				      test_replay_is_the_first_answer,
				      test_replay_is_the_users_own,
				      test_waiting_cannot_pay,
				      test_two_reservations_one_paid,
				      NULL};

	return api_main("payments", tests);
}
