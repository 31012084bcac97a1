/* Payments a second: over HTTP, and the same transactions called straight by as many threads. */
#include "rows.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bench.h"
#include "contest.h"
#include "lines.h"
#include "load.h"
#include "meter.h"
#include "report.h"
#include "settings.h"
#include "store/db.h"
#include "store/payments.h"
#include "support/kit.h"

#define FIRST_BUYER 20000 /* those before enter lines */
#define THREADS 16
#define SALE_CONNECTIONS 128
#define PRICE 50000
#define STATEMENT_MS 20000

struct sale {
	int64_t each;           /* payments of a round */
	int64_t next;           /* the first seat that nobody holds yet */
	int64_t *reservations;  /* of the round */
	struct db *db[THREADS]; /* kept, as the daemon keeps its own */
	struct series *rate, *straight, *cpu, *mysql, *redis;
};

/* What one thread has to pay. */
struct share {
	struct db *db;
	const int64_t *reservations;
	int64_t first, count; /* of the buyers */
	enum code code;
};

static void reservation_take(void *arg, char **columns)
{
	int64_t **to = arg;

	*(*to)++ = strtoll(columns[0], NULL, 10);
}

/* `each` buyers are inside and hold a seat, in MySQL and in Redis. The n-th buyer takes the n-th seat. */
static void round_prepare(struct sale *s)
{
	long first = (long)s->next, last = (long)(s->next + s->each - 1);
	long base = BUYERS_FROM + FIRST_BUYER; /* the user of seat 0 */
	int64_t *to = s->reservations;

	inside_fill(SHOP, FIRST_BUYER + first, s->each);
	seats_take(SALE_SCHEDULE, first, s->each, 1);
	sql_run("INSERT INTO reservations (user_id, concert_id, schedule_id, queue, place, amount, status, expires_at,"
		" created_at) SELECT %ld + seat_id, 1, %d, '" SHOP "', %llu + seat_id, %d, 'HELD',"
		" UTC_TIMESTAMP(3) + INTERVAL 1 DAY, UTC_TIMESTAMP(3) FROM seats"
		" WHERE schedule_id = %d AND seat_id BETWEEN %ld AND %ld ORDER BY seat_id",
		base, SALE_SCHEDULE, (unsigned long long)inside_place(FIRST_BUYER), PRICE, SALE_SCHEDULE, first, last);
	sql_run("INSERT INTO reservation_seats (reservation_id, schedule_id, seat_id, price, live)"
		" SELECT id, schedule_id, user_id - %ld, amount, 1 FROM reservations"
		" WHERE user_id BETWEEN %ld AND %ld ORDER BY id",
		base, base + first, base + last);
	sql_rows(reservation_take, &to,
		 "SELECT id FROM reservations WHERE user_id BETWEEN %ld AND %ld ORDER BY user_id", base + first,
		 base + last);
	if (to != s->reservations + s->each)
		bench_fail("the sale could not be prepared");
	s->next += s->each;
}

static void round_http(struct sale *s)
{
	int64_t first = FIRST_BUYER + s->next, cpu, mysql, redis;
	struct requests requests = {0};
	const struct load_plan plan = {.requests = &requests, .status = 201, .most = (size_t)s->each};
	struct load_result result;
	struct load *l;

	round_prepare(s);
	for (int64_t i = 0; i < s->each; i++)
		requests_add(&requests, "POST", "/v1/payments", inside_bearer(SHOP, first + i),
			     say("{\"reservationId\":%lld}", (long long)s->reservations[i]));
	l = load_open(P, SALE_CONNECTIONS);
	cpu = meter_cpu_ns(stack.usherd[0]);
	mysql = meter_cpu_ns(stack.mysql);
	redis = meter_cpu_ns(stack.redis);
	load_run(l, &plan, &result);
	series_add(s->cpu, (double)(meter_cpu_ns(stack.usherd[0]) - cpu) / 1e3 / (double)s->each);
	series_add(s->mysql, (double)(meter_cpu_ns(stack.mysql) - mysql) / 1e3 / (double)s->each);
	series_add(s->redis, (double)(meter_cpu_ns(stack.redis) - redis) / 1e3 / (double)s->each);
	series_add(s->rate, (double)result.answers / result.seconds);
	load_close(l);
	requests_free(&requests);
}

static void *share_pay(void *arg)
{
	struct share *share = arg;

	db_thread_begin();
	for (int64_t i = 0; i < share->count && share->code == CODE_OK; i++) {
		struct payment_job job = {.user = BUYERS_FROM + share->first + i,
					  .reservation = share->reservations[i],
					  .place = inside_place(share->first + i),
					  .queue = SHOP};

		db_set_deadline(share->db, clock_ms() + STATEMENT_MS);
		share->code = payment_work(share->db, &job.job);
		if (share->code == CODE_OK)
			share->code = job.code;
	}
	db_thread_end();
	return NULL;
}

/* Nobody tells Redis of these, and the daemon, which would, sleeps meanwhile and never learns of them. */
static void round_straight(struct sale *s)
{
	struct share shares[THREADS];
	int64_t first = FIRST_BUYER + s->next, done = 0, began;

	round_prepare(s);
	for (int i = 0; i < THREADS; i++) {
		int64_t count = s->each * (i + 1) / THREADS - done;

		shares[i] = (struct share){s->db[i], s->reservations + done, first + done, count, CODE_OK};
		done += count;
	}
	process_kill(&stack.usherd[0], SIGSTOP);
	began = clock_us();
	at_once(THREADS, share_pay, shares, sizeof(shares[0]));
	series_add(s->straight, (double)s->each * 1e6 / (double)(clock_us() - began));
	sql_run("DELETE FROM settlements");
	process_kill(&stack.usherd[0], SIGCONT);
	for (int i = 0; i < THREADS; i++)
		if (shares[i].code != CODE_OK)
			bench_fail("a straight payment failed: %s", code_name(shares[i].code));
}

static void connect_all(struct sale *s)
{
	char *flags[] = {"bench",
			 (char *)(uintptr_t)say("--mysql=mysql://root@localhost/usher?socket=%s", stack.mysql_socket),
			 "--secret=" TEST_SECRET, NULL};

	if (settings_read(3, flags) != SETTINGS_OK || db_library_init() != 0)
		bench_fail("no settings for MySQL");
	for (int i = 0; i < THREADS; i++) {
		s->db[i] = db_new();
		if (!s->db[i] || !db_open(s->db[i]))
			bench_fail("no connection to MySQL");
	}
}

static void sale_figures(const struct sale *s)
{
	figure_beside("payments", "payments, 16 database threads", "/s", "rate", "usherd", "straight", 0);
	figure_least(0.7);
	figure_alone("payments", "CPU, a payment", "us", series_median(s->cpu), 0);
	figure_alone("payments", "MySQL's CPU, a payment", "us", series_median(s->mysql), 0);
	figure_alone("payments", "Redis' CPU, a payment", "us", series_median(s->redis), 0);
}

static void sale_close(struct sale *s)
{
	for (int i = 0; i < THREADS; i++)
		db_free(s->db[i]);
	free(s->reservations);
	settings_free();
}

void row_payments(void)
{
	int64_t most = MAP_SEATS / (2 * bench.rounds), wanted = bench.quick ? 200 : 2000;
	struct sale s = {.each = wanted < most ? wanted : most,
			 .next = 1,
			 .rate = series_new("payments", "usherd", "rate"),
			 .straight = series_new("payments", "straight", "rate"),
			 .cpu = series_new("payments", "usherd", "cpu"),
			 .mysql = series_new("payments", "usherd", "mysql"),
			 .redis = series_new("payments", "usherd", "redis")};

	s.reservations = calloc((size_t)s.each, sizeof(*s.reservations));
	connect_all(&s);
	for (int round = 0; round < bench.rounds; round++) {
		round_http(&s);
		round_straight(&s);
	}
	printf("bench: payments: %.0f/s, straight %.0f/s\n", series_median(s.rate), series_median(s.straight));
	sale_figures(&s);
	sale_close(&s);
}
