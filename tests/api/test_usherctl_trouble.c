/* The operator's command called in a wrong way, without the right key, or at a daemon that is away. */
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/usherctl.h"
#include "support/http.h"

/* Called in a wrong way. */

START_TEST(test_help_and_version)
{
	ck_assert_int_eq(ctl("--help"), 0);
	out_has("--admin-key-file");
	out_has("resume");
	ck_assert_int_eq(ctl("--version"), 0);
	ck_assert_int_eq(strncmp(said.out, "usherctl ", 9), 0);
	ck_assert_int_eq(ctl("--help >/dev/full"), 1);
	one_line_has("cannot write");
	ck_assert_int_eq(ctl("status >/dev/full"), 1);
	one_line_has("cannot write");
}
END_TEST

/* Arguments, and what the complaint names. */
static const char *const wrong[][2] = {
	{"", "no command"},
	{"statsu", "not a command"},
	{"--colour=red status", "--colour"},
	{"status --wtach", "--wtach"},
	{"status main other", "usage: usherctl status [QUEUE]"},
	{"status ''", "QUEUE is empty"},
	{"set", "usage: usherctl set QUEUE KEY=VALUE..."},
	{"set main", "usage: usherctl set"},
	{"set main capacity", "change number 1"},
	{"set main capacity=5 =7", "change number 2"},
	{"pause", "usage: usherctl pause QUEUE"},
	{"pause --watch main", "--watch"},
	{"resume main main", "usage: usherctl resume"},
	{"import", "usage: usherctl import FILE"},
	{"audit main", "usage: usherctl audit"},
	{"status --url", "setting url: has no value"},
	{"status --url=https://127.0.0.1", "setting url: must begin with http://"},
	{"status --url=http://", "setting url"},
	{"status --url=http://127.0.0.1:0", "setting url"},
	{"status --url=http://127.0.0.1:99999", "setting url"},
	{"status --url=http://[::1", "setting url"},
	{"status --url='http://a b'", "setting url"},
	{"status --admin-key=", "setting admin-key: is empty"},
	{"status --admin-key=\"$(printf 'a\\nb')\"", "setting admin-key"},
	{"status --admin-key-file=/nowhere", "setting admin-key-file"},
	{"status --admin-key-file=/dev/null", "setting admin-key-file: /dev/null is empty"},
};

START_TEST(test_wrong_usage_is_named)
{
	ck_assert_int_eq(ctl("%s", wrong[_i][0]), 2);
	one_line_has(wrong[_i][1]);
	ck_assert_str_eq(said.out, "");
}
END_TEST

START_TEST(test_what_may_be_a_secret_is_not_shown)
{
	ck_assert_int_eq(ctl("--admin-kye=SESAME1 status"), 2);
	ck_assert_ptr_null(strstr(said.err, "SESAME1"));
	ck_assert_int_eq(ctl("SESAME1"), 2);
	ck_assert_ptr_null(strstr(said.err, "SESAME1"));
	ck_assert_int_eq(ctl("set main SESAME1"), 2);
	ck_assert_ptr_null(strstr(said.err, "SESAME1"));
	ck_assert_int_eq(ctl("status --url=http://ops:SESAME1@127.0.0.1:1"), 2);
	one_line_has("setting url");
	ck_assert_ptr_null(strstr(said.err, "SESAME1"));
}
END_TEST

/* The key and the URL. */

START_TEST(test_key_and_url_may_come_from_all_sides)
{
	const char *key = file("key", "  " ADMIN_KEY "\n");
	char text[512];

	snprintf(text, sizeof(text), "status --url=http://127.0.0.1:%d/ --admin-key-file %s", P, key);
	ck_assert_int_eq(shell("USHER_URL=http://127.0.0.1:1 USHER_ADMIN_KEY=wrong", text), 0);
	snprintf(text, sizeof(text), "status --url http://localhost:%d --admin-key %s", P, ADMIN_KEY);
	ck_assert_int_eq(shell("USHER_ADMIN_KEY=wrong", text), 0);
	snprintf(text, sizeof(text), "USHER_URL=HTTP://127.0.0.1:%d USHER_ADMIN_KEY= USHER_ADMIN_KEY_FILE=%s", P, key);
	ck_assert_int_eq(shell(text, "status"), 0);
}
END_TEST

START_TEST(test_wrong_key_is_refused)
{
	ck_assert_int_eq(ctl("status --admin-key SESAME1"), 4);
	one_line_has("INVALID_ADMIN_KEY");
	ck_assert_ptr_null(strstr(said.err, "SESAME1"));
	ck_assert_int_eq(ctl("status --watch --admin-key SESAME1"), 4);
	one_line_has("INVALID_ADMIN_KEY");
}
END_TEST

START_TEST(test_no_key_is_refused)
{
	char environment[64];

	snprintf(environment, sizeof(environment), "USHER_URL=http://127.0.0.1:%d", P);
	ck_assert_int_eq(shell(environment, "audit"), 4);
	one_line_has("INVALID_ADMIN_KEY");
}
END_TEST

/* The daemon is away, or is something else. */

/* Listens on a free port; what connects there waits for ever unless somebody answers. */
static int listen_free(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*port = ntohs(at.sin_port);
	return fd;
}

/* Calls usherctl at a server that gives `answer` to the first who connects, whatever they ask. */
static int against(const char *answer, const char *arguments)
{
	int port, fd = listen_free(&port), status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char request[4096];
		int client = accept(fd, NULL, NULL);

		if (read(client, request, sizeof(request)) > 0)
			http_send(client, answer, strlen(answer));
		_exit(0);
	}
	close(fd);
	status = at_port(port, arguments);
	waitpid(pid, NULL, 0);
	return status;
}

START_TEST(test_daemon_that_is_away_is_one_line)
{
	static const char *const all[] = {
		"status",     "status --watch",      "status main --json", "audit",
		"pause main", "set main capacity=5", "resume main",        "import " SRCDIR "/schema/demo.json"};
	int port, fd = listen_free(&port);

	close(fd);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		ck_assert_int_eq(at_port(port, all[i]), 1);
		one_line_has("is away: Connection refused");
		ck_assert_str_eq(said.out, "");
	}
	ck_assert_int_eq(ctl("status --url=http://[::1]:1/behind/a/proxy"), 1);
	one_line_has("http://[::1]:1/behind/a/proxy is away");
}
END_TEST

START_TEST(test_daemon_that_is_silent_is_away)
{
	int64_t began = now_ms();
	int port, fd = listen_free(&port);

	ck_assert_int_eq(at_port(port, "status"), 1);
	one_line_has("no answer in time");
	ck_assert_int_ge(now_ms() - began, 4500);
	ck_assert_int_le(now_ms() - began, 9000);
	close(fd);
}
END_TEST

START_TEST(test_5xx_ends_with_1)
{
	ck_assert_int_eq(against("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\r\n"
				 "{\"code\":\"UNAVAILABLE\",\"detail\":\"Redis\\ndoes\\u001b[31m not answer\"}",
				 "status"),
			 1);
	one_line_has("UNAVAILABLE: Redis?does?[31m not answer");
	ck_assert_int_eq(against("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\nugh!", "audit"), 1);
	one_line_has("502");
}
END_TEST

START_TEST(test_what_is_not_usherd_ends_with_1)
{
	ck_assert_int_eq(against("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "status"), 1);
	one_line_has("is not usherd");
	ck_assert_int_eq(against("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "audit"), 1);
	one_line_has("is not usherd");
	ck_assert_int_eq(against("HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", "audit"), 1);
	one_line_has("301");
	ck_assert_int_eq(against("+PONG\r\n", "status"), 1);
	one_line_has("not HTTP");
	ck_assert_int_eq(against("", "status"), 1);
	one_line_has("without an answer");
	ck_assert_int_eq(against("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"queues\":[]}", "status"), 1);
	one_line_has("in the middle");
	ck_assert_int_eq(against("HTTP/1.1 404 Not Found\r\n\r\n<html>", "status"), 4);
	one_line_has("404");
}
END_TEST

START_TEST(test_answer_through_a_proxy_may_come_in_chunks)
{
	ck_assert_int_eq(against("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
				 "4\r\n{\"qu\r\nA;x=y\r\neues\":[]}\n\r\n0\r\n\r\n",
				 "status --json"),
			 0);
	ck_assert_str_eq(said.out, "{\"queues\":[]}\n");
	ck_assert_int_eq(against("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
				 "e\r\n{\"queues\":[]}\n\r\n0\r\n\r\n",
				 "status"),
			 0);
	ck_assert_str_eq(said.out, "no queues\n");
	ck_assert_int_eq(against("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{\"queues\"", "status"),
			 1);
	one_line_has("in the middle");
}
END_TEST

START_TEST(test_watch_goes_on_while_the_daemon_is_away)
{
	const char *const arguments[] = {program(), "status", "--watch", NULL};
	char listen_at[64];
	int ends[2];
	pid_t pid;

	usherd_start(1, NULL);
	snprintf(listen_at, sizeof(listen_at), "--listen=127.0.0.1:%d", stack.port[1]);
	ck_assert_int_eq(pipe(ends), 0);
	pid = start(stack.port[1], ends[1], arguments);
	ck_assert(read_marks(ends[0], "main ", 1));
	ck_assert_int_eq(usherd_stop(1), 0);
	usherd_start(1, listen_at, NULL);
	ck_assert(read_marks(ends[0], "main ", 2));
	kill(pid, SIGINT);
	ck_assert_int_eq(ended(pid), 0);
	close(ends[0]);
	process_kill(&stack.usherd[1], SIGKILL);
}
END_TEST

TCase *trouble_cases(void)
{
	TCase *tc = tcase_create("trouble");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_help_and_version);
	tcase_add_loop_test(tc, test_wrong_usage_is_named, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tc, test_what_may_be_a_secret_is_not_shown);
	tcase_add_test(tc, test_key_and_url_may_come_from_all_sides);
	tcase_add_test(tc, test_wrong_key_is_refused);
	tcase_add_test(tc, test_no_key_is_refused);
	tcase_add_test(tc, test_daemon_that_is_away_is_one_line);
	tcase_add_test(tc, test_daemon_that_is_silent_is_away);
	tcase_add_test(tc, test_5xx_ends_with_1);
	tcase_add_test(tc, test_what_is_not_usherd_ends_with_1);
	tcase_add_test(tc, test_answer_through_a_proxy_may_come_in_chunks);
	tcase_add_test(tc, test_watch_goes_on_while_the_daemon_is_away);
	return tc;
}
