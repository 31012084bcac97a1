/* Corners where Redis and MySQL could come apart, where a client could be left without its answer,
 * and where a stop could cut something off. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/kit.h"

#define MEGABYTE (1024 * 1024)
#define KEEP_ALIVE "GET /v1/users/1/balance HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":100,\"ratePerSecond\":1000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":100,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter Live\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":5,\"seatsPerRow\":10,\"price\":1000}]}]},"
	"{\"id\":2,\"title\":\"Quick\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":1,"
	"\"schedules\":[{\"id\":21,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Yard\","
	"\"sections\":[{\"name\":\"A\",\"rows\":1,\"seatsPerRow\":10,\"price\":1000}]}]},"
	"{\"id\":3,\"title\":\"Big\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":31,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Stadium\","
	"\"sections\":[{\"name\":\"A\",\"rows\":200,\"seatsPerRow\":100,\"price\":1000}]}]}]}";

static void cancel(const char *token, int64_t reservation)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/reservations/%ld", (long)reservation);
	ck_assert_int_eq(status_of("DELETE", path, token, NULL), 204);
}

static void started(void)
{
	if (stack.usherd[0] == 0)
		usherd_start(0, NULL);
}

/* A daemon that has just started knows no queue yet: it tells Redis first and strikes off then. */
START_TEST(test_settled_after_start)
{
	char *token = inside(1);
	long id = (long)hold(token, 11, 1);

	ck_assert_int_eq(usherd_stop(0), 0);
	sql_run("UPDATE reservations SET status = 'PAID' WHERE id = %ld;"
		"UPDATE balances SET amount = amount - 1000 WHERE user_id = 1;"
		"INSERT INTO payments (reservation_id, user_id, amount, balance_after, paid_at)"
		" VALUES (%ld, 1, 1000, 99000, UTC_TIMESTAMP(3));"
		"INSERT INTO ledger (user_id, kind, amount, balance_after, reservation_id, created_at)"
		" VALUES (1, 'PAYMENT', -1000, 99000, %ld, UTC_TIMESTAMP(3));"
		"INSERT INTO settlements VALUES (%ld, UTC_TIMESTAMP(3) - INTERVAL 5 SECOND)",
		id, id, id, id);
	started();
	wait_until(sql_int("SELECT COUNT(*) FROM settlements") == 0);
	ck_assert(seat_is_paid(11, 1));
	ck_assert_int_eq(redis_int("ZSCORE usher:{main}:active 1"), -1);
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 302);
	free(token);
}
END_TEST

/* Cancelling twice is cancelling once, also when the user has the seat again in between. */
START_TEST(test_second_cancel_frees_nothing)
{
	char *token = inside(2);
	int64_t first = hold(token, 11, 2), second;

	cancel(token, first);
	ck_assert_int_eq(redis_int("ZSCORE usher:{main}:seats:11 2"), -1);
	second = hold(token, 11, 2);
	cancel(token, first);
	ck_assert_int_gt(redis_int("ZSCORE usher:{main}:seats:11 2"), 0);
	ck_assert_int_gt(redis_int("ZSCORE usher:{main}:holds:2 1:11:2"), 0);
	ck_assert_int_eq(sql_int("SELECT status = 'HELD' FROM reservations WHERE id = %ld", (long)second), 1);
	free(token);
}
END_TEST

/* Who leaves gives up what an earlier session held as well, in Redis and in MySQL. */
START_TEST(test_leaving_ends_earlier_holds)
{
	char *token = inside(3), *other = inside(4);
	int64_t paid = hold(token, 11, 3), held = hold(token, 11, 4);

	pay_for(token, paid);
	wait_until(seat_is_paid(11, 3));
	wait_until(status_of("GET", "/v1/queue/position", token, NULL) == 302);
	free(token);
	token = inside(3);
	ck_assert_int_gt(redis_int("ZSCORE usher:{main}:seats:11 4"), 0);
	ck_assert_int_eq(status_of("DELETE", "/v1/tokens", token, NULL), 204);
	ck_assert_int_eq(redis_int("ZSCORE usher:{main}:seats:11 4"), -1);
	ck_assert_int_eq(redis_int("EXISTS usher:{main}:holds:3"), 0);
	ck_assert_int_eq(sql_int("SELECT status = 'CANCELLED' FROM reservations WHERE id = %ld", (long)held), 1);
	ck_assert_int_eq(sql_int("SELECT status = 'PAID' FROM reservations WHERE id = %ld", (long)paid), 1);
	ck_assert(seat_is_paid(11, 3));
	hold(other, 11, 4);
	free(token);
	free(other);
}
END_TEST

/* The catalogue followed by white space, `size` bytes in all. */
static char *padded_catalog(size_t size)
{
	char *text = malloc(size + 1);

	memset(text, ' ', size);
	memcpy(text, catalog, sizeof(catalog) - 1);
	text[size] = '\0';
	return text;
}

/* The status of a large POST on a connection that has asked for `Connection: keep-alive` before,
 * and how long it took. */
static int large_post(const char *path, size_t size, int64_t *took)
{
	char head[512], *body = padded_catalog(size);
	int fd = http_connect(P), status;
	struct reply r;

	http_send(fd, KEEP_ALIVE, strlen(KEEP_ALIVE));
	r = http_read(fd, 0);
	ck_assert_int_eq(r.status, 200);
	reply_free(&r);
	*took = now_ms();
	snprintf(head, sizeof(head),
		 "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " ADMIN_KEY "\r\n"
		 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		 path, size);
	http_send(fd, head, strlen(head));
	http_send(fd, body, size);
	r = http_read(fd, 0);
	*took = now_ms() - *took;
	status = r.status;
	reply_free(&r);
	close(fd);
	free(body);
	return status;
}

START_TEST(test_large_body_after_keep_alive)
{
	int64_t took;

	ck_assert_int_eq(large_post("/admin/v1/catalog", 200000, &took), 200);
	ck_assert_int_lt(took, 5000);
	ck_assert_int_eq(large_post("/v1/tokens", 100000, &took), 413);
	ck_assert_int_lt(took, 5000);
}
END_TEST

/* One request on a kept connection; the answer begins where the one before ended. */
static void ask_kept(int fd, const char *method, const char *path)
{
	bool head = strcmp(method, "HEAD") == 0;
	char request[256];
	struct reply r;

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method, path);
	http_send(fd, request, strlen(request));
	r = http_read(fd, head);
	ck_assert_ptr_nonnull(r.headers);
	ck_assert_msg(strncmp(r.headers, "HTTP/1.1 200 ", 13) == 0, "%s %s: %s", method, path, r.headers);
	ck_assert_ptr_nonnull(reply_header(&r, "Content-Length"));
	ck_assert_int_gt(atoi(reply_header(&r, "Content-Length")), 0);
	if (!head)
		ck_assert_ptr_nonnull(r.json);
	reply_free(&r);
}

START_TEST(test_head_has_no_body)
{
	static const char *const paths[] = {"/healthz", "/v1/concerts", "/v1/users/1/balance"};
	int fd = http_connect(P);

	for (int i = 0; i < 3; i++)
		ask_kept(fd, "HEAD", paths[i]);
	ask_kept(fd, "GET", "/v1/users/1/balance");
	for (int i = 0; i < 3; i++) {
		ask_kept(fd, "HEAD", paths[i]);
		ask_kept(fd, "GET", paths[i]);
	}
	close(fd);
}
END_TEST

/* Sends requests, reads nothing; gives how many bytes were taken in two seconds. */
static size_t pipeline_blindly(int fd)
{
	static const char request[] = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
	const size_t len = sizeof(request) - 1;
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	char block[256 * (sizeof(request) - 1)];
	size_t taken = 0;

	for (size_t i = 0; i < sizeof(block); i += len)
		memcpy(block + i, request, len);
	for (int64_t until = now_ms() + 2000; now_ms() < until && taken < 64 * MEGABYTE;) {
		size_t at = taken % sizeof(block);
		ssize_t n = send(fd, block + at, sizeof(block) - at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			taken += (size_t)n;
		else if (errno == EAGAIN)
			poll(&p, 1, 50);
		else
			break;
	}
	return taken;
}

/* Who does not read is not read from; the others do not notice. */
START_TEST(test_blind_pipelining)
{
	int fd = http_connect_narrow(P);
	size_t taken = pipeline_blindly(fd);
	int64_t began = now_ms();

	ck_assert_uint_gt(taken, 0);
	ck_assert_msg(taken < 8 * MEGABYTE, "%zu bytes were taken", taken);
	for (int i = 0; i < 16; i++)
		ck_assert_int_eq(status_of("GET", "/v1/users/1/balance", NULL, NULL), 200);
	ck_assert_int_lt(now_ms() - began, 2000);
	close(fd);
}
END_TEST

static void *charge(void *status)
{
	*(int *)status = status_of("POST", "/v1/users/7/balance/charges", NULL, "{\"amount\":1}");
	return NULL;
}

/* A statement that does not end does not keep the daemon from ending. */
START_TEST(test_stop_with_endless_statement)
{
	pthread_t thread;
	int status = 0, ended;
	int64_t took;

	sql_run("CREATE TRIGGER slow_charge BEFORE UPDATE ON balances FOR EACH ROW SET @slept = SLEEP(30)");
	pthread_create(&thread, NULL, charge, &status);
	wait_until(sql_int("SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User sleep'") > 0);
	took = now_ms();
	ended = usherd_stop(0);
	took = now_ms() - took;
	pthread_join(thread, NULL);
	sql_run("DROP TRIGGER slow_charge");
	started();
	ck_assert_int_eq(ended, 0);
	ck_assert_int_lt(took, 10000);
	ck_assert_int_ne(status, 200);
}
END_TEST

/* Reads all that comes, slowly. */
static size_t read_slowly(int fd, char *to, size_t most)
{
	size_t n = 0;
	ssize_t got;

	while (n < most && (got = recv(fd, to + n, most - n < 16384 ? most - n : 16384, 0)) > 0) {
		n += (size_t)got;
		pause_briefly();
	}
	return n;
}

static bool log_says(const char *text)
{
	char *log = usherd_log(0);
	bool yes = strstr(log, text) != NULL;

	free(log);
	return yes;
}

/* A large answer that is on its way when the daemon is told to stop arrives whole. */
START_TEST(test_large_answer_survives_stop)
{
	char request[640], header[HEADER_TEXT], *token = inside(8), *text = calloc(1, 8 * MEGABYTE), *body, *length;
	int fd = http_connect_narrow(P);
	size_t n;

	snprintf(request, sizeof(request), "GET /v1/schedules/31/seats HTTP/1.1\r\nHost: localhost\r\n%s\r\n",
		 bearer(header, token));
	http_send(fd, request, strlen(request));
	ck_assert_int_eq(recv(fd, text, 1, MSG_PEEK), 1);
	kill(stack.usherd[0], SIGTERM);
	wait_until(log_says("stopping"));
	n = read_slowly(fd, text, 8 * MEGABYTE - 1);
	close(fd);
	ck_assert_int_eq(usherd_stop(0), 0);
	started();
	body = strstr(text, "\r\n\r\n");
	length = strstr(text, "Content-Length: ");
	ck_assert(body && length && length < body);
	ck_assert_uint_gt(strtoul(length + 16, NULL, 10), MEGABYTE);
	ck_assert_uint_eq(n - (size_t)(body + 4 - text), strtoul(length + 16, NULL, 10));
	free(text);
	free(token);
}
END_TEST

/* Asks for the seat again. Gives whether it was a new reservation; what is given is held. */
static bool held_anew(const char *token)
{
	struct reply r = call(P, "POST", "/v1/reservations", token, "{\"scheduleId\":21,\"seatId\":1}");
	int status = r.status;

	if (status == 200 || status == 201)
		ck_assert_str_eq(reply_string(&r, "status"), "HELD");
	else
		ck_assert_msg(status == 409 || status == 503, "%d", status);
	reply_free(&r);
	return status == 201;
}

/* A hold ends in MySQL before it does in Redis: in between nobody is given one that is over. */
START_TEST(test_held_again_between_the_ends)
{
	char *token = inside(9);
	int64_t id = hold(token, 21, 1);

	wait_until(held_anew(token));
	ck_assert_int_eq(sql_int("SELECT status = 'EXPIRED' FROM reservations WHERE id = %ld", (long)id), 1);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM reservations WHERE user_id = 9"), 2);
	free(token);
}
END_TEST

/* A payment whose answer got lost can be asked for again by whoever was put back in line: Redis was
 * lost before it was told. */
START_TEST(test_payment_asked_for_from_the_line)
{
	char *token = inside(10), *place = redis_text("ZSCORE usher:{main}:places 10");
	int64_t id = hold(token, 11, 10);
	const char *headers = say("Authorization: Bearer %s\r\nIdempotency-Key: lost-answer\r\n", token),
		   *body = say("{\"reservationId\":%ld}", (long)id);
	struct reply r;

	done(http(P, "POST", "/v1/payments", headers, body), 201);
	wait_until(seat_is_paid(11, 10));
	done(admin("PATCH", "/admin/v1/queues/main", "{\"paused\":true}"), 200);
	ck_assert_int_eq(redis_int("ZADD usher:{main}:waiting %s 10", place), 1);
	r = answered(http(P, "POST", "/v1/payments", headers, body), 201);
	ck_assert_str_eq(reply_header(&r, "Idempotent-Replay"), "true");
	reply_free(&r);
	refused(ask("POST", "/v1/payments", token, "%s", body), 403, "TOKEN_NOT_ACTIVE", NULL);
	headers = say("Authorization: Bearer %s\r\nIdempotency-Key: never-used\r\n", token);
	refused(http(P, "POST", "/v1/payments", headers, body), 403, "TOKEN_NOT_ACTIVE", NULL);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	done(admin("PATCH", "/admin/v1/queues/main", "{\"paused\":false}"), 200);
	free(token);
	free(place);
}
END_TEST

/* A reservation shows that its user had been let in, also if nobody has written the admission down. */
START_TEST(test_reservation_notes_the_admission)
{
	char *token = inside(11);

	wait_until(sql_int("SELECT COUNT(*) FROM admissions WHERE user_id = 11") == 1);
	sql_run("DELETE FROM admissions WHERE user_id = 11");
	hold(token, 11, 11);
	ck_assert_int_eq(sql_int("SELECT COUNT(*) FROM admissions WHERE user_id = 11"), 1);
	free(token);
}
END_TEST

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, stack_catalog(catalog), NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_settled_after_start,
				      test_second_cancel_frees_nothing,
				      test_leaving_ends_earlier_holds,
				      test_large_body_after_keep_alive,
				      test_head_has_no_body,
				      test_blind_pipelining,
				      test_stop_with_endless_statement,
				      test_large_answer_survives_stop,
				      test_held_again_between_the_ends,
				      test_payment_asked_for_from_the_line,
				      test_reservation_notes_the_admission,
				      NULL};

	return stack_main("review", 60, begin, tests);
}
