/* POST, GET and DELETE /v1/tokens, and GET /v1/queue/position: a place from its first to its last moment. */
#include "support/kit.h"

static struct reply post_token(int user, const char *queue)
{
	return ask("POST", "/v1/tokens", NULL, "{\"userId\":%d,\"queue\":\"%s\"}", user, queue);
}

/* Both shapes of a place, as the contract shows them. */
static void check_waiting(const struct reply *r, int user, const char *queue, int position)
{
	ck_assert_int_eq((int)number_at(r, "userId"), user);
	ck_assert_str_eq(text_at(r, "queue"), queue);
	ck_assert_str_eq(text_at(r, "status"), "WAITING");
	ck_assert_int_eq((int)number_at(r, "position"), position);
	ck_assert(cJSON_IsTrue(reply_at(r, "exact")));
	ck_assert_int_ge((int)number_at(r, "waiting"), position);
	ck_assert(cJSON_IsNull(reply_at(r, "etaSeconds")) || number_at(r, "etaSeconds") >= 0);
	ck_assert_int_ge((int)number_at(r, "pollAfterMs"), 900);
	ck_assert_int_le((int)number_at(r, "pollAfterMs"), 33000);
	ck_assert_int_ge((int)number_at(r, "seatsLeft"), 0);
	ck_assert(cJSON_IsFalse(reply_at(r, "soldOut")));
	ck_assert(!has(r, "sessionExpiresAt"));
}

static void check_active(const struct reply *r, int user, const char *queue)
{
	ck_assert_int_eq((int)number_at(r, "userId"), user);
	ck_assert_str_eq(text_at(r, "queue"), queue);
	ck_assert_str_eq(text_at(r, "status"), "ACTIVE");
	ck_assert(is_time(text_at(r, "sessionExpiresAt")));
	ck_assert_int_ge((int)number_at(r, "pollAfterMs"), 9000);
	ck_assert_int_le((int)number_at(r, "pollAfterMs"), 11000);
	ck_assert(!has(r, "position"));
}

START_TEST(test_empty_line_lets_in_at_once)
{
	struct reply first = answered(post_token(10, "main"), 201), again = answered(post_token(10, "main"), 200), r;

	check_active(&first, 10, "main");
	check_active(&again, 10, "main");
	ck_assert_int_ge((int)strlen(text_at(&first, "token")), 40);
	ck_assert_str_eq(text_at(&first, "token"), text_at(&again, "token"));
	r = answered(ask("GET", "/v1/queue/position", text_at(&first, "token"), NULL), 200);
	check_active(&r, 10, "main");
	ck_assert(!has(&r, "token"));
	ck_assert_str_eq(text_at(&r, "sessionExpiresAt"), text_at(&first, "sessionExpiresAt"));
	reply_free(&first);
	reply_free(&again);
	reply_free(&r);
}
END_TEST

START_TEST(test_waiting_keeps_place)
{
	char *inside = enter(20, "one");
	struct reply first = answered(post_token(21, "one"), 201), again = answered(post_token(21, "one"), 200), r;

	check_waiting(&first, 21, "one", 1);
	check_waiting(&again, 21, "one", 1);
	ck_assert_str_eq(text_at(&first, "token"), text_at(&again, "token"));
	r = answered(ask("GET", "/v1/queue/position", text_at(&first, "token"), NULL), 200);
	check_waiting(&r, 21, "one", 1);
	ck_assert(!has(&r, "token"));
	ck_assert_int_eq((int)number_at(&r, "waiting"), 1);
	ck_assert_int_eq((int)number_at(&r, "seatsLeft"), 10);
	done(ask("DELETE", "/v1/tokens", text_at(&first, "token"), NULL), 204);
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	reply_free(&first);
	reply_free(&again);
	reply_free(&r);
	free(inside);
}
END_TEST

START_TEST(test_unknown_user_and_queue)
{
	refused(post_token(999999, "main"), 404, "USER_NOT_FOUND", NULL);
	refused(post_token(999999, "main"), 404, "USER_NOT_FOUND", NULL);
	refused(post_token(10, "nowhere"), 404, "QUEUE_NOT_FOUND", NULL);
	ck_assert_int_eq((int)redis_int("ZCARD usher:{nowhere}:waiting"), 0);
	ck_assert_int_eq((int)redis_int("EXISTS usher:{nowhere}:queue"), 0);
}
END_TEST

START_TEST(test_one_user_in_two_queues)
{
	char *main_token = enter(30, "main"), *side_token = enter(30, "side");

	ck_assert_str_ne(main_token, side_token);
	ck_assert(stands(main_token, "ACTIVE"));
	ck_assert(stands(side_token, "ACTIVE"));
	done(ask("DELETE", "/v1/tokens", main_token, NULL), 204);
	ck_assert(!stands(main_token, "ACTIVE"));
	ck_assert(stands(side_token, "ACTIVE"));
	free(main_token);
	free(side_token);
}
END_TEST

START_TEST(test_leaving_the_line)
{
	char *inside = enter(40, "one"), *first = enter(41, "one"), *second = enter(42, "one"), *back;
	struct reply r;

	done(ask("DELETE", "/v1/tokens", first, NULL), 204);
	refused(ask("GET", "/v1/queue/position", first, NULL), 302, "TOKEN_EXPIRED", NULL);
	r = answered(ask("GET", "/v1/queue/position", second, NULL), 200);
	check_waiting(&r, 42, "one", 1);
	reply_free(&r);
	back = enter(41, "one");
	ck_assert_str_ne(back, first);
	r = answered(ask("GET", "/v1/queue/position", back, NULL), 200);
	check_waiting(&r, 41, "one", 2);
	reply_free(&r);
	done(ask("DELETE", "/v1/tokens", back, NULL), 204);
	done(ask("DELETE", "/v1/tokens", second, NULL), 204);
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	free(inside);
	free(first);
	free(second);
	free(back);
}
END_TEST

START_TEST(test_leaving_inside_lets_the_next_in)
{
	char *inside = enter(50, "one"), *next = enter(51, "one");

	ck_assert(stands(next, "WAITING"));
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	wait_until(stands(next, "ACTIVE"));
	refused(ask("DELETE", "/v1/tokens", inside, NULL), 302, "TOKEN_EXPIRED", NULL);
	done(ask("DELETE", "/v1/tokens", next, NULL), 204);
	free(inside);
	free(next);
}
END_TEST

START_TEST(test_fifty_in_line)
{
	char *inside = enter(100, "one"), *tokens[50];
	struct reply r;

	for (int i = 0; i < 50; i++) {
		r = answered(post_token(101 + i, "one"), 201);
		check_waiting(&r, 101 + i, "one", i + 1);
		tokens[i] = strdup(text_at(&r, "token"));
		reply_free(&r);
	}
	for (int i = 0; i < 50; i++) {
		r = answered(ask("GET", "/v1/queue/position", tokens[i], NULL), 200);
		check_waiting(&r, 101 + i, "one", i + 1);
		reply_free(&r);
	}
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	wait_until(stands(tokens[0], "ACTIVE"));
	for (int i = 1; i < 50; i++) {
		r = answered(ask("GET", "/v1/queue/position", tokens[i], NULL), 200);
		check_waiting(&r, 101 + i, "one", i);
		reply_free(&r);
	}
	for (int i = 49; i >= 0; i--) {
		done(ask("DELETE", "/v1/tokens", tokens[i], NULL), 204);
		free(tokens[i]);
	}
	free(inside);
}
END_TEST

START_TEST(test_help_for_the_redirected)
{
	struct reply r = answered(ask("GET", "/v1/tokens", NULL, NULL), 200);

	ck_assert_ptr_nonnull(strstr(reply_header(&r, "Content-Type"), "application/json"));
	ck_assert_ptr_nonnull(r.json);
	ck_assert_ptr_nonnull(strstr(r.body, "POST"));
	ck_assert_ptr_nonnull(strstr(r.body, "/v1/tokens"));
	reply_free(&r);
	done(ask("GET", "/v1/tokens", "no token at all", NULL), 200);
}
END_TEST

START_TEST(test_before_the_doors)
{
	struct reply first = answered(post_token(60, "later"), 201), again = answered(post_token(60, "later"), 200), r;
	const char *token = text_at(&first, "token");

	r = answered(ask("GET", "/v1/queue/position", token, NULL), 200);
	ck_assert_str_eq(text_at(&first, "token"), text_at(&again, "token"));
	ck_assert_str_eq(text_at(&first, "status"), "SCHEDULED");
	ck_assert_str_eq(text_at(&r, "status"), "SCHEDULED");
	ck_assert_str_eq(text_at(&first, "opensAt"), "2090-01-01T00:00:00.000Z");
	ck_assert_str_eq(text_at(&r, "opensAt"), "2090-01-01T00:00:00.000Z");
	ck_assert(!has(&first, "position"));
	ck_assert(!has(&r, "position"));
	ck_assert_int_gt((int)number_at(&r, "pollAfterMs"), 0);
	reply_free(&r);
	r = problem(ask("GET", "/v1/schedules/11/seats", token, NULL), 403, "TOKEN_NOT_ACTIVE", NULL);
	ck_assert_ptr_nonnull(reply_header(&r, "Retry-After"));
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	refused(ask("GET", "/v1/queue/position", token, NULL), 302, "TOKEN_EXPIRED", NULL);
	reply_free(&r);
	reply_free(&first);
	reply_free(&again);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_empty_line_lets_in_at_once,
				      test_waiting_keeps_place,
				      test_unknown_user_and_queue,
				      test_one_user_in_two_queues,
				      test_leaving_the_line,
				      test_leaving_inside_lets_the_next_in,
				      test_fifty_in_line,
				      test_help_for_the_redirected,
				      test_before_the_doors,
				      NULL};

	return api_main("tokens", tests);
}
