/* Dying on purpose, and looking at what is left. */
#include "fault/crash.h"

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":100,\"ratePerSecond\":1000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":100,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter Live\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":5,\"seatsPerRow\":10,\"price\":1000}]}]},"
	"{\"id\":2,\"title\":\"Quick\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":2,"
	"\"schedules\":[{\"id\":21,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Yard\","
	"\"sections\":[{\"name\":\"A\",\"rows\":1,\"seatsPerRow\":10,\"price\":1000}]}]}]}";

void crash_begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, stack_catalog(catalog), NULL);
}

void armed(const char *point)
{
	usherd_spawn_armed(DYING, point, NULL);
	ck_assert_msg(usherd_wait_ready(DYING, 20), "usherd_crash does not start for %s", point);
}

struct reply keyed_at(int port, const char *method, const char *path, const char *token, const char *key,
		      const char *json)
{
	const char *headers =
		say("%s%s%s%s%s%s", token ? "Authorization: Bearer " : "", token ? token : "", token ? "\r\n" : "",
		    key ? "Idempotency-Key: " : "", key ? key : "", key ? "\r\n" : "");

	return http(port, method, path, headers, json);
}

void dead(const char *point, int seconds)
{
	ck_assert_msg(usherd_wait_crash(DYING, point, seconds), "not dead, or not of %s", point);
}

void dies_of(const char *point, const char *method, const char *path, const char *token, const char *key,
	     const char *json)
{
	done(keyed_at(stack.port[DYING], method, path, token, key, json), 0);
	dead(point, 5);
}

bool replayed(const struct reply *r)
{
	const char *value = reply_header(r, "Idempotent-Replay");

	return value && strcmp(value, "true") == 0;
}

int64_t live(int schedule, int seat)
{
	return sql_int("SELECT COUNT(*) FROM reservation_seats WHERE schedule_id = %d AND seat_id = %d AND live = 1",
		       schedule, seat);
}

int64_t held(int schedule, int seat)
{
	return redis_int("ZSCORE usher:{main}:seats:%d %d", schedule, seat);
}

int64_t unrecorded(void)
{
	return redis_int("ZCARD usher:{main}:unrecorded");
}
