/* Requests over a socket, answers taken apart by hand. */
#include "http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/exchange.h"

#define ANSWER_SECONDS 20

static int connect_or_close(int fd, int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval tv = {ANSWER_SECONDS, 0};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int http_connect(int port)
{
	return connect_or_close(socket(AF_INET, SOCK_STREAM, 0), port);
}

int http_connect_narrow(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), room = 16384, segment = 1400;

	setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return connect_or_close(fd, port);
}

int http_send(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Looks at what has come before taking it: what follows the blank line belongs to the body or to the
 * next answer. */
static char *headers_read(int fd)
{
	char *text = calloc(1, 65536), *end = NULL;
	size_t n = 0;

	while (!end && n < 65535) {
		ssize_t seen = recv(fd, text + n, 65535 - n, MSG_PEEK);
		size_t take;

		if (seen <= 0)
			break;
		text[n + (size_t)seen] = '\0';
		end = strstr(text, "\r\n\r\n");
		take = end ? (size_t)(end + 4 - text) - n : (size_t)seen;
		if (recv(fd, text + n, take, 0) != (ssize_t)take)
			break;
		n += take;
		text[n] = '\0';
	}
	if (end)
		return text;
	free(text);
	return NULL;
}

static void body_read(int fd, struct reply *r)
{
	const char *length = reply_header(r, "Content-Length");
	size_t want = length ? strtoul(length, NULL, 10) : 0;

	r->body = calloc(1, want + 1);
	while (r->body_len < want) {
		ssize_t n = recv(fd, r->body + r->body_len, want - r->body_len, 0);

		if (n <= 0)
			break;
		r->body_len += (size_t)n;
	}
}

struct reply http_read(int fd, int head)
{
	struct reply r = {0};

	r.headers = headers_read(fd);
	if (!r.headers)
		return r;
	r.status = atoi(r.headers + strcspn(r.headers, " "));
	if (head || r.status == 204 || r.status == 304)
		r.body = calloc(1, 1);
	else
		body_read(fd, &r);
	r.json = cJSON_Parse(r.body);
	return r;
}

/* Half an answer, from a daemon that was killed, says nothing of its contract. */
static bool is_whole(const struct reply *r, bool head)
{
	const char *length = reply_header(r, "Content-Length");

	return r->status && (head || !length || r->status == 304 || strtoul(length, NULL, 10) == r->body_len);
}

struct reply http_bytes(int port, const char *method, const char *path, const char *headers, const char *body,
			size_t len)
{
	char head[16384];
	struct reply r = {0};
	bool is_head = strcmp(method, "HEAD") == 0;
	int fd = http_connect(port), n;

	if (fd < 0)
		return r;
	n = snprintf(head, sizeof(head), "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s", method, path,
		     headers ? headers : "");
	if (body)
		n += snprintf(head + n, sizeof(head) - (size_t)n, "%sContent-Length: %zu\r\n",
			      headers && strcasestr(headers, "content-type") ? ""
									     : "Content-Type: application/json\r\n",
			      len);
	n += snprintf(head + n, sizeof(head) - (size_t)n, "\r\n");
	http_send(fd, head, (size_t)n);
	if (body)
		http_send(fd, body, len);
	r = http_read(fd, is_head);
	close(fd);
	if (is_whole(&r, is_head))
		exchange_record(head, body, len, &r);
	return r;
}

struct reply http(int port, const char *method, const char *path, const char *headers, const char *body)
{
	return http_bytes(port, method, path, headers, body, body ? strlen(body) : 0);
}

void reply_free(struct reply *r)
{
	free(r->headers);
	free(r->body);
	cJSON_Delete(r->json);
	memset(r, 0, sizeof(*r));
}

const char *reply_header(const struct reply *r, const char *name)
{
	static _Thread_local char value[4096];
	const char *line = r->headers;
	size_t n = strlen(name);

	while (line && (line = strstr(line, "\r\n"))) {
		line += 2;
		if (strncasecmp(line, name, n) == 0 && line[n] == ':') {
			line += n + 1;
			line += strspn(line, " ");
			snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\r"), line);
			return value;
		}
	}
	return NULL;
}

double reply_number(const struct reply *r, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->json, name);

	return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

const char *reply_string(const struct reply *r, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(r->json, name));

	return text ? text : "";
}

char *bearer(char *to, const char *token)
{
	snprintf(to, HEADER_TEXT, "Authorization: Bearer %s\r\n", token);
	return to;
}

struct reply call(int port, const char *method, const char *path, const char *token, const char *json)
{
	char header[HEADER_TEXT];

	return http(port, method, path, token ? bearer(header, token) : NULL, json);
}

char *token_of(int port, int user, const char *queue)
{
	char body[128], *token = NULL;
	struct reply r;

	snprintf(body, sizeof(body), "{\"userId\":%d,\"queue\":\"%s\"}", user, queue);
	r = call(port, "POST", "/v1/tokens", NULL, body);
	if (*reply_string(&r, "token"))
		token = strdup(reply_string(&r, "token"));
	reply_free(&r);
	return token;
}
