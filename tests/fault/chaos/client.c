/* Asking, being cut off, asking again. */
#include "client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "support/stack.h"

#define ANSWER_MS 3000   /* a client's patience for one try */
#define GIVE_UP_MS 30000 /* with healthy servers, for all tries together */
#define CUT_PERCENT 4

const char *client_key(struct client *c)
{
	static _Thread_local char key[64];

	snprintf(key, sizeof(key), "client-%d-%u", c->number, ++c->keys);
	return key;
}

static int open_to(int port)
{
	struct timeval tv = {ANSWER_MS / 1000, (ANSWER_MS % 1000) * 1000};
	int fd = port ? http_connect(port) : -1;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return fd;
}

/* Reads a few bytes of the answer, or none, and hangs up. */
static struct reply cut(struct client *c, int fd)
{
	char some[200];
	size_t most = dice_throw(&c->dice, sizeof(some));

	if (most && recv(fd, some, most, 0) < 0)
		most = 0;
	return (struct reply){0};
}

/* An answer whose body did not come whole is none. */
static struct reply whole(struct reply r)
{
	const char *length = r.status ? reply_header(&r, "Content-Length") : NULL;

	if (length && r.status != 204 && strtoul(length, NULL, 10) != r.body_len)
		reply_free(&r);
	return r;
}

/* One try; status 0: nobody knows what came of it. */
static struct reply try_once(struct client *c, const char *method, const char *path, const char *key, const char *json)
{
	char request[2048], token[HEADER_TEXT], keyed[100] = "";
	int fd = open_to(stack.port[c->daemon]), n;
	struct reply r = {0};

	if (fd < 0)
		return r;
	if (key)
		snprintf(keyed, sizeof(keyed), "Idempotency-Key: %s\r\n", key);
	n = snprintf(request, sizeof(request),
		     "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%sContent-Type: application/json\r\n"
		     "Content-Length: %zu\r\n\r\n%s",
		     method, path, c->token ? bearer(token, c->token) : "", keyed, json ? strlen(json) : 0,
		     json ? json : "");
	if (http_send(fd, request, (size_t)n) == 0)
		r = dice_percent(&c->dice, CUT_PERCENT) ? cut(c, fd) : whole(http_read(fd, 0));
	close(fd);
	return r;
}

static bool definite(const struct reply *r)
{
	return r->status != 0 && r->status != 503 &&
	       !(r->status == 409 && strcmp(reply_string(r, "code"), "IN_PROGRESS") == 0);
}

static void write_down(struct client *c, const char *method, const char *path, const char *key, const char *json,
		       int64_t began, const struct reply *r)
{
	size_t most = r->status >= 300 || strcmp(method, "GET") != 0 ? 400 : 60;

	fprintf(c->journal.file, "%lld +%lld daemon %d user %d %s %s %s %s -> %d %.*s\n", (long long)began,
		(long long)(wall_ms() - began), c->daemon, c->user, method, path, key ? key : "-", json ? json : "-",
		r->status, (int)most, r->body ? r->body : "");
	fflush(c->journal.file);
}

struct reply client_ask(struct client *c, const char *method, const char *path, const char *key, const char *json)
{
	int64_t healed_at = 0;
	int wait = 50;

	for (;;) {
		int64_t began = wall_ms();
		struct reply r = try_once(c, method, path, key, json);

		write_down(c, method, path, key, json, began, &r);
		if (r.status == 503 && !reply_header(&r, "Retry-After"))
			finding("client %d: %s %s: a 503 without Retry-After", c->number, method, path);
		if (definite(&r))
			return r;
		reply_free(&r);
		if (!healed_at && atomic_load(&run.healed))
			healed_at = wall_ms();
		if (healed_at && wall_ms() - healed_at > GIVE_UP_MS) {
			finding("client %d, user %d: %s %s: no definite answer from healthy servers", c->number,
				c->user, method, path);
			return (struct reply){0};
		}
		c->daemon = (c->daemon + 1) % DAEMONS;
		rest(wait / 2 + (int)dice_throw(&c->dice, (uint32_t)wait));
		wait = wait < 400 ? wait * 2 : wait;
	}
}
