/* The operator's routes: who may, settings in force at once on every daemon, and an audit that sees what is wrong. */
#include "support/kit.h"

START_TEST(test_wrong_key)
{
	static const char *const routes[][2] = {
		{"GET", "/admin/v1/queues"},        {"GET", "/admin/v1/queues/main"},
		{"PATCH", "/admin/v1/queues/main"}, {"GET", "/admin/v1/queues/main/history"},
		{"POST", "/admin/v1/catalog"},      {"GET", "/admin/v1/audit"}};
	static const char *const keys[] = {NULL, "", "x", ADMIN_KEY "x", "test-admin-ke", "TEST-ADMIN-KEY"};
	char *token = enter(10, "main");

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *body = routes[i][0][0] == 'P' ? "{}" : NULL;
		struct reply r;

		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			r = problem(call(P, routes[i][0], routes[i][1], keys[k], body), 401, "INVALID_ADMIN_KEY", NULL);
			ck_assert_str_eq(reply_header(&r, "WWW-Authenticate"), "Bearer");
			reply_free(&r);
		}
		refused(call(P, routes[i][0], routes[i][1], token, body), 401, "INVALID_ADMIN_KEY", NULL);
	}
	free(token);
}
END_TEST

START_TEST(test_no_key_configured)
{
	static const char *const paths[] = {
		"/admin/v1/queues",  "/admin/v1/queues/main", "/admin/v1/queues/main/history",
		"/admin/v1/catalog", "/admin/v1/audit",
	};

	usherd_start(1, "--no-admin-key", NULL);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		refused(admin_port(stack.port[1], "GET", paths[i], NULL), 404, "NOT_FOUND", NULL);
		refused(admin_port(stack.port[1], "POST", paths[i], "{}"), 404, "NOT_FOUND", NULL);
		refused(ask_port(stack.port[1], "PATCH", paths[i], NULL, "{}"), 404, "NOT_FOUND", NULL);
		refused(ask_port(stack.port[1], "PATCH", paths[i], "", "{}"), 404, "NOT_FOUND", NULL);
	}
	refused(ask_port(stack.port[1], "GET", "/admin", NULL, NULL), 404, "NOT_FOUND", NULL);
	done(ask_port(stack.port[1], "GET", "/healthz", NULL, NULL), 200);
}
END_TEST

static void check_settings(const struct reply *r, const char *at)
{
	ck_assert_int_eq((int)number_at(r, say("%scapacity", at)), 3);
	ck_assert_int_eq((int)number_at(r, say("%sratePerSecond", at)), 1000);
	ck_assert_int_eq((int)number_at(r, say("%ssessionSeconds", at)), 600);
	ck_assert_int_eq((int)number_at(r, say("%sclaimSeconds", at)), 60);
	ck_assert(cJSON_IsFalse(reply_at(r, say("%spaused", at))));
	ck_assert(cJSON_IsNull(reply_at(r, say("%sopensAt", at))));
	ck_assert_int_eq((int)number_at(r, say("%swaiting", at)), 1);
	ck_assert_int_eq((int)number_at(r, say("%sinside", at)), 3);
}

START_TEST(test_queues)
{
	char *tokens[4];
	struct reply r;

	for (int i = 0; i < 4; i++)
		tokens[i] = enter(20 + i, "few");
	r = answered(admin("GET", "/admin/v1/queues/few", NULL), 200);
	check_settings(&r, "");
	reply_free(&r);
	r = answered(admin("GET", "/admin/v1/queues", NULL), 200);
	ck_assert_int_eq(count_at(&r, "queues"), 7);
	for (int i = 0; i < 7; i++)
		if (strcmp(text_at(&r, say("queues.%d.queue", i)), "few") == 0)
			check_settings(&r, say("queues.%d.", i));
	ck_assert_ptr_nonnull(strstr(r.body, "\"queue\":\"few\""));
	reply_free(&r);
	refused(admin("GET", "/admin/v1/queues/nowhere", NULL), 404, "QUEUE_NOT_FOUND", NULL);
	for (int i = 3; i >= 0; i--) {
		done(ask("DELETE", "/v1/tokens", tokens[i], NULL), 204);
		free(tokens[i]);
	}
}
END_TEST

static bool capacity_is(int port, int capacity)
{
	struct reply r = ask_port(port, "GET", "/v1/queues/one", NULL, NULL);
	bool yes = (int)reply_number(&r, "capacity") == capacity;

	reply_free(&r);
	return yes;
}

/* Changed through one daemon, kept by another one. */
START_TEST(test_capacity_on_every_daemon)
{
	char *tokens[4];
	int64_t began;
	struct reply r;

	usherd_start(1, NULL);
	for (int i = 0; i < 4; i++) {
		tokens[i] = token_of(stack.port[1], 30 + i, "one");
		ck_assert(stands(tokens[i], i == 0 ? "ACTIVE" : "WAITING"));
	}
	began = now_ms();
	r = answered(admin("PATCH", "/admin/v1/queues/one", "{\"capacity\":3}"), 200);
	ck_assert_int_eq((int)number_at(&r, "capacity"), 3);
	ck_assert_int_eq((int)number_at(&r, "sessionSeconds"), 600);
	wait_until(capacity_is(stack.port[1], 3));
	wait_until(stands(tokens[1], "ACTIVE") && stands(tokens[2], "ACTIVE"));
	ck_assert_int_le((int)(now_ms() - began), 1000);
	ck_assert(stands(tokens[3], "WAITING"));
	done(admin_port(stack.port[1], "PATCH", "/admin/v1/queues/one", "{\"capacity\":1}"), 200);
	ck_assert(capacity_is(P, 1));
	done(ask("DELETE", "/v1/tokens", tokens[0], NULL), 204);
	done(ask("DELETE", "/v1/tokens", tokens[1], NULL), 204);
	ck_assert(stands(tokens[2], "ACTIVE"));
	ck_assert(stands(tokens[3], "WAITING"));
	done(ask("DELETE", "/v1/tokens", tokens[2], NULL), 204);
	wait_until(stands(tokens[3], "ACTIVE"));
	done(ask("DELETE", "/v1/tokens", tokens[3], NULL), 204);
	for (int i = 0; i < 4; i++)
		free(tokens[i]);
	reply_free(&r);
}
END_TEST

START_TEST(test_paused_on_every_daemon)
{
	char *token;
	struct reply r;

	usherd_start(1, NULL);
	done(admin("PATCH", "/admin/v1/queues/side", "{\"paused\":true}"), 200);
	token = token_of(stack.port[1], 40, "side");
	r = answered(ask("GET", "/v1/queue/position", token, NULL), 200);
	ck_assert_msg(strcmp(text_at(&r, "status"), "WAITING") == 0, "%s", r.body);
	reply_free(&r);
	r = answered(ask_port(stack.port[1], "GET", "/v1/queues/side", NULL, NULL), 200);
	ck_assert(cJSON_IsTrue(reply_at(&r, "paused")));
	ck_assert_int_eq((int)number_at(&r, "waiting"), 1);
	reply_free(&r);
	done(admin_port(stack.port[1], "PATCH", "/admin/v1/queues/side", "{\"paused\":false}"), 200);
	wait_until(stands(token, "ACTIVE"));
	free(token);
}
END_TEST

START_TEST(test_all_settings_stay)
{
	struct reply r = answered(admin("PATCH", "/admin/v1/queues/drip",
					"{\"capacity\":7,\"ratePerSecond\":8,\"sessionSeconds\":9,\"claimSeconds\":10,"
					"\"opensAt\":\"2091-02-03T04:05:06.789Z\",\"paused\":true}"),
				  200);
	struct reply again = answered(admin("GET", "/admin/v1/queues/drip", NULL), 200);

	for (int i = 0; i < 2; i++) {
		const struct reply *x = i ? &again : &r;

		ck_assert_int_eq((int)number_at(x, "capacity"), 7);
		ck_assert_int_eq((int)number_at(x, "ratePerSecond"), 8);
		ck_assert_int_eq((int)number_at(x, "sessionSeconds"), 9);
		ck_assert_int_eq((int)number_at(x, "claimSeconds"), 10);
		ck_assert_str_eq(text_at(x, "opensAt"), "2091-02-03T04:05:06.789Z");
		ck_assert(cJSON_IsTrue(reply_at(x, "paused")));
	}
	reply_free(&r);
	reply_free(&again);
	r = answered(admin("PATCH", "/admin/v1/queues/drip", "{\"paused\":false}"), 200);
	ck_assert_int_eq((int)number_at(&r, "capacity"), 7);
	ck_assert_str_eq(text_at(&r, "opensAt"), "2091-02-03T04:05:06.789Z");
	reply_free(&r);
	refused(admin("PATCH", "/admin/v1/queues/drip", "{\"capacity\":9,\"claimSeconds\":0}"), 400, "INVALID_FIELD",
		"claimSeconds");
	r = answered(admin("GET", "/admin/v1/queues/drip", NULL), 200);
	ck_assert_int_eq((int)number_at(&r, "capacity"), 7);
	reply_free(&r);
	ck_assert_int_eq((int)sql_int("SELECT capacity FROM queues WHERE name = 'drip'"), 7);
}
END_TEST

/* Whether the invariant whose name has `word` in it holds; all others must. */
static bool only_wrong(const char *word)
{
	struct reply r = answered(admin("GET", "/admin/v1/audit", NULL), 200);
	bool found = false, wrong = false;

	ck_assert_int_ge(count_at(&r, "invariants"), 6);
	for (int i = 0; i < count_at(&r, "invariants"); i++) {
		bool holds = cJSON_IsTrue(reply_at(&r, say("invariants.%d.holds", i)));
		bool named = word && strstr(text_at(&r, say("invariants.%d.name", i)), word);

		ck_assert_int_ge((int)number_at(&r, say("invariants.%d.counted", i)), 0);
		ck_assert_msg(holds || named, "%s", r.body);
		found |= named;
		wrong |= !holds;
	}
	ck_assert(found || !word);
	ck_assert(cJSON_IsTrue(reply_at(&r, "holds")) == !wrong);
	reply_free(&r);
	return wrong;
}

static int counted(const char *word)
{
	struct reply r = answered(admin("GET", "/admin/v1/audit", NULL), 200);
	int n = -1;

	for (int i = 0; i < count_at(&r, "invariants"); i++)
		if (strstr(text_at(&r, say("invariants.%d.name", i)), word))
			n = (int)number_at(&r, say("invariants.%d.counted", i));
	reply_free(&r);
	return n;
}

static int64_t buy(int user, int schedule, int seat)
{
	char *token = enter(user, "main");
	int64_t id = hold(token, schedule, seat);

	done(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 201);
	free(token);
	return id;
}

START_TEST(test_audit_holds_after_traffic)
{
	int paid = counted("one payment"), live = counted("one live");
	char *token = enter(50, "main");

	buy(51, 11, 1);
	buy(52, 11, 2);
	hold(token, 11, 3);
	done(ask("POST", "/v1/users/53/balance/charges", NULL, "{\"amount\":5}"), 200);
	ck_assert(!only_wrong(NULL));
	ck_assert_int_eq(counted("one payment"), paid + 2);
	ck_assert_int_eq(counted("one live"), live + 3);
	ck_assert_int_ge(counted("ledger"), 2000);
	ck_assert_int_ge(counted("capacity"), 1);
	free(token);
}
END_TEST

START_TEST(test_audit_two_live_reservations)
{
	int id = (int)buy(60, 11, 10);

	sql_run("ALTER TABLE reservation_seats DROP INDEX one_live_reservation_of_a_seat;"
		" INSERT INTO reservations (user_id, concert_id, schedule_id, queue, place, amount, status, expires_at,"
		" created_at) SELECT 61, concert_id, schedule_id, queue, 1, amount, 'HELD', '2090-01-01', NOW(3)"
		" FROM reservations WHERE id = %d;"
		" INSERT INTO reservation_seats SELECT LAST_INSERT_ID(), schedule_id, seat_id, price, 1"
		" FROM reservation_seats WHERE reservation_id = %d",
		id, id);
	ck_assert(only_wrong("one live"));
	sql_run("DELETE s FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id WHERE r.user_id = 61;"
		" DELETE FROM reservations WHERE user_id = 61;"
		" ALTER TABLE reservation_seats ADD UNIQUE KEY one_live_reservation_of_a_seat"
		" (schedule_id, seat_id, live)");
	ck_assert(!only_wrong("one live"));
}
END_TEST

START_TEST(test_audit_paid_seats_differ)
{
	buy(62, 11, 11);
	/* Until then the keeper puts a paid seat right by itself. */
	wait_until(sql_int("SELECT COUNT(*) FROM settlements") == 0);
	redis_int("ZREM usher:{main}:seats:11 11");
	ck_assert(only_wrong("Redis"));
	redis_int("ZADD usher:{main}:seats:11 +inf 11");
	ck_assert(!only_wrong("Redis"));
	redis_int("ZADD usher:{main}:seats:11 +inf 12");
	ck_assert(only_wrong("Redis"));
	redis_int("ZREM usher:{main}:seats:11 12");
	ck_assert(!only_wrong("Redis"));
	redis_int("ZADD usher:{main}:seats:11 4102444800000 11");
	ck_assert(only_wrong("Redis"));
	redis_int("ZADD usher:{main}:seats:11 +inf 11");
	ck_assert(!only_wrong("Redis"));
}
END_TEST

START_TEST(test_audit_payment_missing_or_wrong)
{
	int id = (int)buy(63, 11, 13);

	sql_run("UPDATE payments SET amount = amount - 1 WHERE reservation_id = %d", id);
	ck_assert(only_wrong("one payment"));
	sql_run("UPDATE payments SET amount = amount + 1 WHERE reservation_id = %d", id);
	ck_assert(!only_wrong("one payment"));
	sql_run("CREATE TABLE kept AS SELECT * FROM payments WHERE reservation_id = %d;"
		" DELETE FROM payments WHERE reservation_id = %d",
		id, id);
	ck_assert(only_wrong("one payment"));
	sql_run("INSERT INTO payments SELECT * FROM kept; DROP TABLE kept");
	ck_assert(!only_wrong("one payment"));
	sql_run("UPDATE reservation_seats SET price = price + 1 WHERE reservation_id = %d", id);
	ck_assert(only_wrong("one payment"));
	sql_run("UPDATE reservation_seats SET price = price - 1 WHERE reservation_id = %d", id);
	ck_assert(!only_wrong("one payment"));
}
END_TEST

START_TEST(test_audit_balance_and_ledger)
{
	buy(64, 11, 14);
	sql_run("UPDATE balances SET amount = amount + 1 WHERE user_id = 64");
	ck_assert(only_wrong("ledger"));
	sql_run("UPDATE balances SET amount = amount - 1 WHERE user_id = 64");
	ck_assert(!only_wrong("ledger"));
	sql_run("UPDATE ledger SET amount = amount + 1 WHERE user_id = 64 AND kind = 'OPENING'");
	ck_assert(only_wrong("ledger"));
	sql_run("UPDATE ledger SET amount = amount - 1 WHERE user_id = 64 AND kind = 'OPENING'");
	ck_assert(!only_wrong("ledger"));
}
END_TEST

START_TEST(test_audit_too_many_inside)
{
	for (int i = 0; i < 4; i++)
		redis_int("ZADD usher:{few}:active 4102444800000 %d", 7000 + i);
	ck_assert(only_wrong("capacity"));
	for (int i = 0; i < 4; i++)
		redis_int("ZREM usher:{few}:active %d", 7000 + i);
	ck_assert(!only_wrong("capacity"));
}
END_TEST

START_TEST(test_audit_waiting_and_inside)
{
	redis_int("ZADD usher:{later}:active 4102444800000 7010");
	redis_int("ZADD usher:{later}:waiting 5 7010");
	ck_assert(only_wrong("both"));
	redis_int("ZREM usher:{later}:active 7010");
	ck_assert(!only_wrong("both"));
	redis_int("ZREM usher:{later}:waiting 7010");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_wrong_key,
				      test_no_key_configured,
				      test_queues,
				      test_capacity_on_every_daemon,
				      test_paused_on_every_daemon,
				      test_all_settings_stay,
				      test_audit_holds_after_traffic,
				      test_audit_two_live_reservations,
				      test_audit_paid_seats_differ,
				      test_audit_payment_missing_or_wrong,
				      test_audit_balance_and_ledger,
				      test_audit_too_many_inside,
				      test_audit_waiting_and_inside,
				      NULL};

	return api_main("admin", tests);
}
