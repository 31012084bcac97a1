/* Many at once: one winner a seat, one effect a key, and sums that come out. */
#include "support/kit.h"

#define MOST 60

struct shot {
	char token[HEADER_TEXT], headers[2 * HEADER_TEXT], path[96], body[256];
	int port, status;
	char *answer, *replay;
};

static void *shoot(void *arg)
{
	struct shot *s = arg;
	struct reply r = http(s->port, "POST", s->path, s->headers, s->body);
	const char *replay = reply_header(&r, "Idempotent-Replay");

	s->status = r.status;
	s->answer = strdup(r.body ? r.body : "");
	s->replay = strdup(replay ? replay : "");
	reply_free(&r);
	return NULL;
}

static struct shot shots[MOST];

static void shoot_all(int n)
{
	at_once(n, shoot, shots, sizeof(shots[0]));
}

static void shots_free(int n)
{
	for (int i = 0; i < n; i++) {
		free(shots[i].answer);
		free(shots[i].replay);
	}
	memset(shots, 0, sizeof(shots));
}

static int count(int n, int status)
{
	int found = 0;

	for (int i = 0; i < n; i++)
		found += shots[i].status == status;
	return found;
}

static void aim(int i, const char *token, const char *key, const char *path, const char *body)
{
	struct shot *s = &shots[i];
	size_t n = 0;

	s->port = stack.port[0];
	s->headers[0] = '\0';
	if (token)
		n = (size_t)snprintf(s->headers, sizeof(s->headers), "Authorization: Bearer %s\r\n", token);
	if (key)
		snprintf(s->headers + n, sizeof(s->headers) - n, "Idempotency-Key: %s\r\n", key);
	snprintf(s->path, sizeof(s->path), "%s", path);
	snprintf(s->body, sizeof(s->body), "%s", body);
}

static void check_audit(void)
{
	struct reply r = answered(admin("GET", "/admin/v1/audit", NULL), 200);

	ck_assert_msg(cJSON_IsTrue(reply_at(&r, "holds")), "%s", r.body);
	reply_free(&r);
}

/* Half of them through another daemon. */
START_TEST(test_forty_for_one_seat)
{
	char *tokens[40];

	usherd_start(1, NULL);
	for (int i = 0; i < 40; i++) {
		tokens[i] = enter(10 + i, "main");
		aim(i, tokens[i], NULL, "/v1/reservations", "{\"scheduleId\":11,\"seatId\":1}");
		shots[i].port = stack.port[i % 2];
	}
	shoot_all(40);
	ck_assert_int_eq(count(40, 201), 1);
	ck_assert_int_eq(count(40, 409), 39);
	for (int i = 0; i < 40; i++)
		ck_assert(shots[i].status == 201 || strstr(shots[i].answer, "\"SEAT_TAKEN\""));
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM reservation_seats WHERE schedule_id = 11 AND seat_id = 1"),
			 1);
	check_audit();
	shots_free(40);
	for (int i = 0; i < 40; i++)
		free(tokens[i]);
}
END_TEST

START_TEST(test_twenty_charges)
{
	for (int i = 0; i < 20; i++)
		aim(i, NULL, NULL, "/v1/users/60/balance/charges", say("{\"amount\":%d}", 1 << i));
	shoot_all(20);
	ck_assert_int_eq(count(20, 200), 20);
	ck_assert_int_eq((int)balance_of(60), 100000 + (1 << 20) - 1);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM ledger WHERE user_id = 60 AND kind = 'CHARGE'"), 20);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(DISTINCT balance_after) FROM ledger WHERE user_id = 60"), 21);
	check_audit();
	shots_free(20);
}
END_TEST

/* One effect; every answer is the same one, or says that the first is still under way. */
static void check_one_effect(int n, int status)
{
	const char *answer = NULL;
	int first = 0;

	for (int i = 0; i < n; i++) {
		if (shots[i].status == 409) {
			ck_assert_msg(strstr(shots[i].answer, "\"IN_PROGRESS\""), "%s", shots[i].answer);
			continue;
		}
		ck_assert_msg(shots[i].status == status, "%d %s", shots[i].status, shots[i].answer);
		first += shots[i].replay[0] == '\0';
		if (answer)
			ck_assert_str_eq(shots[i].answer, answer);
		answer = shots[i].answer;
	}
	ck_assert_int_eq(first, 1);
}

START_TEST(test_one_key_ten_charges)
{
	for (int i = 0; i < 10; i++)
		aim(i, NULL, "same", "/v1/users/61/balance/charges", "{\"amount\":500}");
	shoot_all(10);
	check_one_effect(10, 200);
	ck_assert_int_eq((int)balance_of(61), 100500);
	shots_free(10);
}
END_TEST

START_TEST(test_one_key_ten_reservations)
{
	char *token = enter(62, "main");

	for (int i = 0; i < 10; i++)
		aim(i, token, "same", "/v1/reservations", "{\"scheduleId\":11,\"seatIds\":[2,3,4]}");
	shoot_all(10);
	check_one_effect(10, 201);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 62"), 1);
	ck_assert_int_gt((int)(redis_int("ZSCORE usher:{main}:seats:11 3") / 1000), 0);
	shots_free(10);
	free(token);
}
END_TEST

START_TEST(test_one_key_ten_payments)
{
	char *token = enter(63, "main");
	int64_t id = hold(token, 11, 5);

	for (int i = 0; i < 10; i++)
		aim(i, token, "same", "/v1/payments", say("{\"reservationId\":%d}", (int)id));
	shoot_all(10);
	check_one_effect(10, 201);
	ck_assert_int_eq((int)balance_of(63), 50000);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM payments WHERE user_id = 63"), 1);
	check_audit();
	shots_free(10);
	free(token);
}
END_TEST

/* Without a key: one is paid, the others hear that it is, or that the token has ended by it. */
START_TEST(test_ten_payments_without_a_key)
{
	char *token = enter(64, "main");
	int64_t id = hold(token, 11, 6);

	for (int i = 0; i < 10; i++)
		aim(i, token, NULL, "/v1/payments", say("{\"reservationId\":%d}", (int)id));
	shoot_all(10);
	ck_assert_int_eq(count(10, 201), 1);
	ck_assert_int_eq(count(10, 409) + count(10, 302), 9);
	ck_assert_int_eq((int)balance_of(64), 50000);
	shots_free(10);
	free(token);
}
END_TEST

/* Two clicks or ten on the same button: one reservation, and nobody hears that it is taken. */
START_TEST(test_double_click)
{
	for (int round = 0; round < 5; round++) {
		char *token = enter(70 + round, "main");

		for (int i = 0; i < 10; i++)
			aim(i, token, NULL, "/v1/reservations", "{\"scheduleId\":11,\"seatIds\":[11,12,13,14]}");
		shoot_all(10);
		for (int i = 0; i < 10; i++)
			ck_assert_msg(shots[i].status == 200 || shots[i].status == 201, "%d %s", shots[i].status,
				      shots[i].answer);
		ck_assert_int_eq(count(10, 201), 1);
		for (int seat = 11; seat <= 14; seat++)
			ck_assert_int_gt((int)(redis_int("ZSCORE usher:{main}:seats:11 %d", seat) / 1000), 0);
		ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = %d AND status = 'HELD'"
					      " AND expires_at > UTC_TIMESTAMP(3) + INTERVAL 290 SECOND",
					      70 + round),
				 1);
		done(ask("DELETE", "/v1/tokens", token, NULL), 204);
		ck_assert_int_eq((int)redis_int("ZSCORE usher:{main}:seats:11 11"), -1);
		shots_free(10);
		free(token);
	}
}
END_TEST

/* Every seat is wanted by four buyers in overlapping pairs: all of a pair or none. */
START_TEST(test_overlapping_sets)
{
	char *tokens[60];
	int taken = 0;

	for (int i = 0; i < 60; i++) {
		int seat = 1 + i % 20;

		tokens[i] = enter(100 + i, "main");
		aim(i, tokens[i], NULL, "/v1/reservations",
		    say("{\"scheduleId\":12,\"seatIds\":[%d,%d]}", seat, seat % 20 + 1));
	}
	shoot_all(60);
	ck_assert_int_eq(count(60, 201) + count(60, 409), 60);
	taken = (int)sql_int("SELECT COUNT(*) FROM reservation_seats WHERE schedule_id = 12 AND live = 1");
	ck_assert_int_eq(taken, 2 * count(60, 201));
	ck_assert_int_eq((int)redis_int("ZCARD usher:{main}:seats:12"), taken);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(DISTINCT seat_id) FROM reservation_seats WHERE schedule_id = 12"),
			 taken);
	ck_assert_int_ge(taken, 14);
	check_audit();
	shots_free(60);
	for (int i = 0; i < 60; i++)
		free(tokens[i]);
}
END_TEST

/* A user who asks for ten different seats at once gets no more than the limit. */
START_TEST(test_limit_at_once)
{
	char *token = enter(200, "main");

	for (int i = 0; i < 10; i++)
		aim(i, token, NULL, "/v1/reservations", say("{\"scheduleId\":11,\"seatId\":%d}", 31 + i));
	shoot_all(10);
	ck_assert_int_eq(count(10, 201), 4);
	for (int i = 0; i < 10; i++)
		ck_assert(shots[i].status == 201 || strstr(shots[i].answer, "\"SEAT_LIMIT\""));
	ck_assert_int_eq((int)redis_int("ZCOUNT usher:{main}:seats:11 -inf +inf") -
				 (int)sql_int("SELECT COUNT(*) FROM reservation_seats WHERE schedule_id = 11 AND live"
					      " = 1"),
			 0);
	shots_free(10);
	free(token);
}
END_TEST

/* One user entering from twenty tabs has one place and one token. */
START_TEST(test_one_entering_many_times)
{
	int created = 0;

	for (int i = 0; i < 20; i++)
		aim(i, NULL, NULL, "/v1/tokens", "{\"userId\":210,\"queue\":\"main\"}");
	shoot_all(20);
	created = count(20, 201);
	ck_assert_int_eq(created, 1);
	ck_assert_int_eq(count(20, 200), 19);
	for (int i = 1; i < 20; i++) {
		const char *token = strstr(shots[i].answer, "\"token\"");

		ck_assert_int_eq(strncmp(token, strstr(shots[0].answer, "\"token\""), 60), 0);
	}
	shots_free(20);
}
END_TEST

/* Capacity three, forty at the door at once, through two daemons. */
START_TEST(test_capacity_at_once)
{
	int active = 0;

	usherd_start(1, NULL);
	for (int i = 0; i < 40; i++) {
		aim(i, NULL, NULL, "/v1/tokens", say("{\"userId\":%d,\"queue\":\"few\"}", 300 + i));
		shots[i].port = stack.port[i % 2];
	}
	shoot_all(40);
	ck_assert_int_eq(count(40, 201), 40);
	for (int i = 0; i < 40; i++)
		active += strstr(shots[i].answer, "\"ACTIVE\"") != NULL;
	ck_assert_int_eq(active, 3);
	ck_assert_int_eq((int)redis_int("ZCARD usher:{few}:active"), 3);
	ck_assert_int_eq((int)redis_int("ZCARD usher:{few}:waiting"), 37);
	check_audit();
	shots_free(40);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_forty_for_one_seat,   test_twenty_charges,
				      test_one_key_ten_charges,  test_one_key_ten_reservations,
				      test_one_key_ten_payments, test_ten_payments_without_a_key,
				      test_double_click,         test_overlapping_sets,
				      test_limit_at_once,        test_one_entering_many_times,
				      test_capacity_at_once,     NULL};

	return api_main("concurrent", tests);
}
