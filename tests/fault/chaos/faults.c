/* Throwing the dice over the servers. */
#include "faults.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "support/http.h"
#include "support/stack.h"

#define GAP_LEAST_MS 300
#define GAP_MS 2000
#define DOWN_MS 1500
#define STOPPED_MS 3500
#define CALM_EVERY_MS 20000 /* and then nothing happens for a moment */
#define CALM_MS 4000
#define HEAL_MS 60000
#define ARMED_PERCENT 60
#define LOSSES_MOST 4096

/* One server as the schedule sees it. */
struct victim {
	const char *name;
	pid_t *pid;
	void (*spawn)(int i);
	int number;
	int64_t spawn_at, continue_at; /* now_ms, 0: not due */
	bool empty;                    /* what it had on disk goes before it is started */
	bool armed;                    /* it dies by itself at a crash point */
};

static void spawn_redis(int i)
{
	(void)i;
	redis_spawn();
}

static void spawn_mysql(int i)
{
	(void)i;
	mysql_spawn();
}

static struct victim victims[] = {
	{.name = "usherd 0", .pid = &stack.usherd[0], .spawn = faults_daemon_spawn, .number = 0},
	{.name = "usherd 1", .pid = &stack.usherd[1], .spawn = faults_daemon_spawn, .number = 1},
	{.name = "Redis", .pid = &stack.redis, .spawn = spawn_redis},
	{.name = "MariaDB", .pid = &stack.mysql, .spawn = spawn_mysql},
};

#define VICTIMS (sizeof(victims) / sizeof(victims[0]))
#define REDIS (&victims[2])
#define MYSQL_SERVER (&victims[3])

static struct dice dice;
static int kills;
static int64_t losses[LOSSES_MOST];
static int loss_count, crashes;
static bool healing; /* nobody is armed any more */

static const char *const points[] = {
#define CRASH_POINT(name, what) #name,
#include "crash_points.def"
#undef CRASH_POINT
};

int faults_kills(void)
{
	return kills + crashes;
}

/* A crash point, and the how manieth time there: the first times are the likeliest. */
static void point_throw(char text[64])
{
	uint32_t count = sizeof(points) / sizeof(points[0]);

	snprintf(text, 64, "%s:%u", points[dice_throw(&dice, count)], 1 + dice_throw(&dice, 1 + dice_throw(&dice, 6)));
}

void faults_daemon_spawn(int i)
{
	char listen[64], catalog[128], point[64];
	const char *flags[] = {listen, "--return-seconds=1", "--idle-seconds=20", catalog, NULL};

	snprintf(listen, sizeof(listen), "--listen=127.0.0.1:%d", stack.port[i]);
	snprintf(catalog, sizeof(catalog), "--catalog=%s/catalog.json", stack.dir);
	/* One of the two has a wrong calendar from its first start on: it decides nothing. */
	usherd_clock_wrong(i == 1);
	victims[i].armed = stack.port[i] && !healing && dice_percent(&dice, ARMED_PERCENT);
	if (victims[i].armed) {
		point_throw(point);
		usherd_spawn_armed(i, point, flags);
	} else {
		usherd_spawn(i, flags);
	}
	usherd_clock_wrong(false);
}

static void lost(void)
{
	if (loss_count < LOSSES_MOST)
		losses[loss_count++] = wall_ms();
}

bool faults_lost_between(int64_t from, int64_t to)
{
	for (int i = 0; i < loss_count; i++)
		if (losses[i] >= from - 1 && losses[i] <= to + 1)
			return true;
	return false;
}

/* Whether it runs and is not stopped. */
static bool well(const struct victim *v)
{
	return *v->pid > 0 && !v->continue_at;
}

static bool killed(struct victim *v)
{
	if (*v->pid <= 0)
		return false;
	process_kill(v->pid, SIGKILL);
	v->continue_at = 0;
	v->spawn_at = now_ms() + 1 + dice_throw(&dice, DOWN_MS);
	kills++;
	return true;
}

static bool stopped(struct victim *v)
{
	if (!well(v))
		return false;
	process_kill(v->pid, SIGSTOP);
	v->continue_at = now_ms() + 100 + dice_throw(&dice, STOPPED_MS);
	return true;
}

static struct victim *any_daemon(void)
{
	return &victims[dice_throw(&dice, DAEMONS)];
}

static bool kill_daemon(void)
{
	return killed(any_daemon());
}

static bool kill_both_daemons(void)
{
	bool first = killed(&victims[0]);

	return killed(&victims[1]) || first;
}

static bool kill_redis(void)
{
	return killed(REDIS);
}

static bool empty_redis(void)
{
	REDIS->empty = killed(REDIS) || REDIS->empty;
	return REDIS->empty;
}

static bool kill_mysql(void)
{
	return killed(MYSQL_SERVER);
}

static bool stop_daemon(void)
{
	return stopped(any_daemon());
}

static bool stop_redis(void)
{
	return stopped(REDIS);
}

static bool stop_mysql(void)
{
	return stopped(MYSQL_SERVER);
}

static bool flush_redis(void)
{
	char *answer = well(REDIS) ? redis_text("FLUSHALL") : NULL;
	bool done = answer && strcmp(answer, "OK") == 0;

	free(answer);
	if (done)
		lost();
	return done;
}

static bool cut_redis(void)
{
	return well(REDIS) && redis_int("CLIENT KILL TYPE normal SKIPME yes") > 0;
}

/* One connection, or the statement that is under way on it. */
static bool cut_mysql(void)
{
	int64_t id;

	return well(MYSQL_SERVER) &&
	       sql_try(&id, "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = 'usher'"
			    " ORDER BY time_ms, RAND() LIMIT 1") &&
	       id > 0 && sql_try(NULL, "KILL %s %ld", dice_percent(&dice, 50) ? "CONNECTION" : "QUERY", (long)id);
}

/* The one fault that is none: an honest end. */
static bool end_daemon(void)
{
	struct victim *v = any_daemon();

	if (!well(v))
		return false;
	kill(*v->pid, SIGTERM);
	return true;
}

static struct fault {
	const char *name;
	uint32_t weight;
	bool (*strike)(void);
	int count;
} faults[] = {
	{"kill -9 of a daemon", 34, kill_daemon, 0},
	{"kill -9 of both daemons", 6, kill_both_daemons, 0},
	{"kill -9 of Redis, its data kept", 12, kill_redis, 0},
	{"kill -9 of Redis, its data lost", 5, empty_redis, 0},
	{"FLUSHALL", 3, flush_redis, 0},
	{"kill -9 of MariaDB", 9, kill_mysql, 0},
	{"SIGSTOP of a daemon", 10, stop_daemon, 0},
	{"SIGSTOP of Redis", 4, stop_redis, 0},
	{"SIGSTOP of MariaDB", 4, stop_mysql, 0},
	{"all connections to Redis cut", 5, cut_redis, 0},
	{"a connection to MariaDB killed", 6, cut_mysql, 0},
	{"SIGTERM of a daemon", 2, end_daemon, 0},
};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static void strike(void)
{
	uint32_t throw = dice_throw(&dice, 100);

	for (size_t i = 0; i < FAULTS; i++) {
		if (throw < faults[i].weight) {
			faults[i].count += faults[i].strike();
			return;
		}
		throw -= faults[i].weight;
	}
}

/* Who has ended without our doing is a finding, but for a daemon that was asked to, or told where to die. */
static void look_after(struct victim *v)
{
	int status;

	if (*v->pid <= 0 || waitpid(*v->pid, &status, WNOHANG) != *v->pid)
		return;
	if (v->armed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		crashes++;
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		finding("%s ended by itself, status %d", v->name, status);
	*v->pid = 0;
	v->spawn_at = now_ms();
}

static void start_again(struct victim *v)
{
	if (v->empty) {
		redis_forget();
		lost();
	}
	v->empty = false;
	v->spawn_at = 0;
	v->spawn(v->number);
}

static void attend(struct victim *v)
{
	int64_t now = now_ms();

	look_after(v);
	if (v->spawn_at && now >= v->spawn_at)
		start_again(v);
	if (v->continue_at && now >= v->continue_at) {
		kill(*v->pid, SIGCONT);
		v->continue_at = 0;
	}
}

static bool ready(int i)
{
	struct reply r = http(stack.port[i], "GET", "/readyz", NULL, NULL);
	bool yes = r.status == 200;

	reply_free(&r);
	return yes;
}

/* Everything is started and goes on; both daemons must be ready within a minute. */
static void heal(void)
{
	int64_t until = now_ms() + HEAL_MS;

	healing = true;
	for (size_t i = 0; i < VICTIMS; i++) {
		if (victims[i].armed)
			killed(&victims[i]);
		if (victims[i].spawn_at)
			victims[i].spawn_at = 1;
		if (victims[i].continue_at)
			victims[i].continue_at = 1;
	}
	do {
		for (size_t i = 0; i < VICTIMS; i++)
			attend(&victims[i]);
		rest(20);
	} while (now_ms() < until && !(ready(0) && ready(1)));
	if (now_ms() >= until)
		finding("not ready a minute after the last fault");
	atomic_store(&run.healed, true);
}

void faults_make(void)
{
	int64_t began = now_ms(), next = began + 1500;

	dice = dice_of(1);
	while (now_ms() - began < run.seconds * (int64_t)1000) {
		for (size_t i = 0; i < VICTIMS; i++)
			attend(&victims[i]);
		if (now_ms() >= next) {
			strike();
			next = now_ms() + GAP_LEAST_MS + dice_throw(&dice, GAP_MS);
			if ((now_ms() - began) % CALM_EVERY_MS < CALM_MS)
				next += CALM_MS;
		}
		rest(10);
	}
	heal();
}

void faults_print(void)
{
	for (size_t i = 0; i < FAULTS; i++)
		printf("chaos: %4d x %s\n", faults[i].count, faults[i].name);
	printf("chaos: %4d x death of a daemon at a crash point\n", crashes);
}
