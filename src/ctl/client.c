/* Connecting, sending and reading, each within its time. */
#include "ctl/client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/say.h"

#define READ_AT_ONCE 65536
#define ANSWER_MOST (64 << 20)

/* One request under way. */
struct talk {
	int fd;
	const struct client_request *q;
	char *in; /* what has come so far; ends with a NUL */
	size_t len, size;
	bool ended; /* the daemon has said all */
	char *why;
};

static bool fail(struct talk *t, const char *what)
{
	snprintf(t->why, CLIENT_WHY, "%s", what);
	return false;
}

/* Gives what the socket is ready for, or 0 with errno when the time is over. */
static short wait_for(int fd, short events, int64_t ms)
{
	struct pollfd p = {.fd = fd, .events = events};
	int64_t until = clock_ms() + ms, left = ms;
	int n;

	do {
		n = poll(&p, 1, left > 0 ? (int)left : 0);
		left = until - clock_ms();
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0 ? p.revents : 0;
}

static int connect_one(const struct addrinfo *to)
{
	int fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, to->ai_protocol), error = 0;
	socklen_t len = sizeof(error);

	if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) == 0)
		return fd;
	error = errno;
	if (error == EINPROGRESS && !wait_for(fd, POLLOUT, CLIENT_PATIENCE_MS))
		error = errno;
	else if (error == EINPROGRESS)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (!error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static bool talk_connect(struct talk *t, const struct options *o)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int r = getaddrinfo(o->host, o->port, &hints, &found);

	t->fd = -1;
	if (r != 0)
		return fail(t, gai_strerror(r));
	for (const struct addrinfo *a = found; a && t->fd < 0; a = a->ai_next)
		t->fd = connect_one(a);
	if (t->fd < 0)
		fail(t, strerror(errno));
	freeaddrinfo(found);
	return t->fd >= 0;
}

/* Gives false only when sending stands still. What cannot be sent any more is left: then the daemon
 * has said why, and the answer is there to be read. */
static bool send_all(struct talk *t, const char *data, size_t len, bool is_body)
{
	size_t done = 0;

	while (done < len) {
		short ready = wait_for(t->fd, POLLIN | POLLOUT, CLIENT_PATIENCE_MS);
		size_t part = len - done < READ_AT_ONCE ? len - done : READ_AT_ONCE;
		ssize_t n;

		if (!ready)
			return fail(t, strerror(errno));
		if (ready & POLLIN || !(ready & POLLOUT))
			return true;
		n = send(t->fd, data + done, part, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return true;
		done += n > 0 ? (size_t)n : 0;
		if (is_body && t->q->sent)
			t->q->sent(t->q->sent_arg, done);
	}
	return true;
}

static bool talk_send(struct talk *t, const struct options *o)
{
	char *head = NULL, length[96] = "";
	bool good;
	int n;

	if (t->q->body)
		snprintf(length, sizeof(length), "Content-Type: application/json\r\nContent-Length: %zu\r\n",
			 t->q->len);
	n = asprintf(&head, "%s %s%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nUser-Agent: usherctl\r\n%s%s%s%s\r\n",
		     t->q->method, o->base, t->q->path, o->authority, o->key ? "Authorization: Bearer " : "",
		     o->key ? o->key : "", o->key ? "\r\n" : "", length);
	if (n < 0)
		return fail(t, "out of memory");
	good = send_all(t, head, (size_t)n, false) && send_all(t, t->q->body, t->q->len, true);
	explicit_bzero(head, (size_t)n);
	free(head);
	return good;
}

/* The value of a header of the answer, or NULL. */
static const char *header(const char *head, const char *name)
{
	size_t n = strlen(name);

	while ((head = strstr(head, "\r\n")) && strncmp(head, "\r\n\r\n", 4) != 0) {
		head += 2;
		if (strncasecmp(head, name, n) == 0 && head[n] == ':')
			return head + n + 1 + strspn(head + n + 1, " \t");
	}
	return NULL;
}

/* The body's first byte once the headers are there, or NULL. Interim answers (1xx) are dropped. */
static char *body_of(struct talk *t)
{
	for (;;) {
		char *end = strstr(t->in, "\r\n\r\n");

		if (!end)
			return NULL;
		end += 4;
		if (strncmp(t->in, "HTTP/1.1 1", 10) != 0)
			return end;
		t->len -= (size_t)(end - t->in);
		memmove(t->in, end, t->len + 1);
	}
}

/* Without a length, or in chunks, the answer goes on to the end of the connection. */
static bool is_whole(struct talk *t)
{
	const char *body = body_of(t), *length = body ? header(t->in, "Content-Length") : NULL;

	return length && !header(t->in, "Transfer-Encoding") &&
	       t->len - (size_t)(body - t->in) >= strtoull(length, NULL, 10);
}

static bool read_more(struct talk *t, int64_t until)
{
	ssize_t n;

	if (t->size - t->len <= READ_AT_ONCE) {
		t->size += 2 * READ_AT_ONCE + t->size;
		t->in = must(realloc(t->in, t->size));
	}
	if (!wait_for(t->fd, POLLIN, until - clock_ms()))
		return fail(t, errno == ETIMEDOUT ? "no answer in time" : strerror(errno));
	n = recv(t->fd, t->in + t->len, READ_AT_ONCE, 0);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR || fail(t, strerror(errno));
	t->ended = n == 0;
	t->len += (size_t)n;
	t->in[t->len] = '\0';
	return t->len <= ANSWER_MOST || fail(t, "the answer is too long");
}

/* Takes the sizes out from between the chunks of a body. */
static bool chunks_join(char *body, size_t *len)
{
	char *from = body, *to = body, *end = body + *len, *line;
	size_t n;

	while ((line = memmem(from, (size_t)(end - from), "\r\n", 2))) {
		n = strtoull(from, NULL, 16);
		from = line + 2;
		if (n == 0) {
			*to = '\0';
			*len = (size_t)(to - body);
			return true;
		}
		if ((size_t)(end - from) < 2 || n > (size_t)(end - from) - 2)
			return false;
		memmove(to, from, n);
		to += n;
		from += n + 2;
	}
	return false;
}

static bool talk_read(struct talk *t, struct client_answer *a)
{
	int64_t until = clock_ms() + t->q->answer_ms;
	const char *coding;

	do {
		if (!read_more(t, until))
			return false;
	} while (!t->ended && !is_whole(t));
	a->body = body_of(t);
	if (!a->body || sscanf(t->in, "HTTP/1.%*1[01] %3d ", &a->status) != 1)
		return fail(t, t->len ? "the answer is not HTTP" : "the connection ended without an answer");
	a->len = t->len - (size_t)(a->body - t->in);
	coding = header(t->in, "Transfer-Encoding");
	if (coding ? !chunks_join(a->body, &a->len) : header(t->in, "Content-Length") && !is_whole(t))
		return fail(t, "the connection ended in the middle of the answer");
	return true;
}

bool client_ask(const struct options *o, const struct client_request *q, struct client_answer *a, char why[CLIENT_WHY])
{
	struct talk t = {.fd = -1, .q = q, .why = why};
	bool good = talk_connect(&t, o) && talk_send(&t, o) && talk_read(&t, a);

	if (t.fd >= 0)
		close(t.fd);
	a->text = t.in;
	if (!good)
		answer_free(a);
	return good;
}

void answer_free(struct client_answer *a)
{
	free(a->text);
	memset(a, 0, sizeof(*a));
}
