/* Clients who mean harm, with honest ones beside them who must not notice. */
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/honest.h"
#include "support/kit.h"

#define IDLE 5000
#define IDLE_BYTES 16384 /* more than an idle connection may take of the daemon's memory */
#define SLOW 500
#define BURST 2000
#define SEATS 50

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":100,\"ratePerSecond\":1000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":100,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter Live\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":5,\"seatsPerRow\":10,\"price\":1000}]}]}]}";

static int crowd[IDLE], turn;

static void crowd_end(void)
{
	for (int i = 0; i < IDLE; i++) {
		if (crowd[i] > 0)
			close(crowd[i]);
		crowd[i] = 0;
	}
	/* What they leave behind is not to fall into the time of calm. */
	wait_until(figure(P, "usher_http_connections") < 100);
}

static void idle_begin(void)
{
	for (int i = 0; i < IDLE; i++) {
		crowd[i] = http_connect(P);
		ck_assert_int_gt(crowd[i], 0);
	}
}

START_TEST(test_idle)
{
	long long before = memory_of(0), open = figure(P, "usher_http_connections"), each;

	idle_begin();
	wait_until(figure(P, "usher_http_connections") >= open + IDLE);
	each = (memory_of(0) - before) / IDLE;
	printf("an idle connection takes %lld bytes\n", each);
	ck_assert_int_lt(each, IDLE_BYTES);
	crowd_end();
	honest_beside(&(struct attack){"5000 idle", idle_begin, NULL, crowd_end});
}
END_TEST

static const char *const slow_beginnings[] = {
	"GET /healthz HTTP/1.1\r\nX-Slow: ",
	"POST /v1/users/1/balance/charges HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	"Content-Length: 1000\r\n\r\n{\"amount\":",
	"POST /v1/users/1/balance/charges HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	"Transfer-Encoding: chunked\r\n\r\n3e8\r\n{\"amount\":",
	"G",
};

static void slow_begin(void)
{
	for (int i = 0; i < SLOW; i++)
		crowd[i] = say_raw(P, slow_beginnings[i % 4]);
}

/* Called 200 times a second at most, 3 bytes each time: a byte a second from everyone. Who was cut
 * comes back. */
static void slow_act(void)
{
	for (int i = 0; i < SLOW / 200 + 1; i++) {
		int at = turn++ % SLOW;

		if (send(crowd[at], "1", 1, MSG_NOSIGNAL) < 0) {
			close(crowd[at]);
			crowd[at] = say_raw(P, slow_beginnings[at % 4]);
		}
	}
}

START_TEST(test_slow_writers)
{
	int64_t balance = balance_of(1), until;

	slow_begin();
	for (until = now_ms() + 20000; figure(P, "usher_http_cut_slow_total") < SLOW; pause_briefly()) {
		for (int i = 0; i < 3; i++)
			send(crowd[turn++ % SLOW], "1", 1, MSG_NOSIGNAL);
		ck_assert_msg(now_ms() < until, "%lld cut", figure(P, "usher_http_cut_slow_total"));
	}
	for (int i = 0; i < SLOW; i++)
		refused(http_read(crowd[i], 0), 408, "REQUEST_TIMEOUT", NULL);
	crowd_end();
	honest_beside(&(struct attack){"500 slow writers", slow_begin, slow_act, crowd_end});
	ck_assert_int_eq(balance_of(1), balance);
}
END_TEST

/* A body that ends early, in every way to end. */
static void cut_act(void)
{
	static const struct linger at_once = {1, 0};

	for (int i = 0; i < 4; i++) {
		int fd = say_raw(P, slow_beginnings[1 + turn % 2]);

		if (turn % 3 == 0)
			shutdown(fd, SHUT_WR);
		if (turn % 3 == 1)
			setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fd);
		turn++;
	}
}

START_TEST(test_bodies_cut_short)
{
	int64_t balance = balance_of(1);

	honest_beside(&(struct attack){"bodies cut short", NULL, cut_act, crowd_end});
	ck_assert_int_eq(balance_of(1), balance);
}
END_TEST

/* Answers until the connection ends. */
static int answers_count(int fd, int most)
{
	int n = 0;

	while (n < most) {
		struct reply r = http_read(fd, 0);
		bool one = r.status == 200;

		reply_free(&r);
		if (!one)
			break;
		n++;
	}
	return n;
}

static char *burst_of(int n)
{
	static const char *const requests[] = {"GET /v1/users/2/balance HTTP/1.1\r\nHost: x\r\n\r\n",
					       "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
					       "GET /v1/concerts HTTP/1.1\r\nHost: x\r\n\r\n"};
	char *text = malloc((size_t)n * 64), *end = text;

	for (int i = 0; i < n; i++)
		end = stpcpy(end, requests[i % 3]);
	return text;
}

static void *burst_send(void *arg)
{
	char *text = burst_of(BURST);
	int fd = *(int *)arg;

	http_send(fd, text, strlen(text));
	shutdown(fd, SHUT_WR);
	free(text);
	return NULL;
}

static void *burst_taken(void *arg)
{
	int *fd = arg;

	*fd = answers_count(*fd, BURST + 1);
	return NULL;
}

/* Half of them send, half of them read. */
static void *burst_half(void *arg)
{
	int *job = arg;

	return job[1] ? burst_taken(job) : burst_send(job);
}

/* Who asks for a thousand things and then says that it has nothing more to say gets them all. */
START_TEST(test_burst_then_half_close)
{
	int jobs[4][2], fd[2];

	for (int i = 0; i < 2; i++) {
		fd[i] = http_connect(P);
		jobs[2 * i][0] = jobs[2 * i + 1][0] = fd[i];
		jobs[2 * i][1] = 0;
		jobs[2 * i + 1][1] = 1;
	}
	at_once(4, burst_half, jobs, sizeof(jobs[0]));
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(jobs[2 * i + 1][0], BURST);
		close(fd[i]);
	}
}
END_TEST

/* One burst after the other, on connections that are given up with answers still to come. */
static void burst_act(void)
{
	static char *text;

	if (!text)
		text = burst_of(BURST);
	if (turn++ % 20 == 0) {
		close(crowd[0]);
		crowd[0] = http_connect(P);
		send(crowd[0], text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
}

START_TEST(test_bursts)
{
	honest_beside(&(struct attack){"pipelined bursts", NULL, burst_act, crowd_end});
}
END_TEST

/* Asks for what takes Redis and MySQL, and is gone. */
static void vanish_act(void)
{
	static const char enter_text[] = "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
					 "Content-Length: 28\r\n\r\n{\"userId\":33,\"queue\":\"main\"}";
	static const char *const texts[] = {
		enter_text, "GET /admin/v1/queues HTTP/1.1\r\nAuthorization: Bearer " ADMIN_KEY "\r\n\r\n",
		"GET /v1/users/3/balance HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"};

	for (int i = 0; i < 3; i++)
		close(say_raw(P, texts[turn++ % 3]));
}

START_TEST(test_gone_before_the_answer)
{
	honest_beside(&(struct attack){"gone before the answer", NULL, vanish_act, crowd_end});
}
END_TEST

static char *tokens[SEATS + 1];

/* Holds a seat each, and does not wait to hear of it. */
static void hold_and_vanish(int seat)
{
	char header[HEADER_TEXT], body[64], text[1024];

	snprintf(body, sizeof(body), "{\"scheduleId\":11,\"seatId\":%d}", seat);
	snprintf(text, sizeof(text),
		 "POST /v1/reservations HTTP/1.1\r\nHost: x\r\n%sContent-Type: application/json\r\n"
		 "Content-Length: %zu\r\n\r\n%s",
		 bearer(header, tokens[seat]), strlen(body), body);
	close(say_raw(P, text));
}

/* What was asked for is done in both places or in none, and nobody is waited for at the end. */
START_TEST(test_effect_without_client)
{
	int64_t began;

	for (int seat = 1; seat <= SEATS; seat++)
		tokens[seat] = inside(seat);
	for (int seat = 1; seat <= SEATS; seat++)
		hold_and_vanish(seat);
	wait_until(sql_int("SELECT COUNT(*) FROM reservation_seats WHERE live = 1") == SEATS);
	ck_assert_int_eq(redis_int("ZCARD usher:{main}:seats:11"), SEATS);
	ck_assert(audit_holds());
	for (int i = 0; i < 200; i++)
		vanish_act();
	began = now_ms();
	ck_assert_int_eq(usherd_stop(0), 0);
	ck_assert_int_lt(now_ms() - began, 6000); /* it waits for 7 s where it has to */
	for (int seat = 1; seat <= SEATS; seat++)
		free(tokens[seat]);
	usherd_start(0, "--request-seconds=2", NULL);
}
END_TEST

static char *bomb_of(const char *line, size_t lines)
{
	char *text = malloc(64 + lines * strlen(line)), *end = stpcpy(text, "GET /v1/concerts HTTP/1.1\r\nHost: x\r\n");

	for (size_t i = 0; i < lines; i++)
		end = stpcpy(end, line);
	strcpy(end, "\r\n");
	return text;
}

#define BOMBS 4

static char *bombs[BOMBS];

/* One header without an end, ten thousand small ones, ten thousand continuations of one, and bytes
 * that never become a line. */
static void bombs_make(void)
{
	bombs[0] = bomb_of("X-Bomb: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1000);
	bombs[1] = bomb_of("a:\r\n", 10000);
	bombs[2] = bomb_of(" a\r\n", 10000);
	bombs[3] = calloc(1, 100001);
	memset(bombs[3], 'a', 100000);
}

static void bomb_act(void)
{
	const char *bomb = bombs[turn++ % BOMBS];
	int fd = http_connect(P);

	send(fd, bomb, strlen(bomb), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

START_TEST(test_header_bombs)
{
	long long before = memory_of(0);

	bombs_make();
	for (int i = 0; i < BOMBS; i++) {
		int fd = say_raw(P, bombs[i]);

		refused(http_read(fd, 0), 400, "INVALID_REQUEST", NULL);
		close(fd);
	}
	honest_beside(&(struct attack){"header bombs", NULL, bomb_act, crowd_end});
	ck_assert_int_lt(memory_of(0) - before, 64 << 20);
	for (int i = 0; i < BOMBS; i++)
		free(bombs[i]);
}
END_TEST

static void noise_act(void)
{
	static const char *const noise[] = {"\x16\x03\x01\x02\x01\xfc\x03\x03\x11\x22\x33", "\r\n\r\n\r\n\r\n",
					    "\x01\x02\x03\x04\n\xff\xfe\n\n", "SSH-2.0-OpenSSH_9.2\r\n",
					    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"};

	for (int i = 0; i < 5; i++)
		close(say_raw(P, noise[turn++ % 5]));
}

START_TEST(test_noise)
{
	honest_beside(&(struct attack){"noise", NULL, noise_act, crowd_end});
}
END_TEST

static void storm_act(void)
{
	for (int i = 0; i < 10; i++)
		crowd[i] = http_connect(P);
	for (int i = 0; i < 10; i++)
		close(crowd[i]);
}

static void storm_end(void)
{
	memset(crowd, 0, sizeof(crowd));
	crowd_end();
}

START_TEST(test_storm_of_connections)
{
	honest_beside(&(struct attack){"connections opened and closed", NULL, storm_act, storm_end});
}
END_TEST

static void begin(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	redis_start();
	mysql_start();
	usherd_start(0, stack_catalog(catalog), "--request-seconds=2", NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_idle,
				      test_slow_writers,
				      test_bodies_cut_short,
				      test_burst_then_half_close,
				      test_bursts,
				      test_gone_before_the_answer,
				      test_effect_without_client,
				      test_header_bombs,
				      test_noise,
				      test_storm_of_connections,
				      NULL};

	return stack_main("hostile", 120, begin, tests);
}
