/* Runs a crowd against two daemons while everything under them breaks, and says what came of it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crowd.h"
#include "faults.h"
#include "support/stack.h"
#include "verdict.h"
#include "watch.h"

#define AUDIT_MS 30000

static int usage(void)
{
	fputs("usage: chaos [--seconds N] [--seed S]\n", stderr);
	return 2;
}

static bool number_of(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	*out = strtoull(text, &end, 10);
	return *end == '\0' && *out >= least && *out <= most;
}

static bool arguments_read(int argc, char **argv)
{
	uint64_t seconds = 60;

	run.seed = (uint64_t)time(NULL);
	for (int i = 1; i < argc; i += 2) {
		bool good = strcmp(argv[i], "--seed") == 0      ? number_of(argv[i + 1], 0, 9999999999, &run.seed)
			    : strcmp(argv[i], "--seconds") == 0 ? number_of(argv[i + 1], 10, 86400, &seconds)
								: false;

		if (!good)
			return false;
	}
	run.seconds = (int)seconds;
	return true;
}

/* Two concerts with several dates each; a user may have many seats. */
static void catalog_write(void)
{
	char *text = calloc(1, 65536);
	int n;

	if (!text)
		abort();
	n = sprintf(text,
		    "{\"queues\":[{\"name\":\"main\",\"capacity\":%d,\"ratePerSecond\":%d,\"sessionSeconds\":%d,"
		    "\"claimSeconds\":%d}],\"users\":[{\"from\":1,\"to\":%d,\"balance\":%d}],\"concerts\":[",
		    CAPACITY, RATE, SESSION_SECONDS, CLAIM_SECONDS, USER_COUNT, OPENING_BALANCE);
	for (int concert = 1; concert <= 2; concert++) {
		n += sprintf(text + n,
			     "%s{\"id\":%d,\"title\":\"Chaos %d\",\"queue\":\"main\",\"seatLimit\":20,"
			     "\"holdSeconds\":%d,\"schedules\":[",
			     concert > 1 ? "," : "", concert, concert, HOLD_SECONDS);
		for (int k = 0; k < 8; k++)
			n += sprintf(text + n,
				     "%s{\"id\":%d,\"startsAt\":\"2089-12-24T1%d:00:00.000Z\",\"venue\":\"Hall\","
				     "\"sections\":[{\"name\":\"A\",\"rows\":20,\"seatsPerRow\":20,\"price\":%d}]}",
				     k ? "," : "", concert * 10 + k, k, PRICE);
		n += sprintf(text + n, "]}");
	}
	sprintf(text + n, "]}");
	stack_catalog(text);
	free(text);
}

static void servers_start(void)
{
	stack.lasting = true;
	redis_start();
	mysql_start();
	for (int i = 0; i < DAEMONS; i++) {
		faults_daemon_spawn(i);
		if (!usherd_wait_ready(i, 60)) {
			fprintf(stderr, "daemon %d does not start\n", i);
			exit(1);
		}
	}
}

static int conclude(void)
{
	int wrong = atomic_load(&run.wrong);

	faults_print();
	watch_print();
	printf("chaos: seed %llu, %d seconds, %d kills: %s\n", (unsigned long long)run.seed, run.seconds,
	       faults_kills(), wrong ? "FAILED" : "all that was promised holds");
	if (wrong) {
		printf("chaos: %d findings; again with --seed %llu --seconds %d; journals and logs: %s\n", wrong,
		       (unsigned long long)run.seed, run.seconds, stack.dir);
		setenv("USHER_TEST_KEEP", "1", 1);
	}
	fflush(stdout);
	crowd_free();
	return stack_end() && !wrong ? 0 : 1;
}

/* In the end each daemon has to give its audit; a busy one may say 503 for a while. */
static void audit_all(void)
{
	for (int i = 0; i < DAEMONS; i++) {
		int64_t until = now_ms() + AUDIT_MS;

		while (!watch_audit(i) && !atomic_load(&run.wrong) && now_ms() < until)
			rest(500);
		if (now_ms() >= until)
			finding("daemon %d gives no audit", i);
	}
}

int main(int argc, char **argv)
{
	if (!arguments_read(argc, argv))
		return usage();
	printf("chaos: seed %llu, %d seconds\n", (unsigned long long)run.seed, run.seconds);
	fflush(stdout);
	stack_begin();
	catalog_write();
	servers_start();
	watch_start();
	crowd_start();
	faults_make();
	atomic_store(&run.over, true);
	crowd_end();
	verdict_await_quiet();
	watch_end();
	verdict_money_and_seats();
	verdict_order();
	audit_all();
	return conclude();
}
