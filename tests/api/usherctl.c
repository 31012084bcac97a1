/* Calling usherctl through the shell, through a pipe and on a terminal. */
#include "api/usherctl.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct said said;

const char *program(void)
{
	return getenv("USHERCTL") ? getenv("USHERCTL") : "./usherctl";
}

static void read_file(const char *path, char text[SAID])
{
	FILE *f = fopen(path, "r");

	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, SAID - 1, f)] = '\0';
	fclose(f);
}

int shell(const char *environment, const char *arguments)
{
	char command[2048], err[128];
	FILE *f;
	int status;

	snprintf(err, sizeof(err), "%s/usherctl.err", stack.dir);
	snprintf(command, sizeof(command), "%s %s %s 2>%s", environment, program(), arguments, err);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	said.out[fread(said.out, 1, SAID - 1, f)] = '\0';
	status = pclose(f);
	ck_assert(WIFEXITED(status));
	said.status = WEXITSTATUS(status);
	read_file(err, said.err);
	ck_assert_ptr_null(strstr(said.out, ADMIN_KEY));
	ck_assert_ptr_null(strstr(said.err, ADMIN_KEY));
	return said.status;
}

int at_port(int port, const char *arguments)
{
	char environment[128];

	snprintf(environment, sizeof(environment), "USHER_URL=http://127.0.0.1:%d USHER_ADMIN_KEY=%s", port, ADMIN_KEY);
	return shell(environment, arguments);
}

int ctl(const char *fmt, ...)
{
	char arguments[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(arguments, sizeof(arguments), fmt, ap);
	va_end(ap);
	return at_port(P, arguments);
}

static cJSON *json_said(void)
{
	cJSON *json = cJSON_Parse(said.out);

	ck_assert_msg(json, "not JSON: %s", said.out);
	return json;
}

double said_number(const char *name)
{
	cJSON *json = json_said();
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);
	double n = cJSON_IsBool(item) ? cJSON_IsTrue(item) : cJSON_IsNumber(item) ? item->valuedouble : -1;

	cJSON_Delete(json);
	return n;
}

const char *file(const char *name, const char *text)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", stack.dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	return path;
}

pid_t start(int port, int fd, const char *const *arguments)
{
	char url[64];
	pid_t parent = getpid(), pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	setenv("USHER_URL", url, 1);
	setenv("USHER_ADMIN_KEY", ADMIN_KEY, 1);
	dup2(fd, STDOUT_FILENO);
	dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
	execv(program(), (char *const *)(uintptr_t)arguments);
	_exit(127);
}

bool read_marks(int fd, const char *mark, int times)
{
	int64_t until = now_ms() + 10000;
	size_t len = 0;

	said.out[0] = '\0';
	for (;;) {
		struct pollfd p = {fd, POLLIN, 0};
		int seen = 0;
		ssize_t n;

		for (const char *at = said.out; (at = strstr(at, mark)); at += strlen(mark))
			seen++;
		if (seen >= times)
			return true;
		if (now_ms() > until || poll(&p, 1, 1000) < 0)
			return false;
		n = p.revents ? read(fd, said.out + len, SAID - 1 - len) : 0;
		if (p.revents && n <= 0)
			return false;
		len += (size_t)n;
		said.out[len] = '\0';
	}
}

int ended(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int terminal_open(int *inner)
{
	int outer = posix_openpt(O_RDWR | O_NOCTTY);

	ck_assert_int_ge(outer, 0);
	ck_assert_int_eq(grantpt(outer), 0);
	ck_assert_int_eq(unlockpt(outer), 0);
	*inner = open(ptsname(outer), O_RDWR | O_NOCTTY);
	ck_assert_int_ge(*inner, 0);
	return outer;
}
