/*
 * Late money: a payment and the end of its hold at the same instant, 2,000 times, with the lapse duties of two
 * daemons and a rival for the seat beside it. There is one outcome, and the client, MySQL and Redis all have it.
 */
#include <pthread.h>
#include <time.h>

#include "support/kit.h"

#define THREADS 100
#define ROUNDS 20
#define RACES (THREADS * ROUNDS)
#define SEATS_A_REQUEST 100

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":10000,\"ratePerSecond\":10000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":5000,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Quick\",\"queue\":\"main\",\"seatLimit\":100,\"holdSeconds\":1,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":20,\"seatsPerRow\":100,\"price\":1000}]}]}]}";

/* One race: the payer is user `number`, the seat has the same number, the rival is RACES users further on. */
struct race {
	int number;
	int64_t reservation, due; /* due: when the hold ends in MySQL, Unix ms */
	int paid, rival;          /* statuses */
	bool expired;             /* the refusal said so */
	char *token, *rivals_token;
};

static struct race races[RACES];

/* The clock of this machine, which is MySQL's as well. */
static int64_t unix_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t due_of(int64_t reservation)
{
	return sql_int("SELECT CAST(UNIX_TIMESTAMP(expires_at) * 1000 AS SIGNED) FROM reservations WHERE id = %ld",
		       (long)reservation);
}

/* Asks again after a 503, as a careful client does: what counts is the last word. */
static struct reply insist(int port, const char *path, const char *token, const char *key, const char *json)
{
	struct reply r = {0};

	for (int i = 0; i < 20 && (r.status == 0 || r.status == 503); i++) {
		reply_free(&r);
		r = http(port, "POST", path, say("Authorization: Bearer %s\r\nIdempotency-Key: %s\r\n", token, key),
			 json);
	}
	return r;
}

static void *rival_runs(void *arg)
{
	struct race *x = arg;
	struct reply r;

	while (unix_ms() < x->due)
		pause_briefly();
	r = insist(stack.port[(x->number + 1) % 2], "/v1/reservations", x->rivals_token, "r",
		   say("{\"scheduleId\":11,\"seatId\":%d}", x->number));
	x->rival = r.status;
	reply_free(&r);
	return NULL;
}

static char *entered(int user)
{
	char *token = NULL;

	for (int i = 0; i < 20 && !token; i++)
		token = token_of(stack.port[user % 2], user, "main");
	return token;
}

/* One second may be over on a slow machine before the answer is there: then nothing was held. */
static int64_t reserved(const struct race *x)
{
	int64_t id = 0;

	for (int i = 0; i < 20 && !id; i++) {
		struct reply r = insist(stack.port[x->number % 2], "/v1/reservations", x->token, say("h%d", i),
					say("{\"scheduleId\":11,\"seatId\":%d}", x->number));

		if (r.status == 201)
			id = (int64_t)reply_number(&r, "reservationId");
		reply_free(&r);
	}
	return id;
}

/* Takes the seat. In every other race Redis forgets the hold, so that the rival reaches MySQL. */
static bool seat_held(struct race *x)
{
	x->token = entered(x->number);
	x->rivals_token = entered(x->number + RACES);
	x->reservation = x->token && x->rivals_token ? reserved(x) : 0;
	if (!x->reservation)
		return false;
	x->due = due_of(x->reservation);
	if (x->number % 2)
		redis_int("ZREM usher:{main}:seats:11 %d", x->number);
	return true;
}

/* Pays `lead` ms before the end. */
static void pay(struct race *x, int64_t lead)
{
	struct reply r;
	pthread_t rival;

	pthread_create(&rival, NULL, rival_runs, x);
	while (unix_ms() < x->due - lead)
		pause_briefly();
	r = insist(stack.port[x->number % 2], "/v1/payments", x->token, "p",
		   say("{\"reservationId\":%ld}", (long)x->reservation));
	x->paid = r.status;
	x->expired = strcmp(reply_string(&r, "code"), "RESERVATION_EXPIRED") == 0;
	reply_free(&r);
	pthread_join(rival, NULL);
}

/* Each thread keeps to the boundary by itself, however slow the machine: who was in time comes later, in
 * small steps near it and in large ones far from it. */
static void *run(void *arg)
{
	struct race *x = arg;
	int64_t lead = 20, step = 8;

	for (int i = 0; i < ROUNDS; i++, x++) {
		if (!seat_held(x))
			continue;
		pay(x, lead);
		if (i > 0)
			step = x->paid == x[-1].paid ? step * 2 : step > 4 ? step / 2 : 4;
		lead += x->paid == 201 ? -step : step;
		free(x->token);
		free(x->rivals_token);
	}
	return NULL;
}

/* How many of the races with this outcome MySQL has in that state, in statements of a bearable size. */
static int64_t agreed(int outcome, const char *state)
{
	int64_t n = 0;
	char list[3400];

	for (int i = 0; i < RACES;) {
		size_t len = (size_t)sprintf(list, "0");

		for (; i < RACES && len < sizeof(list) - 16; i++)
			if (races[i].paid == outcome)
				len += (size_t)sprintf(list + len, ",%ld", (long)races[i].reservation);
		n += sql_int("SELECT COUNT(*) FROM reservations r WHERE id IN (%s) AND %s", list, state);
	}
	return n;
}

#define PAYMENTS "(SELECT COUNT(*) FROM payments p WHERE p.reservation_id = r.id AND p.amount = 1000)"
#define LINES "(SELECT COUNT(*) FROM ledger l WHERE l.reservation_id = r.id AND l.amount = -1000)"
#define BALANCE "(SELECT amount FROM balances b WHERE b.user_id = r.user_id)"

static void check_mysql(int paid, int late)
{
	ck_assert_int_eq(agreed(201, "status = 'PAID' AND " PAYMENTS " = 1 AND " LINES " = 1 AND " BALANCE " = 99000"),
			 paid);
	ck_assert_int_eq(
		agreed(409, "status = 'EXPIRED' AND " PAYMENTS " = 0 AND " LINES " = 0 AND " BALANCE " = 100000"),
		late);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM payments"), paid);
}

/* Whoever asks now gets every seat that was not paid for, and none that was. */
static void check_seats(int late)
{
	char *token = inside(2 * RACES + 1), json[1024];
	int n = 0, got = 0;

	for (int i = 0; i < RACES; i++) {
		if (races[i].paid == 201) {
			ck_assert_msg(seat_is_paid(11, races[i].number), "seat %d", races[i].number);
			continue;
		}
		n += sprintf(json + n, "%s%d", n ? "," : "{\"scheduleId\":11,\"seatIds\":[", races[i].number);
		if (++got % SEATS_A_REQUEST && got < late)
			continue;
		sprintf(json + n, "]}");
		done(ask("POST", "/v1/reservations", token, "%s", json), 201);
		free(token);
		token = inside(2 * RACES + 1 + got / SEATS_A_REQUEST);
		n = 0;
	}
	ck_assert_int_eq(got, late);
	free(token);
}

START_TEST(test_two_thousand_races)
{
	int paid = 0, late = 0, won = 0;

	for (int i = 0; i < RACES; i++)
		races[i].number = i + 1;
	at_once(THREADS, run, races, ROUNDS * sizeof(races[0]));
	for (int i = 0; i < RACES; i++) {
		const struct race *x = &races[i];

		paid += x->paid == 201;
		late += x->paid == 409 && x->expired;
		won += x->rival == 201;
		ck_assert_msg(x->paid == 201 || (x->paid == 409 && x->expired), "seat %d: %d", x->number, x->paid);
		ck_assert_msg(x->rival == 409 || (x->rival == 201 && x->paid == 409),
			      "seat %d: %d to the payer, %d to the rival", x->number, x->paid, x->rival);
	}
	printf("%d paid, %d too late, %d seats went to the rival at once\n", paid, late, won);
	ck_assert_int_ge(paid, RACES / 10);
	ck_assert_int_ge(late, RACES / 10);
	ck_assert_int_ge(won, RACES / 20);
	wait_until(sql_int("SELECT COUNT(*) FROM reservations WHERE status = 'HELD'") == 0 &&
		   sql_int("SELECT COUNT(*) FROM settlements") == 0);
	check_mysql(paid, late);
	wait_until(redis_int("ZCOUNT usher:{main}:seats:11 %ld inf", (long)unix_ms()) == paid);
	check_seats(late);
	wait_until(audit_holds());
}
END_TEST

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, stack_catalog(catalog), NULL);
	usherd_start(1, NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_two_thousand_races, NULL};

	return stack_main("late-money", 120, begin, tests);
}
