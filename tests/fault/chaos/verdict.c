/* Comparing. */
#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#include "crowd.h"
#include "faults.h"
#include "support/stack.h"
#include "watch.h"

#define QUIET_MS 60000 /* the longest timers after one another, and room for a busy machine */

#define SEATS_TEXT (12 * SEATS_AT_ONCE)

struct row {
	int user, schedule;
	int64_t amount, payment, paid, balance;
	char status[16], seats[SEATS_TEXT];
	bool told, told_paid; /* whether a journal knows of it */
};

static struct row *rows; /* by reservation id */
static int64_t row_count, told, payments, charges;

/* What is still there that its timer should have ended, as one number, and as a text. */
static int64_t left_over(char text[300])
{
	int64_t settlements = sql_int("SELECT COUNT(*) FROM settlements"),
		held = sql_int("SELECT COUNT(*) FROM reservations WHERE status = 'HELD'"),
		waiting = redis_int("ZCARD usher:{main}:waiting"), active = redis_int("ZCARD usher:{main}:active"),
		unclaimed = redis_int("SCARD usher:{main}:unclaimed"), places = redis_int("ZCARD usher:{main}:places"),
		users = redis_int("EVAL %s 0", "return #redis.call('KEYS', 'usher:{main}:holds:*')"),
		seats = redis_int("EVAL %s 0", "local t = redis.call('TIME')[1] * 1000 local n = 0"
					       " for _, k in ipairs(redis.call('KEYS', 'usher:{main}:seats:*')) do"
					       " n = n + redis.call('ZCOUNT', k, t, '(inf') end return n");

	snprintf(text, 300,
		 "%ld settlements, %ld held in MySQL, %ld waiting, %ld active, %ld unclaimed, %ld places,"
		 " %ld users and %ld seats held in Redis",
		 (long)settlements, (long)held, (long)waiting, (long)active, (long)unclaimed, (long)places, (long)users,
		 (long)seats);
	return settlements + held + waiting + active + unclaimed + places + users + seats;
}

void verdict_await_quiet(void)
{
	int64_t until = now_ms() + QUIET_MS;
	char text[300];

	while (left_over(text) != 0 && now_ms() < until)
		rest(100);
	if (left_over(text) != 0)
		finding("stuck past its timer: %s", text);
}

static void row_take(void *arg, char **c)
{
	struct row *r = &rows[strtoll(c[0], NULL, 10)];

	(void)arg;
	r->user = atoi(c[1]);
	r->schedule = atoi(c[2]);
	r->amount = strtoll(c[3], NULL, 10);
	snprintf(r->status, sizeof(r->status), "%s", c[4]);
	snprintf(r->seats, sizeof(r->seats), "%s", c[5] ? c[5] : "none");
	r->payment = c[6] ? strtoll(c[6], NULL, 10) : 0;
	r->paid = c[7] ? strtoll(c[7], NULL, 10) : 0;
	r->balance = c[8] ? strtoll(c[8], NULL, 10) : 0;
}

static void rows_read(void)
{
	row_count = sql_int("SELECT COALESCE(MAX(id), 0) FROM reservations");
	rows = calloc((size_t)row_count + 1, sizeof(*rows));
	if (!rows)
		abort();
	sql_rows(row_take, NULL,
		 "SELECT r.id, r.user_id, r.schedule_id, r.amount, r.status,"
		 " (SELECT GROUP_CONCAT(s.seat_id ORDER BY s.seat_id) FROM reservation_seats s"
		 " WHERE s.reservation_id = r.id), p.id, p.amount, p.balance_after FROM reservations r"
		 " LEFT JOIN payments p ON p.reservation_id = r.id");
}

static struct row *row_of(const struct entry *e)
{
	struct row *r = e->reservation > 0 && e->reservation <= row_count ? &rows[e->reservation] : NULL;

	return r && r->user == e->user ? r : NULL;
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Whether the row has the date, the price and the very seats that were answered. */
static bool is_as_told(const struct row *r, const struct entry *e)
{
	int seats[SEATS_AT_ONCE], n = 0;
	char text[SEATS_TEXT] = "";

	memcpy(seats, e->seats, sizeof(seats));
	qsort(seats, (size_t)e->seat_count, sizeof(seats[0]), by_number);
	for (int i = 0; i < e->seat_count; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%d", i ? "," : "", seats[i]);
	return r->schedule == e->schedule && r->amount == PRICE * e->seat_count && strcmp(r->seats, text) == 0;
}

static void check_entry(const struct entry *e)
{
	struct row *r = e->act == ACT_ENTER || e->act == ACT_CHARGE ? NULL : row_of(e);
	long id = (long)e->reservation;

	if (e->act == ACT_CHARGE)
		charges++;
	if (e->act == ACT_ENTER || e->act == ACT_CHARGE)
		return;
	told++;
	if (!r) {
		finding("reservation %ld of user %d was answered and is not in MySQL", id, e->user);
		return;
	}
	r->told = true;
	if (!is_as_told(r, e))
		finding("reservation %ld is not what was answered", id);
	if ((e->act == ACT_CANCEL || e->act == ACT_LEAVE) && strcmp(r->status, "PAID") == 0)
		finding("reservation %ld was given up and is paid", id);
	if (e->act != ACT_PAY)
		return;
	payments++;
	r->told_paid = true;
	if (strcmp(r->status, "PAID") != 0 || r->payment != e->id || r->paid != e->amount || r->balance != e->balance)
		finding("payment %ld of reservation %ld was answered, MySQL has %s, payment %ld of %ld, balance %ld",
			(long)e->id, id, r->status, (long)r->payment, (long)r->paid, (long)r->balance);
}

/* Whoever asks carefully is told of every payment. */
static void check_rows(void)
{
	for (int64_t id = 1; id <= row_count; id++)
		if ((rows[id].payment || strcmp(rows[id].status, "PAID") == 0) && !rows[id].told_paid)
			finding("reservation %ld of user %d is paid, and the client was told otherwise", (long)id,
				rows[id].user);
}

static void nothing(const char *what, int64_t count)
{
	if (count != 0)
		finding("%s: %ld", what, (long)count);
}

static void balance_take(void *arg, char **c)
{
	int64_t want = OPENING_BALANCE;
	int user = atoi(c[0]);
	const struct client *client = crowd_client((user - 1) / USERS_EACH);

	(void)arg;
	for (size_t i = 0; i < client->journal.count; i++) {
		const struct entry *e = &client->journal.entries[i];

		if (e->user == user && e->act == ACT_CHARGE)
			want += e->amount;
		if (e->user == user && e->act == ACT_PAY)
			want -= e->amount;
	}
	if (strtoll(c[1], NULL, 10) != want)
		finding("user %d has %s, the journal says %ld", user, c[1], (long)want);
}

void verdict_money_and_seats(void)
{
	rows_read();
	for (int i = 0; i < CLIENTS; i++)
		for (size_t k = 0; k < crowd_client(i)->journal.count; k++)
			check_entry(&crowd_client(i)->journal.entries[k]);
	check_rows();
	sql_rows(balance_take, NULL, "SELECT user_id, amount FROM balances");
	nothing("seats with two owners",
		sql_int("SELECT COUNT(*) FROM (SELECT 1 FROM reservation_seats s JOIN reservations r"
			" ON r.id = s.reservation_id WHERE r.status = 'PAID'"
			" GROUP BY s.schedule_id, s.seat_id HAVING COUNT(*) > 1) t"));
	nothing("balances that are not their ledger",
		sql_int("SELECT COUNT(*) FROM balances b WHERE b.amount <>"
			" (SELECT SUM(l.amount) FROM ledger l WHERE l.user_id = b.user_id)"));
	nothing("charges nobody was told of", sql_int("SELECT COUNT(*) FROM ledger WHERE kind = 'CHARGE'") - charges);
	printf("chaos: %ld promises about reservations, %ld payments, %ld charges held against MySQL\n", (long)told,
	       (long)payments, (long)charges);
	if (payments < run.seconds / 4)
		finding("only %ld payments in %d seconds: the crowd did not get through", (long)payments, run.seconds);
	free(rows);
}

/* When this place was let in for the first time after `at`, or 0. */
static size_t admitted_after(const struct seen *seen, size_t count, const struct entry *e)
{
	for (size_t i = 0; i < count; i++)
		if (seen[i].at >= e->at && seen[i].place == e->place && seen[i].user == e->user)
			return i;
	return count;
}

/* Whoever was in line when a later place was let in should have been let in before. */
static void check_turn(const struct seen *seen, size_t count, const struct entry *e)
{
	size_t mine = admitted_after(seen, count, e);

	if (mine == count || faults_lost_between(e->at, seen[mine].at))
		return;
	for (size_t i = mine; i > 0 && seen[i - 1].at > e->at; i--)
		if (seen[i - 1].at < seen[mine].at && seen[i - 1].place > e->place)
			finding("user %d with place %llu was let in before user %d with place %llu, who was in line",
				seen[i - 1].user, (unsigned long long)seen[i - 1].place, e->user,
				(unsigned long long)e->place);
}

void verdict_order(void)
{
	size_t count;
	const struct seen *seen = watch_admissions(&count);

	for (size_t i = RATE; i < count; i++)
		if (seen[i].at - seen[i - RATE].at < 1000)
			finding("%d let in within a second, at %lld", RATE + 1, (long long)seen[i].at);
	for (int i = 0; i < CLIENTS; i++)
		for (size_t k = 0; k < crowd_client(i)->journal.count; k++)
			if (crowd_client(i)->journal.entries[k].act == ACT_ENTER)
				check_turn(seen, count, &crowd_client(i)->journal.entries[k]);
}
