/* GET /admin/v1/queues/{name}/history: what an operator's charts are drawn from. */
#include <signal.h>

#include "support/kit.h"

#define PATH "/admin/v1/queues/one/history"

static const char *const columns[] = {"waiting",           "inside",           "seatsLeft",
				      "admittedPerSecond", "noShowsPerSecond", "paymentsPerSecond",
				      "requestsPerSecond", "errorsPerSecond",  "p99Seconds"};

/* Whether the last sample has this many in line; then the answer stays with the caller. */
static bool last_has(struct reply *r, int waiting, int inside)
{
	int last;

	*r = answered(admin("GET", PATH, NULL), 200);
	last = count_at(r, "times") - 1;
	if (last >= 0 && (int)number_at(r, say("waiting.%d", last)) == waiting &&
	    (int)number_at(r, say("inside.%d", last)) == inside)
		return true;
	reply_free(r);
	return false;
}

START_TEST(test_sample_of_a_line)
{
	char *tokens[4];
	struct reply r;
	int count;

	for (int i = 0; i < 4; i++)
		tokens[i] = enter(50 + i, "one");
	wait_until(last_has(&r, 3, 1));
	ck_assert_str_eq(text_at(&r, "queue"), "one");
	ck_assert_int_eq((int)number_at(&r, "intervalSeconds"), 5);
	count = count_at(&r, "times");
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		ck_assert_msg(count_at(&r, columns[i]) == count, "%s: %s", columns[i], r.body);
	ck_assert(is_time(text_at(&r, say("times.%d", count - 1))));
	ck_assert_int_eq((int)number_at(&r, say("seatsLeft.%d", count - 1)), 10);
	reply_free(&r);
	for (int i = 3; i >= 0; i--) {
		done(ask("DELETE", "/v1/tokens", tokens[i], NULL), 204);
		free(tokens[i]);
	}
	/* By now there is a sample before, and somebody has asked since. */
	wait_until(last_has(&r, 0, 0));
	count = count_at(&r, "times");
	ck_assert(number_at(&r, say("requestsPerSecond.%d", count - 1)) > 0);
	ck_assert(number_at(&r, say("p99Seconds.%d", count - 1)) > 0);
	ck_assert(number_at(&r, say("errorsPerSecond.%d", count - 1)) == 0);
	ck_assert(number_at(&r, say("noShowsPerSecond.%d", count - 1)) == 0);
	reply_free(&r);
}
END_TEST

START_TEST(test_refused)
{
	refused(admin("GET", "/admin/v1/queues/nowhere/history", NULL), 404, "QUEUE_NOT_FOUND", NULL);
	refused(call(P, "GET", PATH, "x", NULL), 401, "INVALID_ADMIN_KEY", NULL);
	refused(admin("POST", PATH, "{}"), 405, "METHOD_NOT_ALLOWED", NULL);
}
END_TEST

static bool last_is_gap(void)
{
	struct reply r = answered(admin("GET", PATH, NULL), 200);
	int last = count_at(&r, "times") - 1;
	bool gap = last > 0 && cJSON_IsNull(reply_at(&r, say("waiting.%d", last))) &&
		   cJSON_IsNull(reply_at(&r, say("admittedPerSecond.%d", last))) &&
		   cJSON_IsNumber(reply_at(&r, say("requestsPerSecond.%d", last)));

	ck_assert(last < 0 || is_time(text_at(&r, say("times.%d", last))));
	reply_free(&r);
	return gap;
}

/* Without Redis the history can still be looked at, and what nobody knew is null. Last: Redis stays away. */
START_TEST(test_gap)
{
	process_kill(&stack.redis, SIGKILL);
	wait_until(last_is_gap());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_sample_of_a_line, test_refused, test_gap, NULL};

	return api_main("history", tests);
}
