/* The least that evhttp can do: one thread, one constant answer to whatever is asked. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ANSWER_MOST 65536
#define HEADERS_MOST 32

struct constant {
	char text[ANSWER_MOST];
	int status;
	const char *reason;
	const char *name[HEADERS_MOST], *value[HEADERS_MOST];
	int headers;
	const char *body;
	size_t len;
};

static void answer(struct evhttp_request *req, void *arg)
{
	const struct constant *c = arg;
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);

	for (int i = 0; i < c->headers; i++)
		evhttp_add_header(headers, c->name[i], c->value[i]);
	if (c->len)
		evbuffer_add(evhttp_request_get_output_buffer(req), c->body, c->len);
	evhttp_send_reply(req, c->status, c->reason, NULL);
}

/* evhttp writes these two itself. */
static int by_evhttp(const char *name)
{
	return strcasecmp(name, "Date") == 0 || strcasecmp(name, "Content-Length") == 0;
}

/* Reads the lines of a head that has lost its last line's end. -1: too many, or not headers. */
static int headers_read(struct constant *c, char *head)
{
	char *line = head;

	while ((line = strstr(line, "\r\n"))) {
		char *colon;

		*line = '\0';
		line += 2;
		colon = strstr(line, ": ");
		if (!colon || c->headers == HEADERS_MOST)
			return -1;
		*colon = '\0';
		c->name[c->headers] = line;
		c->value[c->headers] = colon + 2;
		c->headers += !by_evhttp(line);
		line = colon + 2;
	}
	return 0;
}

/* Takes apart an answer as it came from the one to be compared with. */
static int constant_read(struct constant *c, const char *path)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(c->text, 1, ANSWER_MOST - 1, f) : 0;
	char *end = strstr(c->text, "\r\n\r\n");

	if (f)
		fclose(f);
	if (!end)
		return -1;
	c->body = end + 4;
	c->len = n - (size_t)(c->body - c->text);
	c->status = (int)strtol(c->text + strcspn(c->text, " "), (char **)(uintptr_t)&c->reason, 10);
	c->reason++;
	*end = '\0';
	return headers_read(c, c->text);
}

/* With what its own documentation gives for speed: a loop for one thread that sums up changes of epoll. */
static struct event_base *base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config && event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	if (config)
		event_config_free(config);
	return base;
}

int main(int argc, char **argv)
{
	static struct constant constant;
	struct event_base *base = base_new();
	struct evhttp *http = base ? evhttp_new(base) : NULL;

	if (argc != 3 || !http || constant_read(&constant, argv[2]) != 0) {
		fputs("usage: bench_evhttp PORT FILE\n", stderr);
		return 2;
	}
	evhttp_set_gencb(http, answer, &constant);
	if (evhttp_bind_socket(http, "127.0.0.1", (unsigned short)atoi(argv[1])) != 0)
		return 1;
	event_base_dispatch(base);
	evhttp_free(http);
	event_base_free(base);
	return 0;
}
