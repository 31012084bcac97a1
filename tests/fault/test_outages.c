/* Servers that are away or silent, and a crowd that wants something of them all the while: who is told what,
 * how often is knocked, and what happens in the moment they are back. */
#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/kit.h"

#define CROWD 60
#define THREADS 4 /* database threads a daemon */
#define DAEMONS 2
#define RATE 20

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":100,\"ratePerSecond\":1000,\"sessionSeconds\":600,"
	"\"claimSeconds\":600},{\"name\":\"slow\",\"capacity\":1000,\"ratePerSecond\":20,\"sessionSeconds\":600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":400,\"balance\":100000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter Live\",\"queue\":\"main\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":5,\"seatsPerRow\":10,\"price\":1000}]}]}]}";

struct client {
	int user, status, retry_after;
	int64_t took;
};

static struct client crowd[CROWD];

static void *charge(void *arg)
{
	struct client *c = arg;
	struct reply r;

	c->took = now_ms();
	r = call(stack.port[c->user % DAEMONS], "POST", say("/v1/users/%d/balance/charges", c->user), NULL,
		 "{\"amount\":1}");
	c->took = now_ms() - c->took;
	c->status = r.status;
	c->retry_after = reply_header(&r, "Retry-After") ? atoi(reply_header(&r, "Retry-After")) : 0;
	reply_free(&r);
	return NULL;
}

/* As many charges at once, one a user, at both daemons. Gives how many were answered with `status`. */
static int charges(int status)
{
	int n = 0;

	for (int i = 0; i < CROWD; i++)
		crowd[i] = (struct client){.user = 300 + i};
	at_once(CROWD, charge, crowd, sizeof(crowd[0]));
	for (int i = 0; i < CROWD; i++)
		n += crowd[i].status == status;
	return n;
}

static int64_t charged(void)
{
	return sql_int("SELECT COUNT(*) FROM ledger WHERE kind = 'CHARGE'");
}

/* A door on a server's socket behind which nobody is: it counts who knocks, and closes again. */
struct door {
	pthread_t thread;
	const char *path;
	int listening;
	_Atomic int knocks;
};

static void *door_watch(void *arg)
{
	struct door *d = arg;
	int fd;

	while ((fd = accept(d->listening, NULL, NULL)) >= 0) {
		atomic_fetch_add(&d->knocks, 1);
		close(fd);
	}
	return NULL;
}

static void door_open(struct door *d, const char *path)
{
	struct sockaddr_un here = {.sun_family = AF_UNIX};

	d->path = path;
	d->knocks = 0;
	snprintf(here.sun_path, sizeof(here.sun_path), "%s", path);
	unlink(path);
	d->listening = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(d->listening, (struct sockaddr *)&here, sizeof(here)), 0);
	ck_assert_int_eq(listen(d->listening, 100), 0);
	ck_assert_int_eq(pthread_create(&d->thread, NULL, door_watch, d), 0);
}

static void door_shut(struct door *d)
{
	shutdown(d->listening, SHUT_RDWR);
	pthread_join(d->thread, NULL);
	close(d->listening);
	unlink(d->path);
}

/* MariaDB takes connections and says nothing. Who waited in vain is told so in time, and what nobody waits
 * for any more is not done when it comes back. */
START_TEST(test_mysql_silent)
{
	char *token = inside(1);
	int64_t before = charged(), began;
	struct reply r;

	process_kill(&stack.mysql, SIGSTOP);
	ck_assert_int_eq(charges(503), CROWD);
	for (int i = 0; i < CROWD; i++) {
		ck_assert_int_lt(crowd[i].took, 6500);
		ck_assert_int_gt(crowd[i].retry_after, 0);
	}
	began = now_ms();
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 200);
	r = answered(ask("POST", "/v1/tokens", NULL, "{\"userId\":1,\"queue\":\"slow\"}"), 201);
	ck_assert_str_eq(reply_string(&r, "status"), "WAITING");
	reply_free(&r);
	ck_assert(unready("MySQL"));
	ck_assert_int_lt(now_ms() - began, 1000);
	process_kill(&stack.mysql, SIGCONT);
	began = now_ms();
	wait_until(ready());
	wait_until(charges(200) == CROWD);
	ck_assert_int_lt(now_ms() - began, 5000);
	/* What was under way on a thread may have been done, nothing that stood in line behind it. */
	ck_assert_int_le(charged() - before, DAEMONS * THREADS + CROWD);
	wait_until(redis_int("ZCARD usher:{slow}:active") == 1);
	ck_assert_int_le(logged("MySQL: does not answer"), 2);
	free(token);
}
END_TEST

/* MariaDB is away: hundreds ask all the time, and it is knocked at a few times a second. Who is refused in one
 * moment is not asked back in one moment. */
START_TEST(test_mysql_away)
{
	static struct door door;
	int64_t began;
	int rounds = 0, knocks, later[6] = {0};

	ck_assert_int_eq(charges(200), CROWD);
	process_kill(&stack.mysql, SIGKILL);
	door_open(&door, stack.mysql_socket);
	ck_assert_int_eq(charges(503), CROWD);
	knocks = door.knocks;
	ck_assert_int_le(knocks, DAEMONS * THREADS);
	for (began = now_ms(); now_ms() - began < 3000; rounds++)
		ck_assert_int_eq(charges(503), CROWD);
	ck_assert_int_gt(rounds, 10);
	ck_assert_int_gt(door.knocks - knocks, 2);
	ck_assert_int_le(door.knocks - knocks, DAEMONS * 5 * 3);
	door_shut(&door);
	for (int i = 0; i < CROWD; i++) {
		ck_assert_int_lt(crowd[i].took, 1500);
		ck_assert_int_ge(crowd[i].retry_after, 1);
		ck_assert_int_le(crowd[i].retry_after, 5);
		later[crowd[i].retry_after]++;
	}
	for (int s = 1; s <= 5; s++)
		ck_assert_int_lt(later[s], CROWD / 2);
	mysql_start();
	began = now_ms();
	wait_until(charges(200) == CROWD);
	wait_until(ready());
	ck_assert_int_lt(now_ms() - began, 3000);
}
END_TEST

/* When it comes back those in line are let in as ever: in order, and no faster than the rate. */
START_TEST(test_no_burst_after_mysql)
{
	static char *tokens[100];
	int64_t let_in[100], left, since;
	int n;

	for (int i = 0; i < 100; i++)
		tokens[i] = token_of(stack.port[i % DAEMONS], 100 + i, "slow");
	process_kill(&stack.mysql, SIGKILL);
	wait_until(unready("MySQL"));
	wait_until(status_port(stack.port[1], "GET", "/readyz", NULL, NULL) == 503);
	left = redis_int("ZCARD usher:{slow}:waiting");
	ck_assert_int_gt(left, 2 * RATE);
	for (since = now_ms(); now_ms() - since < 2000; pause_briefly())
		ck_assert_int_eq(redis_int("ZCARD usher:{slow}:waiting"), left);
	mysql_start();
	since = now_ms();
	wait_until(redis_int("ZCARD usher:{slow}:waiting") < left);
	ck_assert_int_lt(now_ms() - since, 3000);
	wait_until(redis_int("ZCARD usher:{slow}:waiting") == 0);
	n = (int)redis_int("ZCARD usher:{slow}:admitted");
	ck_assert_int_ge(n, 100);
	for (int i = 0; i < 100; i++) {
		let_in[i] = redis_int("EVAL %s 1 usher:{slow}:admitted %d",
				      "return redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[1], 'WITHSCORES')[2]",
				      n - 100 + i);
		ck_assert(i < RATE || let_in[i] - let_in[i - RATE] >= 1000);
		free(tokens[i]);
	}
}
END_TEST

/* Redis is away: its door is knocked at by each connection now and then. */
START_TEST(test_redis_away)
{
	static struct door door;
	char *token = inside(2);
	int64_t began;
	int knocks;

	process_kill(&stack.redis, SIGKILL);
	door_open(&door, stack.redis_socket);
	wait_until(unready("Redis"));
	/* By then the back-off has grown to what it grows to. */
	began = now_ms();
	while (now_ms() - began < 4000)
		ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 503);
	knocks = door.knocks;
	for (began = now_ms(); now_ms() - began < 2000;) {
		ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 503);
		ck_assert_int_eq(status_of("GET", "/v1/users/2/balance", NULL, NULL), 200);
	}
	ck_assert_int_le(door.knocks - knocks, DAEMONS * 2 * 3);
	door_shut(&door);
	redis_start();
	began = now_ms();
	wait_until(ready());
	ck_assert_int_lt(now_ms() - began, 5000);
	wait_until(status_port(stack.port[1], "GET", "/readyz", NULL, NULL) == 200);
	free(token);
	/* Nothing was left in it. */
	wait_until(redis_int("HGET usher:{main}:queue capacity") == 100);
	wait_until(audit_holds());
}
END_TEST

/* Redis is there and says nothing for longer than a connection is kept for. */
START_TEST(test_redis_silent)
{
	char *token = inside(3);
	int64_t began = now_ms(), asked;

	process_kill(&stack.redis, SIGSTOP);
	do {
		asked = now_ms();
		ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 503);
		ck_assert_int_lt(now_ms() - asked, 3000);
		ck_assert_int_eq(status_of("GET", "/v1/users/3/balance", NULL, NULL), 200);
	} while (now_ms() - began < 7000);
	asked = now_ms();
	ck_assert_int_eq(status_of("GET", "/v1/queue/position", token, NULL), 503);
	ck_assert_int_lt(now_ms() - asked, 1000); /* by now it is known to be away */
	process_kill(&stack.redis, SIGCONT);
	began = now_ms();
	wait_until(ready());
	wait_until(status_of("GET", "/v1/queue/position", token, NULL) == 200);
	ck_assert_int_lt(now_ms() - began, 5000);
	free(token);
}
END_TEST

static int threads_of(pid_t pid)
{
	struct dirent **entries;
	int n = scandir(say("/proc/%d/task", (int)pid), &entries, NULL, NULL);

	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0)
		free(entries);
	return n;
}

static void *go_on(void *arg)
{
	pid_t pid = stack.usherd[2];
	int threads = *(int *)arg;

	wait_until(threads_of(pid) <= threads - 2);
	kill(stack.mysql, SIGCONT);
	return NULL;
}

/* A daemon is to end while a payment is being struck off, which no request waits for: what the database thread brings
 * back when its worker and the keeper are no more is let go of. Under a sanitizer anything else is a leak, and the
 * daemon does not end well. */
START_TEST(test_stopped_while_striking)
{
	pthread_t thread;
	int threads;
	int64_t stopped;
	char *token;

	usherd_start(2, "--workers=1", "--db-threads=4", "--return-seconds=0", NULL);
	token = inside(9);
	threads = threads_of(stack.usherd[2]);
	done(ask_port(stack.port[2], "POST", "/v1/payments", token, "{\"reservationId\":%lld}",
		      (long long)hold(token, 11, 9)),
	     201);
	process_kill(&stack.mysql, SIGSTOP);
	/* It is begun a tenth of a second after the payment, and the keeper has something every second. */
	for (stopped = now_ms(); now_ms() - stopped < 1500;)
		pause_briefly();
	ck_assert_int_eq(pthread_create(&thread, NULL, go_on, &threads), 0);
	ck_assert_int_eq(usherd_stop(2), 0);
	pthread_join(thread, NULL);
	wait_until(ready());
	free(token);
}
END_TEST

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, stack_catalog(catalog), "--workers=1", "--db-threads=4", "--return-seconds=0", NULL);
	usherd_start(1, "--workers=1", "--db-threads=4", "--return-seconds=0", NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_mysql_silent,
				      test_mysql_away,
				      test_no_burst_after_mysql,
				      test_redis_away,
				      test_redis_silent,
				      test_stopped_while_striking,
				      NULL};

	return stack_main("outages", 60, begin, tests);
}
