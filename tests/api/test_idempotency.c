/* Idempotency-Key on the three routes that honour it. */
#include "support/kit.h"

static struct reply post(const char *path, const char *token, const char *key, const char *body)
{
	return http(P, "POST", path,
		    token ? say("Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n", token, key)
			  : say("Idempotency-Key: %s\r\n", key),
		    body);
}

#define CHARGES "/v1/users/%d/balance/charges"

static struct reply charge(int user, const char *key, const char *body)
{
	return post(say(CHARGES, user), NULL, key, body);
}

static bool replayed(const struct reply *r)
{
	const char *value = reply_header(r, "Idempotent-Replay");

	return value && strcmp(value, "true") == 0;
}

START_TEST(test_charge_once)
{
	struct reply first = answered(charge(10, "a", "{\"amount\":500}"), 200), again;

	done(charge(10, "b", "{\"amount\":500}"), 200);
	again = answered(charge(10, "a", "{\"amount\":500}"), 200);
	ck_assert(!replayed(&first));
	ck_assert(replayed(&again));
	ck_assert_str_eq(first.body, again.body);
	ck_assert_int_eq((int)number_at(&again, "balance"), 100500);
	ck_assert_int_eq((int)balance_of(10), 101000);
	reply_free(&first);
	reply_free(&again);
}
END_TEST

START_TEST(test_without_a_key_each_counts)
{
	done(ask("POST", say(CHARGES, 11), NULL, "{\"amount\":500}"), 200);
	done(ask("POST", say(CHARGES, 11), NULL, "{\"amount\":500}"), 200);
	ck_assert_int_eq((int)balance_of(11), 101000);
}
END_TEST

START_TEST(test_another_body)
{
	done(charge(12, "c", "{\"amount\":500}"), 200);
	refused(charge(12, "c", "{\"amount\":501}"), 422, "IDEMPOTENCY_KEY_REUSED", NULL);
	ck_assert_int_eq((int)balance_of(12), 100500);
	done(charge(12, "c", "{ \"amount\" : 500 }\n"), 200);
	ck_assert_int_eq((int)balance_of(12), 100500);
}
END_TEST

START_TEST(test_another_user)
{
	struct reply r;

	done(charge(13, "d", "{\"amount\":500}"), 200);
	r = answered(charge(14, "d", "{\"amount\":500}"), 200);
	ck_assert(!replayed(&r));
	ck_assert_int_eq((int)balance_of(14), 100500);
	reply_free(&r);
}
END_TEST

/* 1 to 64 visible ASCII characters, and nothing else. */
START_TEST(test_which_keys)
{
	static const char key64[] = "!~345678901234567890123456789012345678901234567890123456789012}4";
	static const char *const bad[] = {"", "two words", "caf\xc3\xa9", "tab\there", "\x7f"};
	int64_t before;

	ck_assert_int_eq((int)strlen(key64), 64);
	done(charge(15, key64, "{\"amount\":1}"), 200);
	done(charge(15, "k", "{\"amount\":1}"), 200);
	before = world();
	refused(charge(15, say("%sx", key64), "{\"amount\":1}"), 400, "INVALID_FIELD", "Idempotency-Key");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(charge(15, bad[i], "{\"amount\":1}"), 400, "INVALID_FIELD", "Idempotency-Key");
	ck_assert_int_eq(world(), before);
}
END_TEST

START_TEST(test_key_case_matters)
{
	done(charge(16, "Key", "{\"amount\":1}"), 200);
	done(charge(16, "key", "{\"amount\":2}"), 200);
	ck_assert_int_eq((int)balance_of(16), 100003);
}
END_TEST

/* What was refused is not kept: the same request may go through later. */
START_TEST(test_refusals_are_not_kept)
{
	char *first = enter(17, "main"), *second = enter(18, "main");
	int64_t id = hold(first, 11, 1);
	struct reply r;

	refused(charge(17, "e", "{\"amount\":0}"), 400, "INVALID_FIELD", "amount");
	done(charge(17, "e", "{\"amount\":5}"), 200);
	refused(post("/v1/reservations", second, "f", "{\"scheduleId\":11,\"seatId\":1}"), 409, "SEAT_TAKEN", NULL);
	done(ask("DELETE", say("/v1/reservations/%d", (int)id), first, NULL), 204);
	r = answered(post("/v1/reservations", second, "f", "{\"scheduleId\":11,\"seatId\":1}"), 201);
	ck_assert(!replayed(&r));
	reply_free(&r);
	free(first);
	free(second);
}
END_TEST

START_TEST(test_reservation)
{
	char *token = enter(19, "main");
	struct reply first, again;

	first = answered(post("/v1/reservations", token, "r", "{\"scheduleId\":11,\"seatIds\":[2,3]}"), 201);
	again = answered(post("/v1/reservations", token, "r", "{\"scheduleId\":11,\"seatIds\":[2,3]}"), 201);
	ck_assert(!replayed(&first));
	ck_assert(replayed(&again));
	ck_assert_str_eq(first.body, again.body);
	refused(post("/v1/reservations", token, "r", "{\"scheduleId\":11,\"seatIds\":[2,4]}"), 422,
		"IDEMPOTENCY_KEY_REUSED", NULL);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 4"), -1);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 19"), 1);
	reply_free(&first);
	reply_free(&again);
	free(token);
}
END_TEST

/* A 200 comes again as a 200. */
START_TEST(test_reservation_that_was_there)
{
	char *token = enter(20, "main");
	struct reply again;

	hold(token, 11, 5);
	done(post("/v1/reservations", token, "s", "{\"scheduleId\":11,\"seatId\":5}"), 200);
	again = answered(post("/v1/reservations", token, "s", "{\"scheduleId\":11,\"seatId\":5}"), 200);
	ck_assert(replayed(&again));
	reply_free(&again);
	free(token);
}
END_TEST

/* The first answer, although the reservation has gone since, and no new hold by a replay. */
START_TEST(test_reservation_after_cancelling)
{
	char *token = enter(21, "main");
	struct reply first, again;

	first = answered(post("/v1/reservations", token, "t", "{\"scheduleId\":11,\"seatId\":6}"), 201);
	done(ask("DELETE", say("/v1/reservations/%d", (int)number_at(&first, "reservationId")), token, NULL), 204);
	again = answered(post("/v1/reservations", token, "t", "{\"scheduleId\":11,\"seatId\":6}"), 201);
	ck_assert(replayed(&again));
	ck_assert_int_eq((int)number_at(&first, "reservationId"), (int)number_at(&again, "reservationId"));
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 6"), -1);
	reply_free(&first);
	reply_free(&again);
	free(token);
}
END_TEST

/* One user's key is one key, whatever the route. */
START_TEST(test_another_route)
{
	char *token = enter(22, "main");

	done(charge(22, "u", "{\"amount\":5}"), 200);
	refused(post("/v1/reservations", token, "u", "{\"scheduleId\":11,\"seatId\":7}"), 422, "IDEMPOTENCY_KEY_REUSED",
		NULL);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 7"), -1);
	free(token);
}
END_TEST

/* Kept for 24 hours: not less, and what is older does not stay for ever. */
START_TEST(test_kept_for_a_day)
{
	struct reply r;

	done(charge(23, "old", "{\"amount\":5}"), 200);
	sql_run("UPDATE idempotency SET created_at = created_at - INTERVAL 86000 SECOND WHERE user_id = 23");
	usherd_start(1, NULL);
	r = answered(charge(23, "old", "{\"amount\":5}"), 200);
	ck_assert(replayed(&r));
	reply_free(&r);
	ck_assert_int_eq((int)balance_of(23), 100005);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_charge_once,
				      test_without_a_key_each_counts,
				      test_another_body,
				      test_another_user,
				      test_which_keys,
				      test_key_case_matters,
				      test_refusals_are_not_kept,
				      test_reservation,
				      test_reservation_that_was_there,
				      test_reservation_after_cancelling,
				      test_another_route,
				      test_kept_for_a_day,
				      NULL};

	return api_main("idempotency", tests);
}
