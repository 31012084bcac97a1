/* Measures usherd beside what a user would otherwise pick, and writes down what came of it. */
#include "bench.h"

#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lines.h"
#include "meter.h"
#include "report.h"
#include "rows.h"
#include "support/kit.h"

struct bench bench;

static const struct row {
	const char *name;
	void (*run)(void);
} rows[] = {
	{"memory", row_memory},       {"poll", row_poll},
	{"entry", row_entry},         {"workers", row_workers},
	{"latency", row_latency},     {"seats", row_seats},
	{"hold", row_hold},           {"payments", row_payments},
	{"strangers", row_strangers}, {"connections", row_connections},
	{"growth", row_growth},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

void bench_rest(int ms)
{
	const struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&ts, NULL);
}

void bench_fail(const char *fmt, ...)
{
	va_list ap;

	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	stack_end();
	exit(1);
}

static int usage(void)
{
	fputs("usage: bench [--quick] [--rounds N] [--only ROW]\nrows:", stderr);
	for (size_t i = 0; i < ROWS; i++)
		fprintf(stderr, " %s", rows[i].name);
	fputc('\n', stderr);
	return 2;
}

static bool rounds_read(const char *text)
{
	char *end;
	long n;

	if (!text || *text < '0' || *text > '9')
		return false;
	n = strtol(text, &end, 10);
	bench.rounds = (int)n;
	return *end == '\0' && n >= 1 && n <= ROUNDS_MOST;
}

static bool only_read(const char *text)
{
	bench.only = text;
	for (size_t i = 0; text && i < ROWS; i++)
		if (strcmp(rows[i].name, text) == 0)
			return true;
	return false;
}

static bool arguments_read(int argc, char **argv)
{
	bench.seconds = 1;
	bench.rounds = 5;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0) {
			bench.quick = true;
			bench.seconds = 0.2;
		} else if (strcmp(argv[i], "--rounds") == 0) {
			if (!rounds_read(argv[++i]))
				return false;
		} else if (strcmp(argv[i], "--only") != 0 || !only_read(argv[++i])) {
			return false;
		}
	}
	return true;
}

/* Each of 10,000 connections is a descriptor here and one more in the daemon. */
static void descriptors_allow(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

/* Whoever has a session in the first three queues keeps it, so their lines stand still. */
static const char catalog[] =
	"{\"queues\":["
	"{\"name\":\"" LINE_SHORT "\",\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":600,\"claimSeconds\":60},"
	"{\"name\":\"" LINE_LONG "\",\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":600,\"claimSeconds\":60},"
	"{\"name\":\"" LINE_LONGEST "\",\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":600,\"claimSeconds\":60},"
	"{\"name\":\"" SHOP
	"\",\"capacity\":1000000,\"ratePerSecond\":1000,\"sessionSeconds\":600,\"claimSeconds\":60}],"
	"\"users\":[{\"from\":%d,\"to\":%d,\"balance\":1000000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Bench\",\"queue\":\"" SHOP "\",\"seatLimit\":4,\"holdSeconds\":300,"
	"\"schedules\":["
	"{\"id\":%d,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Stadium\",\"sections\":[%s]},"
	"{\"id\":%d,\"startsAt\":\"2089-12-25T10:00:00.000Z\",\"venue\":\"Stadium\",\"sections\":[%s]}]}]}";

/* Fifty blocks of a thousand seats. */
static const char *sections(void)
{
	static char text[8192];
	int n = 0;

	for (int i = 0; i < 50; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      "%s{\"name\":\"%c%d\",\"rows\":20,\"seatsPerRow\":50,\"price\":50000}", i ? "," : "",
			      'A' + i / 10, i % 10);
	return text;
}

static void servers_start(void)
{
	static char text[20000];

	redis_start();
	mysql_start();
	/* What tests need is too small for anybody who sells. */
	sql_try(NULL, "SET GLOBAL innodb_log_file_size = 268435456");
	sql_try(NULL, "SET GLOBAL innodb_buffer_pool_size = 536870912");
	snprintf(text, sizeof(text), catalog, BUYERS_FROM, BUYERS_FROM + BUYERS - 1, MAP_SCHEDULE, sections(),
		 SALE_SCHEDULE, sections());
	usherd_start(0, "--workers=1", "--db-threads=16", "--connections-limit=12000", stack_catalog(text), NULL);
}

/* On a machine that is a guest of another one, what its host takes away is in everybody's latency. */
static void rows_run(void)
{
	struct ticks before, after;

	meter_ticks(&before);
	for (size_t i = 0; i < ROWS; i++)
		if (!bench.only || strcmp(bench.only, rows[i].name) == 0)
			rows[i].run();
	meter_ticks(&after);
	if (after.stolen > before.stolen)
		report_note("The machine's host gave %.1f %% of the processors' time to others meanwhile.",
			    100.0 * (double)(after.stolen - before.stolen) / (double)(after.all - before.all));
}

static int bench_run(void)
{
	servers_start();
	rows_run();
	report_print();
	report_write();
	return stack_end() ? 0 : 1;
}

static volatile sig_atomic_t runner;

static void pass_on(int signal)
{
	kill(runner, signal);
}

/* Waits for the one that measures and removes what it has left, however it ended; its servers, which die with
 * it, may still be writing. Gives the exit status. */
static int runner_await(void)
{
	const struct sigaction action = {.sa_handler = pass_on};
	int status;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	while (waitpid(runner, &status, 0) < 0)
		;
	for (int i = 0; i < 1000 && access(stack.dir, F_OK) == 0 && !getenv("USHER_TEST_KEEP"); i++) {
		if (system(say("rm -rf '%s' 2>/dev/null", stack.dir)) != 0)
			pause_briefly();
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	if (!arguments_read(argc, argv))
		return usage();
	descriptors_allow();
	stack_begin();
	runner = fork();
	if (runner > 0)
		return runner_await();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return bench_run();
}
