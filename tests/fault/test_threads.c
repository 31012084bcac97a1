/* Every thread of a daemon at once: buyers, strangers, an operator, a new catalogue and clients that hang up
 * pull at the workers, the pool, the caches and the keeper from all sides. Under ThreadSanitizer it is this
 * test that makes the threads meet; in any build the sums have to come out. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "support/kit.h"

#define BUYERS 6     /* at once */
#define EACH 40      /* users one of them plays */
#define SEATS 20     /* in a row, twelve rows: a seat a user */
#define STRANGER 500 /* ids from here on are nobody's */

enum role { BUY, STRAY, OPERATE, LOAD, WATCH, HANG_UP, ROLES_END };

struct actor {
	enum role role;
	int number, bad; /* bad: a status that must not be */
	int paid, done;
	char what[64];
};

static _Atomic int buyers_left;

static void catalog_text(char text[2048], int turn)
{
	snprintf(
		text, 2048,
		"{\"queues\":[{\"name\":\"main\",\"capacity\":1000,\"ratePerSecond\":5000,\"sessionSeconds\":600,"
		"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":%d,\"balance\":5000}],"
		"\"concerts\":[{\"id\":1,\"title\":\"Night %d\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
		"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall %d\","
		"\"sections\":[{\"name\":\"A\",\"rows\":12,\"seatsPerRow\":%d,\"price\":1000}]},"
		"{\"id\":12,\"startsAt\":\"2089-12-25T10:00:00.000Z\",\"venue\":\"Yard\","
		"\"sections\":[{\"name\":\"A\",\"rows\":%d,\"seatsPerRow\":10,\"price\":1000}]}]}]}",
		BUYERS * EACH, turn, turn, SEATS, 1 + turn % 5);
}

static void begin(void)
{
	char text[2048];

	redis_start();
	mysql_start();
	catalog_text(text, 0);
	usherd_start(0, stack_catalog(text), "--workers=4", "--db-threads=3", NULL);
}

/* One request whose answer must be `want`; what else came is kept. */
static bool expect(struct actor *a, struct reply r, int want, const char *what)
{
	bool good = r.status == want;

	if (!good && !a->bad) {
		a->bad = r.status ? r.status : -1;
		snprintf(a->what, sizeof(a->what), "%s", what);
	}
	a->done++;
	reply_free(&r);
	return good;
}

static int64_t reserve(struct actor *a, const char *token, int seat)
{
	struct reply r = ask("POST", "/v1/reservations", token, "{\"scheduleId\":11,\"seatId\":%d}", seat);
	int64_t id = (int64_t)reply_number(&r, "reservationId");

	return expect(a, r, 201, "reserve") ? id : 0;
}

/* A user enters, looks round, holds a seat, and then pays, changes their mind or just goes. */
static void visit(struct actor *a, int user)
{
	char *token = token_of(P, user, "main");
	int64_t id;

	if (!token) {
		expect(a, (struct reply){0}, 201, "enter");
		return;
	}
	expect(a, call(P, "GET", "/v1/concerts/1/dates", token, NULL), 200, "dates");
	expect(a, call(P, "GET", "/v1/schedules/11/seats", token, NULL), 200, "seats");
	id = reserve(a, token, user);
	if (user % 3 == 0) {
		a->paid +=
			expect(a, ask("POST", "/v1/payments", token, "{\"reservationId\":%ld}", (long)id), 201, "pay");
		expect(a, call(P, "GET", "/v1/queue/position", token, NULL), 302, "position");
	} else {
		if (user % 3 == 1)
			expect(a, call(P, "DELETE", say("/v1/reservations/%ld", (long)id), token, NULL), 204, "cancel");
		expect(a, call(P, "DELETE", "/v1/tokens", token, NULL), 204, "leave");
	}
	free(token);
}

static void stray(struct actor *a, int turn)
{
	expect(a, ask("POST", "/v1/tokens", NULL, "{\"userId\":%d,\"queue\":\"main\"}", STRANGER + turn * 7919), 404,
	       "stranger");
	expect(a, ask("GET", "/v1/users/1/balance", NULL, NULL), 200, "balance");
}

static void operate(struct actor *a, int turn)
{
	expect(a, admin("PATCH", "/admin/v1/queues/main", say("{\"capacity\":%d}", 1000 + turn % 2)), 200, "patch");
	expect(a, admin("GET", "/admin/v1/queues", NULL), 200, "queues");
}

static void load(struct actor *a, int turn)
{
	char text[2048];

	catalog_text(text, turn);
	expect(a, admin("POST", "/admin/v1/catalog", text), 200, "catalog");
}

static void watch(struct actor *a)
{
	expect(a, ask("GET", "/metrics", NULL, NULL), 200, "metrics");
	expect(a, ask("GET", "/readyz", NULL, NULL), 200, "readyz");
	expect(a, ask("GET", "/v1/queues/main", NULL, NULL), 200, "queue");
	expect(a, ask("GET", "/v1/concerts", NULL, NULL), 200, "concerts");
}

/* Asks for what takes a store, and is gone before the answer can be there. */
static void hang_up(struct actor *a, int turn)
{
	char text[256];
	int fd = http_connect(P);
	const char *body = say("{\"userId\":%d,\"queue\":\"main\"}", turn % 2 ? 2000 + turn : 1 + turn % EACH);

	snprintf(
		text, sizeof(text),
		"GET /v1/users/1/balance HTTP/1.1\r\nHost: x\r\n\r\n"
		"POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		strlen(body), body);
	http_send(fd, text, strlen(text));
	close(fd);
	/* Waits for its own turn, so that it is not all others who wait. */
	expect(a, ask("GET", "/v1/users/2/balance", NULL, NULL), 200, "balance");
}

static void turn_of(struct actor *a, int turn)
{
	switch (a->role) {
	case STRAY:
		stray(a, turn);
		break;
	case OPERATE:
		operate(a, turn);
		break;
	case LOAD:
		load(a, turn);
		break;
	case WATCH:
		watch(a);
		break;
	default:
		hang_up(a, turn);
	}
}

static void *act(void *arg)
{
	struct actor *a = arg;

	if (a->role == BUY) {
		for (int i = 0; i < EACH; i++)
			visit(a, 1 + a->number * EACH + i);
		atomic_fetch_sub(&buyers_left, 1);
	} else {
		for (int turn = 1; atomic_load(&buyers_left); turn++)
			turn_of(a, turn);
	}
	return NULL;
}

START_TEST(test_all_at_once)
{
	struct actor actors[BUYERS + ROLES_END - 1] = {0};
	int n = sizeof(actors) / sizeof(actors[0]), paid = 0;

	atomic_store(&buyers_left, BUYERS);
	for (int i = 0; i < n; i++)
		actors[i] = (struct actor){.role = i < BUYERS ? BUY : (enum role)(i - BUYERS + 1), .number = i};
	at_once(n, act, actors, sizeof(actors[0]));
	for (int i = 0; i < n; i++) {
		ck_assert_msg(actors[i].bad == 0, "%d to %s", actors[i].bad, actors[i].what);
		ck_assert_int_gt(actors[i].done, 0);
		paid += actors[i].paid;
	}
	ck_assert_int_eq(paid, BUYERS * EACH / 3);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM payments"), paid);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM reservation_seats WHERE live = 1"), paid);
	wait_until(audit_holds());
}
END_TEST

static void *knock(void *arg)
{
	struct actor *a = arg;
	struct reply r;

	do {
		r = ask("GET", "/v1/users/1/balance", NULL, NULL);
		reply_free(&r);
		a->done++;
	} while (r.status == 200 && !atomic_load(&buyers_left));
	return NULL;
}

static void *stop(void *arg)
{
	struct actor *a = arg;

	while (sql_int("SELECT COUNT(*) FROM users") < 1)
		pause_briefly();
	a->bad = usherd_stop(0);
	atomic_store(&buyers_left, 1);
	return NULL;
}

/* The threads are taken down while requests come in. */
static void *knock_or_stop(void *arg)
{
	const struct actor *a = arg;

	return a->role == OPERATE ? stop(arg) : knock(arg);
}

START_TEST(test_stop_in_the_middle)
{
	struct actor actors[9] = {{.role = OPERATE}};

	atomic_store(&buyers_left, 0);
	at_once(9, knock_or_stop, actors, sizeof(actors[0]));
	ck_assert_int_eq(actors[0].bad, 0);
	usherd_start(0, NULL);
	ck_assert(audit_holds());
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_all_at_once, test_stop_in_the_middle, NULL};

	return stack_main("threads", 300, begin, tests);
}
