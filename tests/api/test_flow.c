/* The mission's flow from the first to the last step, as one buyer walks it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/http.h"
#include "support/stack.h"

#define P stack.port[0]

START_TEST(test_buyer_walks_through)
{
	char *token = token_of(P, 7, "main");
	struct reply r;

	ck_assert_ptr_nonnull(token);
	r = call(P, "GET", "/v1/queue/position", token, NULL);
	ck_assert_int_eq(r.status, 200);
	ck_assert_str_eq(reply_string(&r, "status"), "ACTIVE");
	reply_free(&r);
	r = call(P, "POST", "/v1/reservations", token, "{\"scheduleId\":11,\"seatIds\":[3,4]}");
	ck_assert_int_eq(r.status, 201);
	ck_assert_int_eq((int)reply_number(&r, "amount"), 100000);
	reply_free(&r);
	free(token);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("flow");
	TCase *tc = tcase_create("flow");
	SRunner *runner;
	int failed;

	stack_begin();
	redis_start();
	mysql_start();
	usherd_start(0, "--catalog=" SRCDIR "/schema/demo.json", NULL);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_buyer_walks_through);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return stack_end() && !failed ? 0 : 1;
}
