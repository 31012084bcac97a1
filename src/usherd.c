/* Start, workers, stop. */
#include <event2/event.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/notify.h"
#include "config.h"
#include "keeper.h"
#include "settings.h"
#include "store/pool.h"
#include "worker.h"

#define POOL_STOP_MS 1500
#define OWN_DESCRIPTORS 32 /* files, pipes, the keeper's connections */
#define OWN_DESCRIPTORS_A_WORKER 8
#define READY_LINE 512
#define STOP_MS 7000 /* what is under way may take this long after SIGTERM */

static int port;

/* The line that scripts wait for; the service manager waits for the same. */
static void say_ready(void)
{
	bool v6 = strchr(settings.listen_host, ':') != NULL;
	char line[READY_LINE];

	snprintf(line, sizeof(line), "ready on http://%s%s%s:%d", v6 ? "[" : "", settings.listen_host, v6 ? "]" : "",
		 port);
	printf("usherd: %s\n", line);
	fflush(stdout);
	notify_ready(line);
}

static void log_level_set(void)
{
	if (strcmp(settings.log_level, "error") == 0)
		log_set_level(LOG_LEVEL_ERROR);
	else if (strcmp(settings.log_level, "debug") == 0)
		log_set_level(LOG_LEVEL_DEBUG);
}

static long worker_count(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return settings.workers ? settings.workers : cores > 0 ? cores : 1;
}

/* As many descriptors as the system allows: each client takes one, and so do we ourselves. */
static void descriptors_raise(void)
{
	long own = OWN_DESCRIPTORS + settings.db_threads + OWN_DESCRIPTORS_A_WORKER * worker_count(), room;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	room = limit.rlim_cur > LONG_MAX ? LONG_MAX : (long)limit.rlim_cur - own;
	if (settings.connections_limit <= room)
		return;
	settings.connections_limit = room > 1 ? room : 1;
	log_info("setting connections-limit: %ld, the system allows no more descriptors", settings.connections_limit);
}

/* The threads are to leave the signals to main(): call before any of them starts. */
static void signals_block(sigset_t *stop)
{
	sigemptyset(stop);
	sigaddset(stop, SIGTERM);
	sigaddset(stop, SIGINT);
	pthread_sigmask(SIG_BLOCK, stop, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int run(void)
{
	sigset_t stop;
	int got;

	signals_block(&stop);
	port = settings.listen_port;
	if (pool_start() != 0) {
		log_error("cannot start the database threads");
		return 1;
	}
	if (workers_start(worker_count(), settings.listen_host, &port) != 0)
		return STATUS_SETTINGS;
	notify_status("waiting for Redis and MySQL");
	if (keeper_start(say_ready) != 0)
		return 1;
	sigwait(&stop, &got);
	log_info("stopping");
	notify_stopping();
	workers_stop(STOP_MS);
	keeper_stop();
	/* A statement that does not end is MySQL's to roll back. */
	if (!pool_stop(POOL_STOP_MS))
		_exit(0);
	workers_free();
	return 0;
}

int main(int argc, char **argv)
{
	int status;

	if (sodium_init() < 0) {
		fputs("usherd: libsodium does not start\n", stderr);
		return 1;
	}
	switch (settings_read(argc, argv)) {
	case SETTINGS_HELP:
		settings_help();
		return 0;
	case SETTINGS_VERSION:
		puts("usherd " PACKAGE_VERSION);
		return 0;
	case SETTINGS_BAD:
		return STATUS_SETTINGS;
	case SETTINGS_OK:
		break;
	}
	metric_set(METRIC_started, (int64_t)time(NULL));
	log_level_set();
	descriptors_raise();
	status = run();
	settings_free();
	return status;
}
