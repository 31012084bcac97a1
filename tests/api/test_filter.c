/* The token filter, row by row, on every route that has it. */
#include "support/kit.h"

#include <stdio.h>

#include "engine/token.h"

static const struct route {
	const char *method, *path, *body;
	bool active;
} routes[] = {
	{"GET", "/v1/queue/position", NULL, false},
	{"DELETE", "/v1/tokens", NULL, false},
	{"GET", "/v1/concerts/1/dates", NULL, true},
	{"GET", "/v1/schedules/11/seats", NULL, true},
	{"POST", "/v1/reservations", "{\"scheduleId\":11,\"seatId\":1}", true},
	{"GET", "/v1/reservations/1", NULL, true},
	{"DELETE", "/v1/reservations/1", NULL, true},
	{"POST", "/v1/payments", "{\"reservationId\":1}", true},
};

#define ROUTES (int)(sizeof(routes) / sizeof(routes[0]))

/* Signs as the daemon does, so that only what the token says can be what is refused. */
static char *sign(const char *secret_pattern, const char *queue, uint64_t user, uint64_t place, char *text)
{
	unsigned char key[TOKEN_KEY_BYTES];
	struct token t = {.user = user, .place = place, .issued_at = 1766000000000};
	struct token_keys keys;

	for (int i = 0; i < TOKEN_KEY_BYTES; i++)
		key[i] = (unsigned char)strtoul(say("%.2s", secret_pattern + 2 * i), NULL, 16);
	token_keys_init(&keys, key, NULL);
	snprintf(t.queue, sizeof(t.queue), "%s", queue);
	return token_write(&keys, &t, text);
}

static void check_invalid(const struct route *route, const char *headers)
{
	struct reply r = problem(http(P, route->method, route->path, headers, route->body), 401, "INVALID_TOKEN", NULL);

	ck_assert_str_eq(reply_header(&r, "WWW-Authenticate"), "Bearer");
	reply_free(&r);
}

static void check_invalid_everywhere(const char *headers)
{
	for (int i = 0; i < ROUTES; i++)
		check_invalid(&routes[i], headers);
}

static void check_expired(const struct route *route, const char *token)
{
	struct reply r = problem(call(P, route->method, route->path, token, route->body), 302, "TOKEN_EXPIRED", NULL);

	ck_assert_str_eq(reply_header(&r, "Location"), "/v1/tokens");
	reply_free(&r);
}

static void check_expired_everywhere(const char *token)
{
	for (int i = 0; i < ROUTES; i++)
		check_expired(&routes[i], token);
}

START_TEST(test_missing_and_malformed)
{
	static const char *const headers[] = {
		NULL,
		"Authorization: \r\n",
		"Authorization: Bearer\r\n",
		"Authorization: Bearer \r\n",
		"Authorization: Bearer x\r\n",
		"Authorization: Bearer ....\r\n",
		"Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n",
		"Authorization: Basic dXNlcjpwYXNz\r\n",
		"Authorization: Bearer " ADMIN_KEY "\r\n"};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		check_invalid_everywhere(headers[i]);
}
END_TEST

START_TEST(test_very_long_token)
{
	char header[4200] = "Authorization: Bearer ";
	size_t n = strlen(header);

	memset(header + n, 'A', 4000);
	strcpy(header + n + 4000, "\r\n");
	check_invalid_everywhere(header);
}
END_TEST

/* No byte of a token can be another one. */
START_TEST(test_forged_by_one_character)
{
	char *token = enter(10, "main"), header[HEADER_TEXT];
	size_t n = strlen(token);

	for (size_t i = 0; i < n; i++) {
		char was = token[i];

		/* The last character of base64 has bits that say nothing; this changes one that does. */
		token[i] = was == 'Z' ? 'b' : 'Z';
		check_invalid(&routes[i % 2], bearer(header, token));
		token[i] = was;
	}
	token[n - 1] = '\0';
	check_invalid(&routes[0], bearer(header, token));
	token[n / 2] = '\0';
	check_invalid(&routes[0], bearer(header, token));
	free(token);
	token = enter(10, "main");
	check_invalid(&routes[0], bearer(header, say("%sAA", token)));
	check_invalid(&routes[0], bearer(header, say("%s x", token)));
	ck_assert(stands(token, "ACTIVE"));
	free(token);
}
END_TEST

START_TEST(test_signed_by_another)
{
	char *token = enter(11, "main"), text[TOKEN_TEXT], header[HEADER_TEXT];
	int64_t place = redis_int("ZSCORE usher:{main}:places 11");

	check_invalid_everywhere(bearer(header, sign("ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
						     "main", 11, (uint64_t)place, text)));
	check_invalid_everywhere(bearer(header, sign(TEST_SECRET, "nowhere", 11, 1, text)));
	ck_assert(stands(token, "ACTIVE"));
	free(token);
}
END_TEST

/* Genuine, but nobody has ever stood there. */
START_TEST(test_genuine_but_nothing_alive)
{
	char *token = enter(12, "main"), text[TOKEN_TEXT];

	check_expired_everywhere(sign(TEST_SECRET, "main", 12, 1, text));
	check_expired_everywhere(sign(TEST_SECRET, "main", 1999, 77, text));
	ck_assert(stands(token, "ACTIVE"));
	free(token);
}
END_TEST

START_TEST(test_previous_secret_is_good)
{
	char *token = enter(13, "main");
	struct reply r;

	usherd_start(1, "--secret=ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		     "--previous-secret=" TEST_SECRET, NULL);
	done(ask_port(stack.port[1], "GET", "/v1/queue/position", token, NULL), 200);
	usherd_start(2, "--secret=ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", NULL);
	r = problem(ask_port(stack.port[2], "GET", "/v1/queue/position", token, NULL), 401, "INVALID_TOKEN", NULL);
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(test_expired_by_leaving)
{
	char *token = enter(20, "main");

	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	check_expired_everywhere(token);
	free(token);
}
END_TEST

START_TEST(test_expired_by_paying)
{
	char *token = enter(21, "main");
	int64_t id = hold(token, 11, 21);

	done(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 201);
	check_expired_everywhere(token);
	free(token);
}
END_TEST

/* The old token stays dead while its user stands in line again. */
START_TEST(test_expired_by_being_replaced)
{
	char *old = enter(22, "main"), *new;

	done(ask("DELETE", "/v1/tokens", old, NULL), 204);
	new = enter(22, "main");
	ck_assert_str_ne(old, new);
	check_expired_everywhere(old);
	ck_assert(stands(new, "ACTIVE"));
	free(old);
	free(new);
}
END_TEST

START_TEST(test_expired_by_session_over)
{
	char *token = enter(23, "brief");

	wait_until(redis_int("ZSCORE usher:{brief}:active 23") == -1);
	check_expired_everywhere(token);
	free(token);
}
END_TEST

START_TEST(test_waiting_on_active_routes)
{
	char *inside = enter(30, "one"), *first = enter(31, "one"), *second = enter(32, "one");
	struct reply r;

	for (int i = 0; i < ROUTES; i++) {
		if (!routes[i].active)
			continue;
		r = problem(call(P, routes[i].method, routes[i].path, second, routes[i].body), 403, "TOKEN_NOT_ACTIVE",
			    NULL);
		ck_assert_int_ge(atoi(reply_header(&r, "Retry-After")), 1);
		ck_assert_int_eq((int)number_at(&r, "position"), 2);
		reply_free(&r);
	}
	done(ask("DELETE", "/v1/tokens", second, NULL), 204);
	done(ask("DELETE", "/v1/tokens", first, NULL), 204);
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	free(inside);
	free(first);
	free(second);
}
END_TEST

START_TEST(test_other_queues_concert)
{
	char *token = enter(40, "side");

	refused(ask("GET", "/v1/concerts/1/dates", token, NULL), 403, "WRONG_QUEUE", NULL);
	refused(ask("GET", "/v1/schedules/11/seats", token, NULL), 403, "WRONG_QUEUE", NULL);
	refused(ask("POST", "/v1/reservations", token, "{\"scheduleId\":11,\"seatId\":40}"), 403, "WRONG_QUEUE", NULL);
	ck_assert_int_eq((int)redis_int("ZCARD usher:{side}:seats:11"), 0);
	done(ask("GET", "/v1/concerts/2/dates", token, NULL), 200);
	done(ask("GET", "/v1/schedules/21/seats", token, NULL), 200);
	free(token);
}
END_TEST

/* A reservation made in one queue, looked at with a session of another one. */
START_TEST(test_other_queues_reservation)
{
	char *token = enter(41, "main"), *other = enter(41, "side");
	int64_t id = hold(token, 11, 41);
	const char *path = say("/v1/reservations/%d", (int)id);

	refused(ask("GET", path, other, NULL), 403, "WRONG_QUEUE", NULL);
	refused(ask("DELETE", path, other, NULL), 403, "WRONG_QUEUE", NULL);
	refused(ask("POST", "/v1/payments", other, "{\"reservationId\":%d}", (int)id), 403, "WRONG_QUEUE", NULL);
	ck_assert_int_eq((int)balance_of(41), 100000);
	done(ask("GET", path, token, NULL), 200);
	free(token);
	free(other);
}
END_TEST

/* The filter comes before the body: who may not pass learns nothing of the rest. */
START_TEST(test_filter_comes_first)
{
	refused(ask("POST", "/v1/reservations", NULL, "not json"), 401, "INVALID_TOKEN", NULL);
	refused(ask("GET", "/v1/concerts/999/dates", NULL, NULL), 401, "INVALID_TOKEN", NULL);
	refused(ask("GET", "/v1/reservations/0", NULL, NULL), 401, "INVALID_TOKEN", NULL);
}
END_TEST

START_TEST(test_scheme_in_any_case)
{
	char *token = enter(50, "main");

	done(http(P, "GET", "/v1/queue/position", say("authorization: bearer %s\r\n", token), NULL), 200);
	done(http(P, "GET", "/v1/queue/position", say("Authorization:   BEARER  %s\r\n", token), NULL), 200);
	free(token);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_missing_and_malformed,     test_very_long_token,
				      test_forged_by_one_character,   test_signed_by_another,
				      test_genuine_but_nothing_alive, test_previous_secret_is_good,
				      test_expired_by_leaving,        test_expired_by_paying,
				      test_expired_by_being_replaced, test_expired_by_session_over,
				      test_waiting_on_active_routes,  test_other_queues_concert,
				      test_other_queues_reservation,  test_filter_comes_first,
				      test_scheme_in_any_case,        NULL};

	return api_main("filter", tests);
}
