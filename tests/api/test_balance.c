/* Balances and charges. */
#include "support/kit.h"

static struct reply charge(int user, const char *amount)
{
	return ask("POST", say("/v1/users/%d/balance/charges", user), NULL, "{\"amount\":%s}", amount);
}

START_TEST(test_read)
{
	struct reply r = answered(ask("GET", "/v1/users/1/balance", NULL, NULL), 200);

	ck_assert_str_eq(r.body, "{\"userId\":1,\"balance\":70000}");
	reply_free(&r);
	ck_assert_int_eq((int)balance_of(3002), 0);
}
END_TEST

START_TEST(test_charge)
{
	struct reply r = answered(charge(2, "50000"), 200);

	ck_assert_int_eq((int)number_at(&r, "userId"), 2);
	ck_assert_int_eq((int)number_at(&r, "balance"), 150000);
	ck_assert_int_eq((int)balance_of(2), 150000);
	ck_assert_int_eq((int)sql_int("SELECT SUM(amount) FROM ledger WHERE user_id = 2"), 150000);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM ledger WHERE user_id = 2 AND kind = 'CHARGE'"), 1);
	reply_free(&r);
}
END_TEST

START_TEST(test_range)
{
	done(charge(3, "1"), 200);
	done(charge(3, "10000000"), 200);
	ck_assert_int_eq((int)balance_of(3), 10100001);
	refused(charge(3, "0"), 400, "INVALID_FIELD", "amount");
	refused(charge(3, "-1"), 400, "INVALID_FIELD", "amount");
	refused(charge(3, "10000001"), 400, "INVALID_FIELD", "amount");
	ck_assert_int_eq((int)balance_of(3), 10100001);
}
END_TEST

START_TEST(test_unknown_user)
{
	refused(ask("GET", "/v1/users/999999/balance", NULL, NULL), 404, "USER_NOT_FOUND", NULL);
	refused(charge(999999, "5"), 404, "USER_NOT_FOUND", NULL);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM balances WHERE user_id = 999999"), 0);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM ledger WHERE user_id = 999999"), 0);
}
END_TEST

/* Money stays a number that every client can hold. */
START_TEST(test_never_above_2_to_53)
{
	struct reply r;

	sql_run("UPDATE balances SET amount = 9007199254740990 WHERE user_id = 4");
	sql_run("INSERT INTO ledger (user_id, kind, amount, balance_after, created_at)"
		" VALUES (4, 'OPENING', 9007199254640990, 9007199254740990, NOW(3))");
	r = charge(4, "2");
	ck_assert_int_ge(r.status, 400);
	ck_assert_int_lt(r.status, 500);
	reply_free(&r);
	ck_assert_int_eq((int)(sql_int("SELECT amount FROM balances WHERE user_id = 4") - 9007199254740990), 0);
	done(charge(4, "1"), 200);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_read, test_charge, test_range, test_unknown_user, test_never_above_2_to_53,
				      NULL};

	return api_main("balance", tests);
}
