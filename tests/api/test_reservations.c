/* A reservation's whole life, and every way it is refused. */
#include "support/kit.h"

static struct reply reserve(const char *token, int schedule, const char *seats)
{
	return ask("POST", "/v1/reservations", token, "{\"scheduleId\":%d,\"seatIds\":%s}", schedule, seats);
}

static struct reply look(const char *token, int64_t id)
{
	return ask("GET", say("/v1/reservations/%lld", (long long)id), token, NULL);
}

static bool status_is(const char *token, int64_t id, const char *status)
{
	struct reply r = look(token, id);
	bool yes = strcmp(reply_string(&r, "status"), status) == 0;

	reply_free(&r);
	return yes;
}

START_TEST(test_held)
{
	char *token = enter(10, "main"), *where;
	struct reply r = answered(reserve(token, 11, "[4,3]"), 201), seen;
	int64_t id = (int64_t)number_at(&r, "reservationId");

	ck_assert_int_gt(id, 0);
	ck_assert_int_eq((int)number_at(&r, "userId"), 10);
	ck_assert_int_eq((int)number_at(&r, "scheduleId"), 11);
	ck_assert_int_eq((int)number_at(&r, "amount"), 100000);
	ck_assert_str_eq(text_at(&r, "status"), "HELD");
	ck_assert(is_time(text_at(&r, "expiresAt")));
	ck_assert_int_eq(count_at(&r, "seats"), 2);
	ck_assert_int_eq((int)number_at(&r, "seats.0.seatId"), 3);
	ck_assert_int_eq((int)number_at(&r, "seats.1.seatId"), 4);
	ck_assert_str_eq(text_at(&r, "seats.1.section"), "A");
	ck_assert_str_eq(text_at(&r, "seats.1.row"), "1");
	ck_assert_int_eq((int)number_at(&r, "seats.1.number"), 4);
	ck_assert_int_eq((int)number_at(&r, "seats.1.price"), 50000);
	seen = answered(look(token, id), 200);
	ck_assert_str_eq(seen.body, r.body);
	where = redis_text("ZSCORE usher:{main}:seats:11 3");
	ck_assert_ptr_nonnull(where);
	ck_assert_str_ne(where, "inf");
	ck_assert_int_eq(
		(int)sql_int("SELECT COUNT(*) FROM reservation_seats WHERE reservation_id = %d AND live = 1", (int)id),
		2);
	free(where);
	free(token);
	reply_free(&r);
	reply_free(&seen);
}
END_TEST

START_TEST(test_single_seat)
{
	char *token = enter(11, "main");
	struct reply r = answered(ask("POST", "/v1/reservations", token, "{\"scheduleId\":12,\"seatId\":11}"), 201);

	ck_assert_int_eq((int)number_at(&r, "amount"), 30000);
	ck_assert_int_eq(count_at(&r, "seats"), 1);
	ck_assert_str_eq(text_at(&r, "seats.0.section"), "B");
	reply_free(&r);
	free(token);
}
END_TEST

/* The same seats in any order give the same reservation; other seats are taken or new. */
START_TEST(test_same_seats_again)
{
	char *token = enter(12, "main");
	struct reply first = answered(reserve(token, 11, "[11,12]"), 201), again, r;

	again = answered(reserve(token, 11, "[12,11]"), 200);
	ck_assert_str_eq(first.body, again.body);
	r = problem(reserve(token, 11, "[12]"), 409, "SEAT_TAKEN", NULL);
	ck_assert_int_eq((int)number_at(&r, "seatIds.0"), 12);
	reply_free(&r);
	refused(reserve(token, 11, "[11,12,13]"), 409, "SEAT_TAKEN", NULL);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 12"), 1);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 13"), -1);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	reply_free(&first);
	reply_free(&again);
	free(token);
}
END_TEST

/* The limit does not count what is asked for again. */
START_TEST(test_same_seats_again_at_the_limit)
{
	char *token = enter(28, "main");
	struct reply first = answered(reserve(token, 12, "[1,2,3,4]"), 201), again;

	again = answered(reserve(token, 12, "[4,3,2,1]"), 200);
	ck_assert_str_eq(first.body, again.body);
	refused(reserve(token, 12, "[1,2,3,4,5]"), 409, "SEAT_TAKEN", NULL);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	reply_free(&first);
	reply_free(&again);
	free(token);
}
END_TEST

START_TEST(test_seat_of_another)
{
	char *first = enter(13, "main"), *second = enter(14, "main");
	int64_t id = hold(first, 11, 21), before = world();
	struct reply r = problem(reserve(second, 11, "[20,21,22]"), 409, "SEAT_TAKEN", NULL);

	ck_assert_int_eq(count_at(&r, "seatIds"), 1);
	ck_assert_int_eq((int)number_at(&r, "seatIds.0"), 21);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 20"), -1);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 22"), -1);
	refused(look(second, id), 404, "RESERVATION_NOT_FOUND", NULL);
	refused(ask("DELETE", say("/v1/reservations/%d", (int)id), second, NULL), 404, "RESERVATION_NOT_FOUND", NULL);
	refused(ask("POST", "/v1/payments", second, "{\"reservationId\":%d}", (int)id), 404, "RESERVATION_NOT_FOUND",
		NULL);
	ck_assert_int_eq(world(), before);
	ck_assert(status_is(first, id, "HELD"));
	reply_free(&r);
	free(first);
	free(second);
}
END_TEST

START_TEST(test_unknown)
{
	char *token = enter(15, "main");
	struct reply r = problem(reserve(token, 11, "[30,51,52]"), 404, "SEAT_NOT_FOUND", NULL);

	reply_free(&r);
	refused(reserve(token, 99, "[1]"), 404, "SCHEDULE_NOT_FOUND", NULL);
	refused(look(token, 999999), 404, "RESERVATION_NOT_FOUND", NULL);
	refused(look(token, 9007199254740991), 404, "RESERVATION_NOT_FOUND", NULL);
	refused(ask("DELETE", "/v1/reservations/999999", token, NULL), 404, "RESERVATION_NOT_FOUND", NULL);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 30"), -1);
	free(token);
}
END_TEST

/* The limit is the concert's: over all its schedules, held and paid, in this session and the next. */
START_TEST(test_seat_limit)
{
	char *token = enter(16, "main");
	struct reply r;

	refused(reserve(token, 11, "[31,32,33,34,35]"), 409, "SEAT_LIMIT", NULL);
	done(reserve(token, 31, "[1,2]"), 201);
	done(reserve(token, 11, "[31,32,33]"), 201);
	refused(reserve(token, 12, "[1,2]"), 409, "SEAT_LIMIT", NULL);
	r = answered(reserve(token, 12, "[1]"), 201);
	refused(reserve(token, 12, "[2]"), 409, "SEAT_LIMIT", NULL);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:12 2"), -1);
	done(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)number_at(&r, "reservationId")), 201);
	reply_free(&r);
	free(token);
	token = enter(16, "main");
	refused(reserve(token, 11, "[36,37,38,39]"), 409, "SEAT_LIMIT", NULL);
	ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 36"), -1);
	free(token);
}
END_TEST

START_TEST(test_cancelled)
{
	char *token = enter(17, "main"), *other = enter(18, "main");
	int64_t id = hold(token, 11, 41);
	const char *path = say("/v1/reservations/%d", (int)id);

	done(ask("DELETE", path, token, NULL), 204);
	ck_assert(status_is(token, id, "CANCELLED"));
	hold(other, 11, 41);
	done(ask("DELETE", "/v1/tokens", other, NULL), 204);
	ck_assert_int_eq((int)balance_of(17), 100000);
	refused(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 409, "RESERVATION_EXPIRED",
		NULL);
	ck_assert_int_eq((int)balance_of(17), 100000);
	free(token);
	free(other);
}
END_TEST

/* A second DELETE of what is gone must not free the seat of whoever has it now. */
START_TEST(test_cancelling_twice)
{
	char *token = enter(19, "main"), *other = enter(20, "main");
	int64_t id = hold(token, 11, 42), theirs;
	struct reply r;

	done(ask("DELETE", say("/v1/reservations/%d", (int)id), token, NULL), 204);
	theirs = hold(other, 11, 42);
	r = ask("DELETE", say("/v1/reservations/%d", (int)id), token, NULL);
	ck_assert(r.status == 204 || r.status == 404 || r.status == 409);
	reply_free(&r);
	ck_assert(status_is(other, theirs, "HELD"));
	ck_assert_int_gt((int)(redis_int("ZSCORE usher:{main}:seats:11 42") / 1000), 0);
	free(token);
	free(other);
}
END_TEST

START_TEST(test_paid)
{
	char *token = enter(21, "main"), *again;
	int64_t id = hold(token, 11, 43);
	char *score;

	done(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 201);
	again = enter(21, "main");
	ck_assert(status_is(again, id, "PAID"));
	refused(ask("DELETE", say("/v1/reservations/%d", (int)id), again, NULL), 409, "ALREADY_PAID", NULL);
	refused(reserve(again, 11, "[43]"), 409, "SEAT_TAKEN", NULL);
	ck_assert(status_is(again, id, "PAID"));
	score = redis_text("ZSCORE usher:{main}:seats:11 43");
	ck_assert_str_eq(score, "inf");
	free(score);
	free(token);
	free(again);
}
END_TEST

START_TEST(test_expired)
{
	char *token = enter(22, "main"), *other = enter(23, "main");
	int64_t id = hold(token, 31, 11), theirs = 0;
	struct reply r;

	ck_assert(status_is(token, id, "HELD"));
	wait_until(status_is(token, id, "EXPIRED"));
	refused(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 409, "RESERVATION_EXPIRED",
		NULL);
	ck_assert_int_eq((int)balance_of(22), 100000);
	wait_until((r = ask("POST", "/v1/reservations", other, "{\"scheduleId\":31,\"seatId\":11}"),
		    theirs = (int64_t)reply_number(&r, "reservationId"), reply_free(&r), theirs > 0));
	refused(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 409, "RESERVATION_EXPIRED",
		NULL);
	wait_until(sql_int("SELECT COUNT(*) FROM reservations WHERE id = %d AND status = 'EXPIRED'", (int)id) == 1);
	free(token);
	free(other);
}
END_TEST

/* Leaving gives up all that is held, at once. */
START_TEST(test_leaving_frees)
{
	char *token = enter(24, "main"), *other = enter(25, "main"), *back;
	struct reply r = answered(reserve(token, 12, "[15,16]"), 201);
	int64_t id = (int64_t)number_at(&r, "reservationId"), second = hold(token, 11, 44);

	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	done(reserve(other, 12, "[15,16]"), 201);
	done(reserve(other, 11, "[44]"), 201);
	back = enter(24, "main");
	ck_assert(status_is(back, id, "CANCELLED"));
	ck_assert(status_is(back, second, "CANCELLED"));
	reply_free(&r);
	free(token);
	free(other);
	free(back);
}
END_TEST

/* The session lasts one second, the hold 300: whoever holds stays inside to pay. */
START_TEST(test_hold_extends_the_session)
{
	char *token = enter(26, "brief"), ends[32];
	struct reply r = answered(ask("POST", "/v1/reservations", token, "{\"scheduleId\":51,\"seatId\":1}"), 201);
	int64_t began = now_ms(), id = (int64_t)number_at(&r, "reservationId");

	snprintf(ends, sizeof(ends), "%s", text_at(&r, "expiresAt"));
	reply_free(&r);
	r = answered(ask("GET", "/v1/queue/position", token, NULL), 200);
	ck_assert_int_ge(strcmp(text_at(&r, "sessionExpiresAt"), ends), 0);
	reply_free(&r);
	wait_until(now_ms() > began + 1500);
	ck_assert(stands(token, "ACTIVE"));
	done(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 201);
	refused(ask("GET", "/v1/queue/position", token, NULL), 302, "TOKEN_EXPIRED", NULL);
	free(token);
}
END_TEST

/* Two schedules in one list are impossible to ask for; a removed hold can be taken by its owner again. */
START_TEST(test_own_seat_again_after_cancelling)
{
	char *token = enter(27, "main");
	int64_t id = hold(token, 11, 45), again;

	done(ask("DELETE", say("/v1/reservations/%d", (int)id), token, NULL), 204);
	again = hold(token, 11, 45);
	ck_assert_int_ne(id, again);
	ck_assert(status_is(token, again, "HELD"));
	ck_assert(status_is(token, id, "CANCELLED"));
	free(token);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_held,
				      test_single_seat,
				      test_same_seats_again,
				      test_same_seats_again_at_the_limit,
				      test_seat_of_another,
				      test_unknown,
				      test_seat_limit,
				      test_cancelled,
				      test_cancelling_twice,
				      test_paid,
				      test_expired,
				      test_leaving_frees,
				      test_hold_extends_the_session,
				      test_own_seat_again_after_cancelling,
				      NULL};

	return api_main("reservations", tests);
}
