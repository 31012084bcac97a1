/* The limits that keep one client from taking what belongs to all: each is a setting. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/honest.h"
#include "support/kit.h"

#define HOUSE 40
#define MEGABYTE (1024 * 1024)
#define GET "GET /v1/users/1/balance HTTP/1.1\r\nHost: x\r\n\r\n"

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":100,\"ratePerSecond\":1000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":100,\"balance\":100000}],"
	"\"concerts\":[{\"id\":3,\"title\":\"Big\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":31,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Stadium\","
	"\"sections\":[{\"name\":\"A\",\"rows\":200,\"seatsPerRow\":100,\"price\":1000}]}]}]}";

static int guests[4 * HOUSE];

static void guests_connect(int n, const char *text)
{
	for (int i = 0; i < n; i++)
		guests[i] = say_raw(P, text);
}

static void guests_leave(int n)
{
	for (int i = 0; i < n; i++)
		close(guests[i]);
	wait_until(figure(P, "usher_http_connections") == 1);
}

/* Whether a connection is still good for a request. */
static bool still_served(int fd)
{
	struct reply r = {0};
	bool good;

	if (http_send(fd, GET, strlen(GET)) == 0)
		r = http_read(fd, 0);
	good = r.status == 200;
	reply_free(&r);
	return good;
}

/* Whether the other side has ended a connection, after all it had to say was read. */
static bool is_over(int fd)
{
	char byte;

	ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

	return n == 0 || (n < 0 && errno != EAGAIN);
}

static int count_over(int n)
{
	int over = 0;

	for (int i = 0; i < n; i++)
		over += is_over(guests[i]);
	return over;
}

/* A full house is full of people who ask for nothing: they go, oldest first, and who has asked before stays. */
START_TEST(test_full_of_idle)
{
	long long cut = figure(P, "usher_http_cut_full_total");
	int kept = http_connect(P);

	ck_assert(still_served(kept));
	guests_connect(4 * HOUSE, "");
	ck_assert_int_le(figure(P, "usher_http_connections"), HOUSE);
	ck_assert_int_gt(figure(P, "usher_http_cut_full_total") - cut, 3 * HOUSE - 5);
	ck_assert_int_eq(figure(P, "usher_http_refused_total"), 0);
	wait_until(count_over(3 * HOUSE) == 3 * HOUSE);
	ck_assert(still_served(guests[4 * HOUSE - 1]));
	ck_assert(still_served(kept));
	close(kept);
	guests_leave(4 * HOUSE);
}
END_TEST

/* The same with people who have begun to say something. */
START_TEST(test_full_of_half_requests)
{
	int kept = http_connect(P);

	ck_assert(still_served(kept));
	guests_connect(4 * HOUSE, "GET /v1/conc");
	done(ask("GET", "/v1/users/1/balance", NULL, NULL), 200);
	ck_assert_int_le(figure(P, "usher_http_connections"), HOUSE);
	ck_assert(still_served(kept));
	close(kept);
	guests_leave(4 * HOUSE);
}
END_TEST

/* Where everybody is a customer, the one who has been quiet longest goes. */
START_TEST(test_full_of_kept)
{
	for (int i = 0; i < HOUSE + 10; i++) {
		guests[i] = http_connect(P);
		ck_assert(still_served(guests[i]));
	}
	wait_until(count_over(HOUSE + 10) == 10);
	for (int i = 0; i < 10; i++)
		ck_assert(is_over(guests[i]));
	ck_assert(still_served(guests[HOUSE + 9]));
	guests_leave(HOUSE + 10);
}
END_TEST

/* Comes to a full house. Gives whether it was refused; otherwise it has been let in and waits as well,
 * or has made room for the next. */
static bool is_refused(const char *text)
{
	int fd = say_raw(P, text);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct reply r = {0};
	bool yes;

	if (poll(&p, 1, 100) == 0)
		return false;
	r = http_read(fd, 0);
	yes = strcmp(reply_string(&r, "code"), "OVERLOADED") == 0 && reply_header(&r, "Retry-After");
	reply_free(&r);
	close(fd);
	return yes;
}

/* Nobody who waits for an answer is sent away for somebody new. */
START_TEST(test_full_of_busy)
{
	char header[HEADER_TEXT], text[640], *token = inside(5);
	long long refused_before = figure(P, "usher_http_refused_total");
	struct reply r;

	snprintf(text, sizeof(text), "GET /v1/queue/position HTTP/1.1\r\nHost: x\r\n%s\r\n", bearer(header, token));
	process_kill(&stack.redis, SIGSTOP);
	for (int i = 0; i < HOUSE - 1; i++)
		guests[i] = say_raw(P, text);
	wait_until(figure(P, "usher_http_under_way") >= HOUSE - 1);
	wait_until(is_refused(text));
	process_kill(&stack.redis, SIGCONT);
	for (int i = 0; i < HOUSE - 1; i++) {
		r = http_read(guests[i], 0);
		ck_assert_msg(r.status == 200 || r.status == 503, "guest %d: %d", i, r.status);
		reply_free(&r);
	}
	wait_until(figure(P, "usher_http_refused_total") > refused_before);
	guests_leave(HOUSE - 1);
	free(token);
}
END_TEST

/* Seconds are over for who asks for nothing, whether they have asked before or not. */
START_TEST(test_idle_seconds)
{
	long long cut = figure(P, "usher_http_cut_idle_total");
	int64_t began = now_ms();

	guests_connect(10, "");
	guests_connect(5, GET);
	for (int i = 0; i < 5; i++)
		done(http_read(guests[i], 0), 200);
	wait_until(count_over(10) == 10);
	ck_assert_int_ge(now_ms() - began, 2500);
	ck_assert_int_ge(figure(P, "usher_http_cut_idle_total") - cut, 10);
	guests_leave(10);
}
END_TEST

static bool trickle(int fd)
{
	char byte;

	send(fd, "a", 1, MSG_NOSIGNAL);
	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
}

/* A request that only trickles in is told so; behind a good one as well. */
START_TEST(test_request_seconds)
{
	int64_t began = now_ms();
	int fd = say_raw(P, GET "GET /healthz HTTP/1.1\r\nX: ");

	done(http_read(fd, 0), 200);
	wait_until(!trickle(fd));
	refused(http_read(fd, 0), 408, "REQUEST_TIMEOUT", NULL);
	ck_assert_int_ge(now_ms() - began, 500);
	close(fd);
}
END_TEST

/* Asks for a large answer over a narrow connection. */
static int ask_large(const char *token)
{
	char header[HEADER_TEXT];
	const char *request = say("GET /v1/schedules/31/seats HTTP/1.1\r\nHost: x\r\n%s\r\n", bearer(header, token));
	int fd = http_connect_narrow(P);

	http_send(fd, request, strlen(request));
	return fd;
}

/* Who does not take a large answer is not waited for, nor who takes a sip of it now and then. */
START_TEST(test_answer_seconds)
{
	char *token = inside(8), sip[64];
	long long cut = figure(P, "usher_http_cut_unread_total");
	int stuck[4], sipping = ask_large(token);

	for (int i = 0; i < 4; i++)
		stuck[i] = ask_large(token);
	wait_until(recv(sipping, sip, sizeof(sip), MSG_DONTWAIT) != 0 &&
		   figure(P, "usher_http_cut_unread_total") - cut == 5);
	for (int i = 0; i < 4; i++)
		close(stuck[i]);
	close(sipping);
	wait_until(figure(P, "usher_http_connections") == 1);
	free(token);
}
END_TEST

/* Bodies that never become whole take no more memory than is allowed for all of them. */
START_TEST(test_input_limit)
{
	static char text[200000];
	long long before = memory_of(0), cut = figure(P, "usher_http_cut_input_total");
	int n = snprintf(text, sizeof(text),
			 "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
			 "Content-Length: 900000\r\n\r\n");

	memset(text + n, ' ', sizeof(text) - 1 - (size_t)n);
	for (int round = 1; round <= 5; round++) {
		guests_connect(30, text);
		wait_until(figure(P, "usher_http_cut_input_total") - cut >= 15 * round);
		guests_leave(30);
	}
	ck_assert_int_lt(memory_of(0) - before, 16 * MEGABYTE);
	done(ask("GET", "/v1/users/1/balance", NULL, NULL), 200);
}
END_TEST

/* After all that nothing is left under way, and nothing has leaked. */
START_TEST(test_ends_well)
{
	int64_t began = now_ms();

	ck_assert_int_eq(usherd_stop(0), 0);
	ck_assert_int_lt(now_ms() - began, 5000);
}
END_TEST

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, stack_catalog(catalog), "--workers=1", "--connections-limit=40", "--idle-seconds=3",
		     "--request-seconds=1", "--answer-seconds=1", "--input-limit=1048576", NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_full_of_idle,   test_full_of_half_requests,
				      test_full_of_kept,   test_full_of_busy,
				      test_idle_seconds,   test_request_seconds,
				      test_answer_seconds, test_input_limit,
				      test_ends_well,      NULL};

	return stack_main("limits", 60, begin, tests);
}
