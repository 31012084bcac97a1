/* Where a request ends: shapes that two readers could take apart in two ways, and lies about lengths. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/kit.h"

#define CHARGE "POST /v1/users/6/balance/charges HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
#define BODY "{\"amount\":5}"
#define CHUNKED "c\r\n" BODY "\r\n0\r\n\r\n"
#define SECOND "GET /v1/users/6/balance HTTP/1.1\r\nHost: x\r\n\r\n"

/* Whether nothing more comes but the end. */
static bool ends(int fd)
{
	char byte;

	return recv(fd, &byte, 1, 0) <= 0;
}

static int send_text(const char *text)
{
	int fd = http_connect(P);

	http_send(fd, text, strlen(text));
	return fd;
}

static const char *const shapes[] = {
	CHARGE "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKED,
	CHARGE "Transfer-Encoding: chunked\r\nContent-Length: 12\r\n\r\n" CHUNKED,
	CHARGE "Content-Length: 12\r\nContent-Length: 12\r\n\r\n" BODY,
	CHARGE "Content-Length: 12\r\nContent-Length: 100\r\n\r\n" BODY,
	CHARGE "Content-Length: 12, 12\r\n\r\n" BODY,
	CHARGE "Content-Length: -12\r\n\r\n" BODY,
	CHARGE "Content-Length: +12\r\n\r\n" BODY,
	CHARGE "Content-Length: 0xc\r\n\r\n" BODY,
	CHARGE "Content-Length: 12 12\r\n\r\n" BODY,
	CHARGE "Content-Length:\r\n\r\n" BODY,
	CHARGE "Content-Length : 12\r\n\r\n" BODY,
	CHARGE "Content-Length\t: 12\r\n\r\n" BODY,
	CHARGE "Transfer-Encoding : chunked\r\n\r\n" CHUNKED,
	CHARGE "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" CHUNKED,
	CHARGE "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKED,
	CHARGE "Transfer-Encoding: gzip, chunked\r\n\r\n" CHUNKED,
	CHARGE "Transfer-Encoding: xchunked\r\n\r\n" CHUNKED,
	CHARGE "Transfer-Encoding: identity\r\n\r\n" CHUNKED,
	CHARGE ": 12\r\n\r\n" BODY,
	CHARGE "X Y: 12\r\n\r\n" BODY,
	"POST /v1/users/6/balance/charges HTTP/1.0\r\nContent-Type: application/json\r\n"
	"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" CHUNKED,
	"HEAD /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 46\r\n\r\n",
	"HEAD /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
};

/* Each is refused, and what follows it is not taken for a request. */
START_TEST(test_smuggling)
{
	int64_t before = balance_of(6);

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		int fd = send_text(say("%s" SECOND SECOND, shapes[i])), head = shapes[i][0] == 'H';
		struct reply r = http_read(fd, head);

		ck_assert_msg(r.status == 400, "%s: %d", shapes[i], r.status);
		if (!head)
			ck_assert_str_eq(reply_string(&r, "code"), "INVALID_REQUEST");
		ck_assert_str_eq(reply_header(&r, "Connection"), "close");
		reply_free(&r);
		ck_assert_msg(ends(fd), "%s: answered again", shapes[i]);
		close(fd);
	}
	ck_assert_int_eq(balance_of(6), before);
}
END_TEST

/* Chunks that are none: a 4xx, and the connection ends. */
START_TEST(test_bad_chunks)
{
	static const char *const chunks[] = {
		"-5\r\n",
		"zz\r\n",
		"\x01\r\n",
		"ffffffffffffffff\r\n",
		"7fffffffffffffff\r\n",
		"fffffff\r\n",
		"5;x=y\r\n12345\r\n0\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		int fd = send_text(say(CHARGE "Transfer-Encoding: chunked\r\n\r\n%s", chunks[i]));
		struct reply r = http_read(fd, 0);

		ck_assert_msg(r.status == 413 || r.status == 400, "%s: %d", chunks[i], r.status);
		ck_assert_ptr_nonnull(r.json);
		reply_free(&r);
		ck_assert(ends(fd));
		close(fd);
	}
}
END_TEST

/* A body that no route would take is refused before it is sent, and while it is. */
START_TEST(test_length_over_every_limit)
{
	static const char *const lengths[] = {"2000000", "99999999999", "9223372036854775807",
					      "99999999999999999999999"};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		int64_t began = now_ms();
		int fd = send_text(say(CHARGE "Content-Length: %s\r\n\r\n", lengths[i]));

		refused(http_read(fd, 0), 413, "BODY_TOO_LARGE", NULL);
		ck_assert_int_lt(now_ms() - began, 5000);
		ck_assert(ends(fd));
		close(fd);
	}
}
END_TEST

/* Most clients look for an answer when they have sent everything: it must still be there then. */
START_TEST(test_refusal_outlives_the_body)
{
	const size_t size = 8 << 20;
	char *body = calloc(1, size);
	const char *head = say(CHARGE "Content-Length: %zu\r\n\r\n", size);
	int fd = send_text(head);

	ck_assert_int_eq(http_send(fd, body, size), 0);
	refused(http_read(fd, 0), 413, "BODY_TOO_LARGE", NULL);
	close(fd);
	free(body);
}
END_TEST

/* As many lines as are allowed, and one more. */
START_TEST(test_header_lines)
{
	char text[4096] = "GET /healthz HTTP/1.1\r\n", *end = text + strlen(text);
	int fd;

	for (int i = 1; i < 100; i++)
		end = stpcpy(end, "a: b\r\n");
	strcpy(end, "\r\n");
	fd = send_text(text);
	done(http_read(fd, 0), 200);
	/* The same again on the same connection: the count begins anew. */
	http_send(fd, text, strlen(text));
	done(http_read(fd, 0), 200);
	strcpy(end, "a: b\r\na: b\r\n\r\n");
	http_send(fd, text, strlen(text));
	refused(http_read(fd, 0), 400, "INVALID_REQUEST", NULL);
	ck_assert(ends(fd));
	close(fd);
}
END_TEST

/* Lines of a body are not lines of the headers. */
START_TEST(test_body_of_many_lines)
{
	char text[16384] = CHARGE "Transfer-Encoding: chunked\r\n\r\n", *end = text + strlen(text);
	int64_t before = balance_of(6);
	int fd;

	end = stpcpy(end, "c\r\n" BODY "\r\n");
	for (int i = 0; i < 1000; i++)
		end = stpcpy(end, "1\r\n\n\r\n");
	strcpy(end, "0\r\n\r\n");
	fd = send_text(text);
	done(http_read(fd, 0), 200);
	http_send(fd, text, strlen(text));
	done(http_read(fd, 0), 200);
	close(fd);
	ck_assert_int_eq(balance_of(6), before + 10);
}
END_TEST

/* A body in chunks does not make the answer one: what follows on the connection is the next answer. */
START_TEST(test_answer_after_chunks)
{
	int fd = send_text(CHARGE "Transfer-Encoding: chunked\r\n\r\n" CHUNKED SECOND);
	struct reply r;

	done(http_read(fd, 0), 200);
	r = answered(http_read(fd, 0), 200);
	ck_assert_ptr_nonnull(r.json);
	reply_free(&r);
	close(fd);
}
END_TEST

/* What is no request is a problem also where there were good ones before. */
START_TEST(test_noise_after_requests)
{
	int fd = send_text("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");

	done(http_read(fd, 0), 200);
	http_send(fd, SECOND, strlen(SECOND));
	done(http_read(fd, 0), 200);
	http_send(fd, "this is no request\r\n\r\n", 22);
	refused(http_read(fd, 0), 400, "INVALID_REQUEST", NULL);
	ck_assert(ends(fd));
	close(fd);
}
END_TEST

/* A request that comes byte by byte is one like any other. */
START_TEST(test_byte_by_byte)
{
	static const char text[] = CHARGE "Content-Length: 12\r\n\r\n" BODY SECOND;
	int fd = http_connect(P), one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		http_send(fd, text + i, 1);
	done(http_read(fd, 0), 200);
	done(http_read(fd, 0), 200);
	close(fd);
}
END_TEST

/* All it asked for is answered to a client that says at once that it has nothing more to say: also
 * what needs no waiting, and the last one of a connection. */
START_TEST(test_half_close)
{
	static const char *const texts[] = {"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", SECOND,
					    "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n",
					    "GET /v1/users/6/balance HTTP/1.1\r\nConnection: keep-alive\r\n\r\n"};

	for (int last = 0; last < 4; last++) {
		int fd = http_connect(P), n = 0;
		struct reply r;

		for (int i = 0; i < 12; i++)
			http_send(fd, texts[i % 4], strlen(texts[i % 4]));
		http_send(fd, texts[last], strlen(texts[last]));
		shutdown(fd, SHUT_WR);
		while ((r = http_read(fd, 0)).status) {
			n++;
			reply_free(&r);
		}
		ck_assert_int_eq(n, 13);
		close(fd);
	}
}
END_TEST

static bool is_logged(int i, const char *text)
{
	char *log = usherd_log(i);
	bool yes = strstr(log, text) != NULL;

	free(log);
	return yes;
}

/* A refused one is logged under its own path, and not under what the last request has left. */
START_TEST(test_refusal_in_the_log)
{
	static const char bad[] = "POST /nowhere/at/all HTTP/1.1\r\nContent-Length: +1\r\n\r\n1";
	int fd;

	usherd_start(1, "--log-level=debug", NULL);
	done(ask_port(stack.port[1], "GET", "/v1/users/6/balance", NULL, NULL), 200);
	fd = http_connect(stack.port[1]);
	http_send(fd, bad, sizeof(bad) - 1);
	refused(http_read(fd, 0), 400, "INVALID_REQUEST", NULL);
	close(fd);
	wait_until(is_logged(1, "POST /nowhere/at/all 400 "));
	ck_assert_int_eq(usherd_stop(1), 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_smuggling,
				      test_bad_chunks,
				      test_length_over_every_limit,
				      test_refusal_outlives_the_body,
				      test_header_lines,
				      test_body_of_many_lines,
				      test_answer_after_chunks,
				      test_noise_after_requests,
				      test_byte_by_byte,
				      test_half_close,
				      test_refusal_in_the_log,
				      NULL};

	return api_main("framing", tests);
}
