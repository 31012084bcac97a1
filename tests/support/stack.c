/* Starting and stopping the private servers. */
#include "stack.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/exchange.h"

struct stack stack;

static void die(const char *what)
{
	fprintf(stderr, "test stack: %s: %s\n", what, strerror(errno));
	exit(1);
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void pause_briefly(void)
{
	const struct timespec ts = {0, 5000000};

	nanosleep(&ts, NULL);
}

/* UBSan beside ASan knows no file but standard error, which the next daemon of that number would begin
 * anew: what it said there is put where the other sanitizers write. */
static void ubsan_keep(void)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "for f in %s/*.err; do ! grep -qs 'runtime error:' $f || mv $f %s/sanitizer.${f##*/}.$$; done",
		 stack.dir, stack.dir);
	if (system(command) != 0)
		die(command);
}

pid_t stack_spawn(const char *name, const char *const *argv)
{
	char out[128], err[128];
	pid_t parent = getpid(), pid;

	snprintf(out, sizeof(out), "%s/%s.out", stack.dir, name);
	snprintf(err, sizeof(err), "%s/%s.err", stack.dir, name);
	ubsan_keep();
	unlink(out); /* what an earlier one said there must not be taken for this one's word */
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
	dup2(open(err, O_WRONLY | O_CREAT | (stack.lasting ? O_APPEND : O_TRUNC), 0600), 2);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	fprintf(stderr, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static bool ended(pid_t pid)
{
	return pid <= 0 || waitpid(pid, NULL, WNOHANG) != 0;
}

/* What a sanitizer finds in a daemon goes into a file of the stack's directory, so that it is seen
 * however the daemon ends. A daemon may get skew.so in front of ASan's own library. */
static void sanitizer_logs(void)
{
	static const char *const names[][2] = {
		{"ASAN_OPTIONS", ":verify_asan_link_order=0"},
		{"UBSAN_OPTIONS", ""},
		{"TSAN_OPTIONS", ":suppressions='" SRCDIR "/tests/support/tsan.supp'"},
	};
	char options[1024];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *given = getenv(names[i][0]);

		snprintf(options, sizeof(options), "%s:log_path=%s/sanitizer%s", given ? given : "", stack.dir,
			 names[i][1]);
		setenv(names[i][0], options, 1);
	}
}

void stack_begin(void)
{
	snprintf(stack.dir, sizeof(stack.dir), "%s/usher-test-XXXXXX", "/tmp");
	if (!mkdtemp(stack.dir))
		die("mkdtemp");
	snprintf(stack.redis_socket, sizeof(stack.redis_socket), "%s/redis.sock", stack.dir);
	snprintf(stack.mysql_socket, sizeof(stack.mysql_socket), "%s/mysql.sock", stack.dir);
	sanitizer_logs();
	exchanges_begin();
}

void process_kill(pid_t *pid, int signal)
{
	if (*pid <= 0)
		return;
	kill(*pid, signal);
	/* One of its threads hears it first; until all have stopped the others go on. */
	if (signal == SIGSTOP)
		waitid(P_PID, (id_t)*pid, &(siginfo_t){0}, WSTOPPED | WEXITED | WNOWAIT);
	if (signal != SIGKILL && signal != SIGTERM && signal != SIGINT)
		return;
	waitpid(*pid, NULL, 0);
	*pid = 0;
}

#define STOP_MS 30000 /* ten times what a daemon takes, for a sanitizer's sake */

/* Ends a daemon as an operator would, since leaks are only looked for by one that ends by itself. */
static bool daemon_end(int i)
{
	pid_t pid = stack.usherd[i], got;
	int64_t until = now_ms() + STOP_MS;
	int status = 0;

	stack.usherd[i] = 0;
	if (pid <= 0)
		return true;
	got = waitpid(pid, &status, WNOHANG);
	if (got != 0) /* before we asked: to refuse its start is a daemon's right, to crash is not */
		return got < 0 || !WIFSIGNALED(status) || WTERMSIG(status) == SIGKILL;
	kill(pid, SIGCONT);
	kill(pid, SIGTERM);
	while ((got = waitpid(pid, &status, WNOHANG)) == 0 && now_ms() < until)
		pause_briefly();
	if (got == 0)
		process_kill(&pid, SIGKILL);
	return got > 0 && status == 0;
}

/* Shows what sanitizers have found. Gives whether it was nothing. */
static bool sanitizers_silent(void)
{
	char pattern[128], command[160];
	glob_t found = {0};
	bool silent;

	ubsan_keep();
	snprintf(pattern, sizeof(pattern), "%s/sanitizer.*", stack.dir);
	silent = glob(pattern, 0, NULL, &found) == GLOB_NOMATCH;
	globfree(&found);
	snprintf(command, sizeof(command), "cat %s >&2", pattern);
	return silent || system(command) < 0;
}

bool stack_end(void)
{
	char command[128];
	bool well = true;

	for (int i = 0; i < STACK_DAEMONS; i++)
		if (!daemon_end(i)) {
			char *log = usherd_log(i);

			fprintf(stderr, "usherd %d did not end well:\n%s\n", i, log);
			free(log);
			well = false;
		}
	well &= sanitizers_silent();
	process_kill(&stack.redis, SIGKILL);
	process_kill(&stack.mysql, SIGKILL);
	if (getenv("USHER_TEST_KEEP")) {
		printf("kept: %s\n", stack.dir);
		return well;
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", stack.dir);
	if (system(command) != 0)
		die(command);
	return well;
}

const char *stack_catalog(const char *json)
{
	static char flag[128];
	FILE *f;

	snprintf(flag, sizeof(flag), "--catalog=%s/catalog.json", stack.dir);
	f = fopen(strchr(flag, '/'), "w");
	if (!f || fputs(json, f) < 0 || fclose(f) != 0)
		die("catalog.json");
	return flag;
}

/* With further flags, ended by NULL; they count more than ours. */
static void redis_spawn_with(const char *const *flags)
{
	const char *argv[40] = {"redis-server",
				"--port",
				"0",
				"--unixsocket",
				stack.redis_socket,
				"--save",
				"",
				"--dir",
				stack.dir,
				"--appendonly",
				stack.lasting ? "yes" : "no",
				"--daemonize",
				"no"};

	for (int n = 13; *flags && n < 39; n++)
		argv[n] = *flags++;
	stack.redis = stack_spawn("redis", argv);
}

static const char *const no_flags[] = {NULL};

void redis_spawn(void)
{
	redis_spawn_with(no_flags);
}

void redis_start(void)
{
	redis_start_with(no_flags);
}

void redis_start_with(const char *const *flags)
{
	int64_t until = now_ms() + 10000;

	redis_spawn_with(flags);
	while (!redis_answers()) {
		if (ended(stack.redis) || now_ms() > until)
			die("redis-server does not start");
		pause_briefly();
	}
}

void redis_forget(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s/appendonlydir'", stack.dir);
	if (system(command) != 0)
		die(command);
}

/* MySQL's own name where that is what the machine has. */
static bool has_program(const char *name)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", name);
	return system(command) == 0;
}

#define TEMPLATE "mysql-template"
#define INSTALL_TRIES 3

/* Makes an empty database in `dir` of the working directory, whose own name may have a space in it. The
 * server's own installer is not known to succeed always. */
static bool mysql_install(const char *dir)
{
	const char *user = geteuid() ? "" : "--user=root";
	char command[600];

	if (has_program("mariadb-install-db"))
		snprintf(command, sizeof(command),
			 "rm -rf %s && mariadb-install-db --no-defaults --datadir=./%s"
			 " --auth-root-authentication-method=normal --skip-test-db --innodb-log-file-size=8M %s"
			 " >%s/install.log 2>&1",
			 dir, dir, user, stack.dir);
	else
		snprintf(command, sizeof(command),
			 "rm -rf %s && mysqld --no-defaults --initialize-insecure --datadir=\"$PWD/%s\" %s"
			 " >%s/install.log 2>&1",
			 dir, dir, user, stack.dir);
	for (int i = 0; i < INSTALL_TRIES; i++)
		if (system(command) == 0)
			return true;
	return false;
}

/* An empty database is made once a build directory; every test program has a copy of it. */
static void mysql_copy(const char *data)
{
	char fresh[64], command[600];

	if (access(data, F_OK) == 0)
		return;
	if (access(TEMPLATE, F_OK) != 0) {
		snprintf(fresh, sizeof(fresh), TEMPLATE ".%d", (int)getpid());
		if (!mysql_install(fresh))
			die("the database server's installer");
		/* Somebody else may have been faster: theirs is as good. */
		if (rename(fresh, TEMPLATE) != 0) {
			snprintf(command, sizeof(command), "rm -rf %s", fresh);
			if (system(command) != 0)
				die(command);
		}
	}
	snprintf(command, sizeof(command), "cp -r " TEMPLATE " %s", data);
	if (system(command) != 0)
		die(command);
}

void mysql_spawn(void)
{
	char datadir[160], socket[160], pid[160];
	const char *argv[] = {has_program("mariadbd") ? "mariadbd" : "mysqld",
			      "--no-defaults",
			      datadir,
			      socket,
			      pid,
			      "--skip-networking",
			      "--innodb-buffer-pool-size=64M",
			      has_program("mariadbd") ? "--innodb-log-file-size=8M" : "--skip-log-bin",
			      "--innodb-flush-log-at-trx-commit=1",
			      geteuid() ? NULL : "--user=root",
			      NULL};

	snprintf(datadir, sizeof(datadir), "--datadir=%s/mysql", stack.dir);
	snprintf(socket, sizeof(socket), "--socket=%s", stack.mysql_socket);
	snprintf(pid, sizeof(pid), "--pid-file=%s/mysql.pid", stack.dir);
	stack.mysql = stack_spawn("mysql", argv);
}

void mysql_start(void)
{
	int64_t until = now_ms() + 60000;
	char data[128];

	snprintf(data, sizeof(data), "%s/mysql", stack.dir);
	mysql_copy(data);
	mysql_spawn();
	while (!database_made()) {
		if (ended(stack.mysql) || now_ms() > until)
			die("mariadbd does not start");
		pause_briefly();
	}
}

static void daemon_spawn(int i, const char *program, const char *const *flags)
{
	static char redis[128], mysql[192];
	const char *argv[40] = {
		program,      redis, mysql, "--secret=" TEST_SECRET, "--admin-key=" ADMIN_KEY, "--listen=127.0.0.1:0",
		"--workers=2"};
	int n = 7;
	char name[16], out[128];

	snprintf(redis, sizeof(redis), "--redis=unix:%s", stack.redis_socket);
	snprintf(mysql, sizeof(mysql), "--mysql=mysql://root@localhost/usher?socket=%s", stack.mysql_socket);
	for (; flags && *flags && n < 39; flags++) {
		if (strcmp(*flags, "--no-admin-key") == 0)
			argv[4] = "--workers=2"; /* twice, in place of the key */
		else
			argv[n++] = *flags;
	}
	snprintf(name, sizeof(name), "usherd%d", i);
	/* An earlier one's line must not be taken for this one's. */
	snprintf(out, sizeof(out), "%s/%s.out", stack.dir, name);
	unlink(out);
	stack.usherd[i] = stack_spawn(name, argv);
}

void usherd_clock_wrong(bool wrong)
{
	if (wrong)
		setenv("LD_PRELOAD", "./skew.so", 1);
	else
		unsetenv("LD_PRELOAD");
}

void usherd_spawn(int i, const char *const *flags)
{
	daemon_spawn(i, getenv("USHERD") ? getenv("USHERD") : "./usherd", flags);
}

void usherd_spawn_armed(int i, const char *point, const char *const *flags)
{
	setenv("USHER_CRASH", point, 1);
	daemon_spawn(i, getenv("USHERD_CRASH") ? getenv("USHERD_CRASH") : "./usherd_crash", flags);
	unsetenv("USHER_CRASH");
}

char *file_read(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (f && text) {
		size_t n = fread(text, 1, (1 << 20) - 1, f);

		text[n] = '\0';
	}
	if (f)
		fclose(f);
	return text;
}

char *usherd_log(int i)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/usherd%d.err", stack.dir, i);
	return file_read(path);
}

bool usherd_wait_ready(int i, int seconds)
{
	int64_t until = now_ms() + seconds * 1000;
	char path[128];

	snprintf(path, sizeof(path), "%s/usherd%d.out", stack.dir, i);
	while (now_ms() < until && !ended(stack.usherd[i])) {
		char *text = file_read(path), *line = strstr(text, "usherd: ready on http://127.0.0.1:");
		bool ready = line && strchr(line, '\n');

		if (ready)
			stack.port[i] = atoi(strrchr(line, ':') + 1);
		free(text);
		if (ready)
			return true;
		pause_briefly();
	}
	return false;
}

/* Whether the last words of number `i` name the point. */
static bool crashed_at(int i, const char *point)
{
	char want[96], *log = usherd_log(i);
	bool yes;

	snprintf(want, sizeof(want), "crash point: %.*s\n", (int)strcspn(point, ":"), point);
	yes = strstr(log, want) != NULL;
	free(log);
	return yes;
}

bool usherd_wait_crash(int i, const char *point, int seconds)
{
	int64_t until = now_ms() + seconds * 1000;
	int status = 0;

	while (waitpid(stack.usherd[i], &status, WNOHANG) == 0) {
		if (now_ms() > until)
			return false;
		pause_briefly();
	}
	stack.usherd[i] = 0;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && crashed_at(i, point);
}

void usherd_start(int i, ...)
{
	const char *flags[32];
	int n = 0;
	va_list ap;

	va_start(ap, i);
	while (n < 31 && (flags[n] = va_arg(ap, const char *)))
		n++;
	va_end(ap);
	flags[n] = NULL;
	usherd_spawn(i, flags);
	if (!usherd_wait_ready(i, 60)) {
		char *log = usherd_log(i);

		fprintf(stderr, "usherd does not start:\n%s\n", log);
		free(log);
		exit(1);
	}
}

int usherd_stop(int i)
{
	int status = 0;

	if (stack.usherd[i] <= 0)
		return -1;
	kill(stack.usherd[i], SIGTERM);
	waitpid(stack.usherd[i], &status, 0);
	stack.usherd[i] = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
