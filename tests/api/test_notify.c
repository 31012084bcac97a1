/* What usherd tells the service manager that has started it: this test is the manager. */
#include <arpa/inet.h>
#include <dirent.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/kit.h"

#define WATCHDOG_US "400000"
#define SIGNS 4 /* within that time */

static int manager = -1;
static char told[65536]; /* all so far, a message after the other, each with a '|' in front */

static void begin(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	mysql_start(); /* before: it would tell us as well */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify.sock", stack.dir);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (manager < 0 || bind(manager, (struct sockaddr *)&address, sizeof(address)) != 0)
		exit(1);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	setenv("WATCHDOG_USEC", WATCHDOG_US, 1);
}

/* How often a message with this has come. */
static int heard(const char *text)
{
	size_t len = strlen(told);
	ssize_t n;
	int count = 0;

	while (len < sizeof(told) - 2 && (n = recv(manager, told + len + 1, sizeof(told) - len - 2, 0)) > 0) {
		told[len] = '|';
		len += (size_t)n + 1;
		told[len] = '\0';
	}
	for (const char *p = told; (p = strstr(p, text)); p += strlen(text))
		count++;
	return count;
}

/* A port that nobody has, for a daemon that is to be asked before it has said which it took. */
static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

START_TEST(test_ready_is_told_when_requests_can_be_served)
{
	char listen[64];
	const char *const flags[] = {listen, "--db-threads=2", NULL};

	stack.port[0] = free_port();
	snprintf(listen, sizeof(listen), "--listen=127.0.0.1:%d", P);
	usherd_spawn(0, flags);
	wait_until(heard("STATUS=waiting for Redis and MySQL") == 1);
	wait_until(unready("Redis"));
	wait_until(logged("Redis") > 0);
	ck_assert_int_eq(heard("READY=1"), 0);
	redis_start();
	wait_until(heard("READY=1") == 1);
	ck_assert(ready());
	ck_assert_int_eq(heard(say("READY=1\nSTATUS=ready on http://127.0.0.1:%d", P)), 1);
}
END_TEST

/* The thread of usherd that was made `from_last` threads before the last one. */
static pid_t thread_of(int from_last)
{
	pid_t all[64] = {0};
	int count = 0;
	DIR *dir = opendir(say("/proc/%d/task", (int)stack.usherd[0]));
	struct dirent *entry;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) && count < 64)
		if (atoi(entry->d_name) > 0)
			all[count++] = atoi(entry->d_name);
	closedir(dir);
	for (int i = 0; i < count; i++) {
		int later = 0;

		for (int k = 0; k < count; k++)
			later += all[k] > all[i];
		if (later == from_last)
			return all[i];
	}
	ck_abort_msg("no such thread");
}

static bool periods_passed(int64_t since, int periods)
{
	return now_ms() - since > periods * (atol(WATCHDOG_US) / 1000);
}

/* The keeper is the last thread that is made, the workers come before it. One that stands still is enough. */
START_TEST(test_signs_of_life_come_while_all_that_serve_go_round)
{
	int before = heard("WATCHDOG=1"), signs;
	int64_t stopped;

	wait_until(heard("WATCHDOG=1") > before + 2 * SIGNS);
	for (int i = 0; i < 2; i++) {
		pid_t worker = thread_of(1 + i);

		ck_assert_int_eq(ptrace(PTRACE_SEIZE, worker, NULL, NULL), 0);
		ck_assert_int_eq(ptrace(PTRACE_INTERRUPT, worker, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(worker, NULL, __WALL), worker);
		before = heard("WATCHDOG=1");
		stopped = now_ms();
		wait_until(periods_passed(stopped, 2));
		signs = heard("WATCHDOG=1") - before;
		ck_assert_int_eq(ptrace(PTRACE_DETACH, worker, NULL, NULL), 0);
		/* It had perhaps answered before it stood, and one was under way. */
		ck_assert_int_le(signs, 2);
		wait_until(heard("WATCHDOG=1") > before + SIGNS);
	}
}
END_TEST

START_TEST(test_stopping_is_told)
{
	ck_assert_int_eq(heard("STOPPING=1"), 0);
	ck_assert_int_eq(usherd_stop(0), 0);
	ck_assert_int_eq(heard("STOPPING=1"), 1);
	ck_assert_int_eq(heard("READY=1"), 1);
}
END_TEST

/* With nobody to tell, or nobody there any more, it serves all the same. */
START_TEST(test_a_manager_is_not_needed)
{
	close(manager);
	usherd_start(0, NULL);
	ck_assert(ready());
	ck_assert_int_eq(usherd_stop(0), 0);
	unsetenv("NOTIFY_SOCKET");
	usherd_start(0, NULL);
	ck_assert(ready());
	ck_assert_int_eq(usherd_stop(0), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_ready_is_told_when_requests_can_be_served,
				      test_signs_of_life_come_while_all_that_serve_go_round, test_stopping_is_told,
				      test_a_manager_is_not_needed, NULL};

	return stack_main("notify", 60, begin, tests);
}
