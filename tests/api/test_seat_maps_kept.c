/* Which seat maps a worker keeps, and for how long: more seats than it has room for, and seats changed by hand. */
#include "support/kit.h"

#include <unistd.h>

#define ASKED 6

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":10,\"ratePerSecond\":1000,\"sessionSeconds\":3600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":9}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Huge\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":31,\"startsAt\":\"2089-12-27T10:00:00.000Z\",\"venue\":\"Field\",\"sections\":["
	"{\"name\":\"A\",\"rows\":800,\"seatsPerRow\":100,\"price\":100}]},"
	"{\"id\":32,\"startsAt\":\"2089-12-28T10:00:00.000Z\",\"venue\":\"Field\",\"sections\":["
	"{\"name\":\"A\",\"rows\":800,\"seatsPerRow\":100,\"price\":100}]},"
	"{\"id\":12,\"startsAt\":\"2089-12-25T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":["
	"{\"name\":\"A\",\"rows\":1,\"seatsPerRow\":3,\"price\":50000}]}]}]}";

static char *token; /* of somebody who only looks */

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, "--workers=1", stack_catalog(catalog), NULL);
	token = token_of(P, 9, "main");
}

static bool is_free(int seat)
{
	struct reply r = answered(ask("GET", "/v1/schedules/12/seats", token, NULL), 200);
	bool found = strstr(r.body, say("\"seatId\":%d,", seat)) != NULL;

	reply_free(&r);
	return found;
}

/* A worker keeps no two maps as large as these, and yet both are answered to those who ask at once. */
START_TEST(test_more_seats_than_are_kept)
{
	int fds[ASKED];

	for (int i = 0; i < ASKED; i++) {
		const char *text = say("GET /v1/schedules/%d/seats HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
				       "Accept-Encoding: gzip\r\nAuthorization: Bearer %s\r\n\r\n",
				       31 + i % 2, token);

		fds[i] = http_connect(P);
		ck_assert_int_eq(http_send(fds[i], text, strlen(text)), 0);
	}
	for (int i = 0; i < ASKED; i++) {
		struct reply r = answered(http_read(fds[i], 0), 200);

		ck_assert_str_eq(reply_header(&r, "Content-Encoding"), "gzip");
		reply_free(&r);
		close(fds[i]);
	}
}
END_TEST

/* One seat in another's place: nothing that is counted tells. */
START_TEST(test_swapped_by_hand)
{
	redis_int("FCALL usher_correct 2 usher:{main}:seats:12 usher:{main}:changes:12 1 -1");
	ck_assert(!is_free(1));
	redis_int("EVAL %s 1 usher:{main}:seats:12", "redis.call('ZREM', KEYS[1], 1)"
						     " return redis.call('ZADD', KEYS[1], 'inf', 3)");
	wait_until(is_free(1));
	ck_assert(!is_free(3));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_more_seats_than_are_kept, test_swapped_by_hand, NULL};
	int status = stack_main("seat-maps-kept", 60, begin, tests);

	free(token);
	return status;
}
