/* HTTP itself: paths, methods, HEAD, limits, media types, connections, and the routes open to all. */
#include "support/kit.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

START_TEST(test_unknown_paths)
{
	static const char *const paths[] = {"/v1",
					    "/v1/",
					    "/v1/tokens/",
					    "/v1//tokens",
					    "/v1/token",
					    "/V1/tokens",
					    "/v2/tokens",
					    "/v1/queue",
					    "/v1/queues",
					    "/v1/queues/",
					    "/v1/concerts/",
					    "/v1/concerts/1",
					    "/v1/concerts//dates",
					    "/v1/concerts/1/dates/2",
					    "/v1/reservations/",
					    "/v1/reservations/1/2",
					    "/v1/users/1",
					    "/v1/users/1/balance/",
					    "/admin/v1",
					    "/admin/v1/audits",
					    "/healthz/",
					    "/../healthz",
					    "/index.html"};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		for (size_t m = 0; m < METHODS; m++)
			if (strcmp(methods[m], "HEAD") == 0)
				done(call(P, "HEAD", paths[i], NULL, NULL), 404);
			else
				refused(call(P, methods[m], paths[i], NULL, NULL), 404, "NOT_FOUND", NULL);
}
END_TEST

START_TEST(test_query_is_not_the_path)
{
	done(ask("GET", "/v1/concerts?", NULL, NULL), 200);
	done(ask("GET", "/v1/concerts?a=/b&c=d", NULL, NULL), 200);
	done(ask("GET", "/v1/queues/main?x=1", NULL, NULL), 200);
	done(ask("GET", "/v1/users/1/balance?x=1", NULL, NULL), 200);
}
END_TEST

static void check_head(const char *path, const char *token)
{
	struct reply get = answered(call(P, "GET", path, token, NULL), 200);
	struct reply head = answered(call(P, "HEAD", path, token, NULL), 200);
	const char *type = reply_header(&get, "Content-Type");

	ck_assert_ptr_nonnull(type);
	type = say("%s", type);
	ck_assert_str_eq(reply_header(&head, "Content-Type"), type);
	ck_assert_ptr_nonnull(reply_header(&head, "Content-Length"));
	reply_free(&get);
	reply_free(&head);
}

START_TEST(test_head)
{
	static const char *const open[] = {"/v1/tokens",      "/v1/concerts", "/v1/users/1/balance",
					   "/v1/queues/main", "/healthz",     "/readyz",
					   "/metrics",        "/openapi.json"};
	static const char *const guarded[] = {"/v1/queue/position", "/v1/concerts/1/dates", "/v1/schedules/11/seats"};
	static const char *const closed[] = {"/admin/v1/queues", "/admin/v1/queues/main", "/admin/v1/audit"};
	char *token = enter(10, "main");
	int64_t id = hold(token, 11, 1);

	for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
		check_head(open[i], NULL);
	for (size_t i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
		check_head(guarded[i], token);
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		check_head(closed[i], ADMIN_KEY);
	check_head(say("/v1/reservations/%d", (int)id), token);
	done(call(P, "HEAD", "/v1/queue/position", NULL, NULL), 401);
	free(token);
}
END_TEST

/* After HEAD the connection goes on: no body may follow, given at once or after asking around. */
START_TEST(test_head_and_keep_alive)
{
	static const char *const paths[] = {
		"/v1/concerts", "/v1/users/1/balance", "/v1/queues/main", "/metrics",
		"/readyz",      "/openapi.json",       "/nowhere",        "/v1/queue/position"};
	static const char get[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = http_connect(P);

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *head = say("HEAD %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
		struct reply r;

		http_send(fd, head, strlen(head));
		r = http_read(fd, 1);
		ck_assert_msg(r.status >= 200, "%s: %d", paths[i], r.status);
		reply_free(&r);
		http_send(fd, get, strlen(get));
		r = answered(http_read(fd, 0), 200);
		ck_assert_str_eq(r.body, "{\"status\":\"ok\"}");
		reply_free(&r);
	}
	close(fd);
}
END_TEST

START_TEST(test_pipelined)
{
	static const char three[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
				    "GET /v1/users/1/balance HTTP/1.1\r\nHost: x\r\n\r\n"
				    "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = http_connect(P);
	struct reply r;

	http_send(fd, three, strlen(three));
	done(http_read(fd, 0), 200);
	r = answered(http_read(fd, 0), 200);
	ck_assert_int_eq((int)number_at(&r, "balance"), 70000);
	reply_free(&r);
	done(http_read(fd, 0), 404);
	close(fd);
}
END_TEST

static char *padded(size_t size)
{
	char *body = malloc(size + 1);

	memset(body, ' ', size);
	memcpy(body, "{\"amount\":5}", 12);
	body[size] = '\0';
	return body;
}

START_TEST(test_body_limit)
{
	char *most = padded(65536), *over = padded(65537), *far = padded(200000);

	done(call(P, "POST", "/v1/users/2/balance/charges", NULL, most), 200);
	refused(call(P, "POST", "/v1/users/2/balance/charges", NULL, over), 413, "BODY_TOO_LARGE", NULL);
	refused(call(P, "POST", "/v1/users/2/balance/charges", NULL, far), 413, "BODY_TOO_LARGE", NULL);
	refused(call(P, "POST", "/v1/tokens", NULL, over), 413, "BODY_TOO_LARGE", NULL);
	ck_assert_int_eq((int)balance_of(2), 100005);
	free(most);
	free(over);
	free(far);
}
END_TEST

/* Over every limit of the daemon, and a body in chunks. */
START_TEST(test_body_limit_other_ways)
{
	static const char chunks[] = "POST /v1/tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
				     "Transfer-Encoding: chunked\r\n\r\n11170\r\n";
	char *body = padded(70000), *huge = padded(3000000);
	int fd = http_connect(P);

	http_send(fd, chunks, strlen(chunks));
	http_send(fd, body, 70000);
	http_send(fd, "\r\n0\r\n\r\n", 7);
	refused(http_read(fd, 0), 413, "BODY_TOO_LARGE", NULL);
	close(fd);
	refused(call(P, "POST", "/v1/tokens", NULL, huge), 413, "BODY_TOO_LARGE", NULL);
	free(body);
	free(huge);
}
END_TEST

START_TEST(test_chunked_body)
{
	static const char text[] = "POST /v1/users/3/balance/charges HTTP/1.1\r\nHost: x\r\n"
				   "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
				   "5\r\n{\"amo\r\n7\r\nunt\":5}\r\n0\r\n\r\n";
	int fd = http_connect(P);

	http_send(fd, text, strlen(text));
	done(http_read(fd, 0), 200);
	close(fd);
	ck_assert_int_eq((int)balance_of(3), 100005);
}
END_TEST

START_TEST(test_header_limit)
{
	static char line[40000] = "X-Long: ";
	int fd = http_connect(P);
	struct reply r;

	memset(line + 8, 'a', sizeof(line) - 12);
	http_send(fd, "GET /healthz HTTP/1.1\r\n", 23);
	http_send(fd, line, strlen(line));
	http_send(fd, "\r\n\r\n", 4);
	r = http_read(fd, 0);
	ck_assert_msg(r.status >= 400 && r.status < 500, "%d", r.status);
	reply_free(&r);
	close(fd);
	done(ask("GET", "/healthz", NULL, NULL), 200);
}
END_TEST

START_TEST(test_media_types)
{
	static const char *const wrong[] = {"text/plain",
					    "application/x-www-form-urlencoded",
					    "application/jsonp",
					    "application/problem+json",
					    "multipart/form-data; boundary=x",
					    "*/*"};
	static const char *const right[] = {"application/json", "application/json; charset=utf-8", "Application/JSON",
					    "application/json;charset=UTF-8"};
	static const char text[] = "POST /v1/users/4/balance/charges HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n"
				   "{\"amount\":5}";
	int fd = http_connect(P);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused(http(P, "POST", "/v1/users/4/balance/charges", say("Content-Type: %s\r\n", wrong[i]),
			     "{\"amount\":5}"),
			415, "UNSUPPORTED_MEDIA_TYPE", NULL);
	http_send(fd, text, strlen(text));
	refused(http_read(fd, 0), 415, "UNSUPPORTED_MEDIA_TYPE", NULL);
	close(fd);
	ck_assert_int_eq((int)balance_of(4), 100000);
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		done(http(P, "POST", "/v1/users/4/balance/charges", say("Content-Type: %s\r\n", right[i]),
			  "{\"amount\":5}"),
		     200);
	ck_assert_int_eq((int)balance_of(4), 100020);
}
END_TEST

START_TEST(test_media_type_on_every_body)
{
	static const char *const with_body[][2] = {{"POST", "/v1/tokens"},
						   {"POST", "/v1/reservations"},
						   {"POST", "/v1/payments"},
						   {"POST", "/v1/users/5/balance/charges"},
						   {"PATCH", "/admin/v1/queues/main"},
						   {"POST", "/admin/v1/catalog"}};
	char *token = enter(5, "main");

	for (size_t i = 0; i < sizeof(with_body) / sizeof(with_body[0]); i++)
		refused(http(P, with_body[i][0], with_body[i][1],
			     say("Authorization: Bearer %s\r\nContent-Type: text/plain\r\n",
				 with_body[i][1][1] == 'a' ? ADMIN_KEY : token),
			     "{}"),
			415, "UNSUPPORTED_MEDIA_TYPE", NULL);
	free(token);
}
END_TEST

/* Bytes that are no request: a 4xx or a closed connection, and the daemon lives on. */
START_TEST(test_not_http)
{
	static const char *const lines[] = {"\r\n\r\n",
					    "hello\r\n\r\n",
					    "GET\r\n\r\n",
					    "GET /healthz\r\n\r\n",
					    "GET /healthz FTP/1.0\r\n\r\n",
					    "GET /healthz HTTP/9.9\r\n\r\n",
					    "GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
					    "\x16\x03\x01\x02\x01\xfc\x03\x03\r\n\r\n",
					    "POST /v1/tokens HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
					    "POST /v1/tokens HTTP/1.1\r\nContent-Length: five\r\n\r\n",
					    "POST /v1/tokens HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
					    "GET /healthz HTTP/1.1\r\nno colon here\r\n\r\n"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int fd = http_connect(P);
		struct reply r;

		http_send(fd, lines[i], strlen(lines[i]));
		shutdown(fd, SHUT_WR);
		r = http_read(fd, 0);
		ck_assert_msg(r.status == 0 || r.status >= 200, "%s: %d", lines[i], r.status);
		ck_assert_msg(!r.body || !strstr(r.body, "<HTML>"), "%s", r.body);
		reply_free(&r);
		close(fd);
		done(ask("GET", "/healthz", NULL, NULL), 200);
	}
}
END_TEST

/* Clients that go away in the middle. */
START_TEST(test_gone_before_the_answer)
{
	static const char whole[] = "GET /admin/v1/audit HTTP/1.1\r\nAuthorization: Bearer " ADMIN_KEY "\r\n\r\n";
	static const char half[] = "POST /v1/tokens HTTP/1.1\r\nContent-Type: application/json\r\n"
				   "Content-Length: 100\r\n\r\n{\"userId\"";

	for (int i = 0; i < 50; i++) {
		int fd = http_connect(P);

		http_send(fd, i % 2 ? whole : half, strlen(i % 2 ? whole : half));
		close(fd);
	}
	done(ask("GET", "/healthz", NULL, NULL), 200);
	done(admin("GET", "/admin/v1/audit", NULL), 200);
}
END_TEST

START_TEST(test_health)
{
	struct reply r;

	done(ask("GET", "/healthz", NULL, NULL), 200);
	done(ask("GET", "/readyz", NULL, NULL), 200);
	process_kill(&stack.mysql, SIGSTOP);
	wait_until((r = ask("GET", "/readyz", NULL, NULL), r.status == 503 || (reply_free(&r), false)));
	ck_assert_ptr_nonnull(reply_header(&r, "Retry-After"));
	ck_assert_ptr_null(strstr(reply_string(&r, "detail"), "Redis"));
	refused(r, 503, "UNAVAILABLE", "MySQL");
	done(ask("GET", "/healthz", NULL, NULL), 200);
	process_kill(&stack.mysql, SIGCONT);
	wait_until((r = ask("GET", "/readyz", NULL, NULL), reply_free(&r), r = ask("GET", "/readyz", NULL, NULL),
		    r.status == 200 || (reply_free(&r), false)));
	reply_free(&r);
	process_kill(&stack.redis, SIGSTOP);
	wait_until((r = ask("GET", "/readyz", NULL, NULL), r.status == 503 || (reply_free(&r), false)));
	ck_assert_ptr_null(strstr(reply_string(&r, "detail"), "MySQL"));
	refused(r, 503, "UNAVAILABLE", "Redis");
	done(ask("GET", "/healthz", NULL, NULL), 200);
	process_kill(&stack.redis, SIGCONT);
	wait_until((r = ask("GET", "/readyz", NULL, NULL), r.status == 200 || (reply_free(&r), false)));
	reply_free(&r);
}
END_TEST

/* Every figure says what it is, and counts. */
START_TEST(test_metrics)
{
	struct reply r = answered(ask("GET", "/metrics", NULL, NULL), 200);
	const char *line, *at;
	long long then, now;

	ck_assert_int_eq(strncmp(reply_header(&r, "Content-Type"), "text/plain", 10), 0);
	for (line = r.body; *line; line = strchr(line, '\n') + 1) {
		ck_assert_ptr_nonnull(strchr(line, '\n'));
		ck_assert_msg(strncmp(line, "# HELP ", 7) == 0 || strncmp(line, "# TYPE ", 7) == 0 ||
				      strncmp(line, "usher_", 6) == 0 || strncmp(line, "process_", 8) == 0,
			      "%.80s", line);
	}
	ck_assert_ptr_nonnull(strstr(r.body, "usher_queue_waiting{queue=\"main\"} "));
	at = strstr(r.body, "\nusher_http_requests_total ");
	ck_assert_ptr_nonnull(at);
	then = atoll(at + 27);
	reply_free(&r);
	done(ask("GET", "/healthz", NULL, NULL), 200);
	r = answered(ask("GET", "/metrics", NULL, NULL), 200);
	at = strstr(r.body, "\nusher_http_requests_total ");
	ck_assert_ptr_nonnull(at);
	now = atoll(at + 27);
	ck_assert_int_ge(now, then + 2);
	reply_free(&r);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_unknown_paths,
				      test_query_is_not_the_path,
				      test_head,
				      test_head_and_keep_alive,
				      test_pipelined,
				      test_body_limit,
				      test_body_limit_other_ways,
				      test_chunked_body,
				      test_header_limit,
				      test_media_types,
				      test_media_type_on_every_body,
				      test_not_http,
				      test_gone_before_the_answer,
				      test_health,
				      test_metrics,
				      NULL};

	return api_main("http", tests);
}
