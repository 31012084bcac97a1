/* One key, one effect: twins at once, holders that are slow, stopped or cut off, and keys that grow old. */
#include <pthread.h>

#include "fault/crash.h"
#include "support/cable.h"
#include "support/locked.h"

#define CHARGES(user) say("/v1/users/%d/balance/charges", user)
#define CHARGE(user) "POST", CHARGES(user)
#define RESERVATIONS "/v1/reservations"
#define PAYMENTS "/v1/payments"
#define RESERVE "POST", RESERVATIONS
#define PAY "POST", PAYMENTS
#define FIVE "{\"amount\":5}"

/* Daemon 1 goes to MySQL by a cable that can be cut. */
#define CUT stack.port[1]

static const char *seat(int number)
{
	return say("{\"scheduleId\":11,\"seatId\":%d}", number);
}

static const char *reservation(int64_t id)
{
	return say("{\"reservationId\":%ld}", (long)id);
}

static int status_keyed(const char *path, const char *token, const char *key, const char *json)
{
	struct reply r = keyed(path, token, key, json);
	int status = r.status;

	reply_free(&r);
	return status;
}

/* A key that a transaction is at work under which never ends by itself. */
static void *key_taken(int user, const char *key)
{
	return locked_begin("INSERT INTO idempotency (user_id, idem_key, fingerprint, created_at)"
			    " VALUES (%d, '%s', REPEAT('x', 32), UTC_TIMESTAMP(3))",
			    user, key);
}

static const char *cable_path(void)
{
	return say("%s/cable.sock", stack.dir);
}

static const char *cable_flag(void)
{
	return say("--mysql=mysql://root@localhost/usher?socket=%s", cable_path());
}

struct twin {
	int port, status;
	bool replayed;
	int64_t balance;
};

static void *charge(void *arg)
{
	struct twin *t = arg;
	struct reply r = keyed_at(t->port, CHARGE(1), NULL, "twin", FIVE);

	t->status = r.status;
	t->replayed = replayed(&r);
	t->balance = (int64_t)reply_number(&r, "balance");
	reply_free(&r);
	return NULL;
}

/* They wait for the first of them, and get its answer. */
START_TEST(test_twins_wait)
{
	struct twin twins[6];
	int anew = 0;

	sql_run("CREATE TRIGGER slow BEFORE INSERT ON ledger FOR EACH ROW SET @slept = SLEEP(1)");
	for (int i = 0; i < 6; i++)
		twins[i] = (struct twin){.port = stack.port[i % 2]};
	at_once(6, charge, twins, sizeof(twins[0]));
	sql_run("DROP TRIGGER slow");
	for (int i = 0; i < 6; i++) {
		ck_assert_int_eq(twins[i].status, 200);
		ck_assert_int_eq(twins[i].balance, 100005);
		anew += !twins[i].replayed;
	}
	ck_assert_int_eq(anew, 1);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM ledger WHERE user_id = 1 AND kind = 'CHARGE'"), 1);
}
END_TEST

/* A holder that takes longer than anybody waits: the others are told so, and the key is free if it gives up. */
START_TEST(test_key_in_progress)
{
	char *token = inside(2);
	int64_t id = hold(token, 11, 1), before = world();
	void *keys[3] = {key_taken(2, "c"), key_taken(2, "r"), key_taken(2, "p")};

	refused(keyed(CHARGES(2), NULL, "c", FIVE), 409, "IN_PROGRESS", NULL);
	refused(keyed(RESERVATIONS, token, "r", seat(2)), 409, "IN_PROGRESS", NULL);
	refused(keyed(PAYMENTS, token, "p", reservation(id)), 409, "IN_PROGRESS", NULL);
	ck_assert_int_eq(world(), before);
	wait_until(held(11, 2) == -1);
	ck_assert_int_gt(held(11, 1), 0);
	for (int i = 0; i < 3; i++)
		locked_end(keys[i]);
	done(keyed(CHARGES(2), NULL, "c", FIVE), 200);
	done(keyed(RESERVATIONS, token, "r", seat(2)), 201);
	done(keyed(PAYMENTS, token, "p", reservation(id)), 201);
	ck_assert_int_eq(balance_of(2), 99005);
	free(token);
}
END_TEST

/* Who may do nothing but ask for the answer waits as well, and is not told that there is none. */
START_TEST(test_in_progress_for_who_can_only_ask)
{
	char *token = inside(3), *other = inside(4);
	int64_t id = hold(token, 11, 3);
	void *pays, *reserves;

	pay_for(token, id);
	pays = key_taken(3, "p"), reserves = key_taken(4, "r");
	refused(keyed(PAYMENTS, token, "p", reservation(id)), 409, "IN_PROGRESS", NULL);
	refused(keyed(RESERVATIONS, other, "r", seat(3)), 409, "IN_PROGRESS", NULL);
	locked_end(pays), locked_end(reserves);
	done(keyed(PAYMENTS, token, "p", reservation(id)), 302);
	refused(keyed(RESERVATIONS, other, "r", seat(3)), 409, "SEAT_TAKEN", NULL);
	free(token);
	free(other);
}
END_TEST

/* The client gave up, the job did not: whatever it comes to, it comes to once. */
START_TEST(test_work_that_outlives_its_request)
{
	char *token = inside(5);
	int64_t id = hold(token, 11, 5);
	void *user = locked_begin("SELECT amount FROM balances WHERE user_id = 5 FOR UPDATE");

	done(keyed(PAYMENTS, token, "p", reservation(id)), 503);
	done(keyed(RESERVATIONS, token, "r", seat(6)), 503);
	locked_end(user);
	wait_until(status_keyed(PAYMENTS, token, "p", reservation(id)) == 201);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM payments WHERE user_id = 5"), 1);
	ck_assert_int_eq(balance_of(5), 99000);
	free(token);
	token = inside(5);
	wait_until(status_keyed(RESERVATIONS, token, "r", seat(6)) == 201);
	ck_assert_int_eq(live(11, 6), 1);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 5"), 2);
	wait_until(unrecorded() == 0);
	ck_assert_int_gt(held(11, 6), 0);
	free(token);
}
END_TEST

/* The COMMIT of the request with this key does not arrive, or its answer does not come back. */
#define KEY "cut-in-commit"

static void cut_commit(enum cable_cut when)
{
	cable_cut_at(KEY, "\003COMMIT", when);
}

static void charge_cut(enum cable_cut cut, int user, bool stands)
{
	struct reply r;

	cut_commit(cut);
	done(keyed_at(CUT, CHARGE(user), NULL, KEY, FIVE), 503);
	r = answered(keyed(CHARGES(user), NULL, KEY, FIVE), 200);
	ck_assert_int_eq(replayed(&r), stands);
	ck_assert_int_eq((int)reply_number(&r, "balance"), 100005);
	reply_free(&r);
	ck_assert_int_eq(balance_of(user), 100005);
}

/* The connection ends in COMMIT: the answer is 503, and the key finds out. */
START_TEST(test_charge_cut_in_commit)
{
	charge_cut(CABLE_BEFORE, 10, false);
	charge_cut(CABLE_AFTER, 11, true);
}
END_TEST

static void payment_cut(enum cable_cut cut, int user, bool stands)
{
	char *token = inside(user);
	int64_t id = hold(token, 11, user);
	struct reply r;

	cut_commit(cut);
	done(keyed_at(CUT, PAY, token, KEY, reservation(id)), 503);
	if (stands)
		heals("a payment cut in COMMIT", 5, seat_is_paid(11, user));
	r = answered(keyed(PAYMENTS, token, KEY, reservation(id)), 201);
	ck_assert_int_eq(replayed(&r), stands);
	reply_free(&r);
	ck_assert_int_eq(balance_of(user), 99000);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM payments WHERE user_id = %d", user), 1);
	free(token);
}

START_TEST(test_payment_cut_in_commit)
{
	payment_cut(CABLE_BEFORE, 12, false);
	payment_cut(CABLE_AFTER, 13, true);
}
END_TEST

/* Nobody knows whether the hold has a reservation, so it is not given up in haste: it stays if there is one,
 * and a keeper frees it if there is none. */
START_TEST(test_reservation_cut_in_commit)
{
	char *token = inside(14), *other = inside(15);
	struct reply r;

	cut_commit(CABLE_AFTER);
	done(keyed_at(CUT, RESERVE, token, KEY, seat(14)), 503);
	ck_assert_int_eq(live(11, 14), 1);
	ck_assert_int_gt(held(11, 14), 0);
	cut_commit(CABLE_BEFORE);
	done(keyed_at(CUT, RESERVE, other, KEY, seat(15)), 503);
	heals("a reservation cut in COMMIT", 10, held(11, 15) == -1 && unrecorded() == 0);
	ck_assert_int_eq(live(11, 15), 0);
	ck_assert_int_gt(held(11, 14), 0);
	r = answered(keyed(RESERVATIONS, token, KEY, seat(14)), 201);
	ck_assert(replayed(&r));
	reply_free(&r);
	r = answered(keyed(RESERVATIONS, other, KEY, seat(15)), 201);
	ck_assert(!replayed(&r));
	reply_free(&r);
	free(token);
	free(other);
}
END_TEST

/* Kept for a day and no longer: any keeper forgets them, and only them. */
START_TEST(test_old_keys_are_swept)
{
	struct reply r;

	done(keyed(CHARGES(20), NULL, "old", FIVE), 200);
	done(keyed(CHARGES(20), NULL, "new", FIVE), 200);
	sql_run("UPDATE idempotency SET created_at = created_at - INTERVAL 86401 SECOND"
		" WHERE user_id = 20 AND idem_key = 'old'");
	ck_assert_int_eq(usherd_stop(1), 0);
	usherd_start(1, cable_flag(), NULL);
	heals("an old key", 5, sql_int("SELECT COUNT(*) FROM idempotency WHERE user_id = 20") == 1);
	r = answered(keyed(CHARGES(20), NULL, "new", FIVE), 200);
	ck_assert(replayed(&r));
	reply_free(&r);
	r = answered(keyed(CHARGES(20), NULL, "old", FIVE), 200);
	ck_assert(!replayed(&r));
	reply_free(&r);
	ck_assert_int_eq(balance_of(20), 100015);
	wait_until(audit_holds());
}
END_TEST

static void begin(void)
{
	crash_begin();
	cable_lay(cable_path(), stack.mysql_socket);
	usherd_start(1, cable_flag(), NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_twins_wait,
				      test_key_in_progress,
				      test_in_progress_for_who_can_only_ask,
				      test_work_that_outlives_its_request,
				      test_charge_cut_in_commit,
				      test_payment_cut_in_commit,
				      test_reservation_cut_in_commit,
				      test_old_keys_are_swept,
				      NULL};

	return stack_main("twins", 60, begin, tests);
}
