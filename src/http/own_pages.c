/*
 * The error pages evhttp sends before any handler is asked (a broken request, a body over the
 * limit, an unknown method) are HTML, and libevent 2.1 has no hook for them. They are recognised
 * on their way into a connection's output buffer and replaced by a problem.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/server_internal.h"

static enum code page_code(int status)
{
	switch (status) {
	case 400:
		return CODE_INVALID_REQUEST;
	case 413:
		return CODE_BODY_TOO_LARGE;
	case 417:
		return CODE_EXPECTATION_FAILED;
	case 0:
	case 501:
		return CODE_METHOD_UNKNOWN;
	default:
		return CODE_INTERNAL;
	}
}

static void page_replace(struct evbuffer *out)
{
	char line[16] = "", body[512];
	enum code code;
	int len;

	evbuffer_copyout(out, line, sizeof(line) - 1);
	code = page_code(atoi(line + strcspn(line, " ")));
	len = snprintf(body, sizeof(body),
		       "{\"type\":\"urn:usher:problem:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
		       "\"code\":\"%s\"}",
		       code_name(code), code_text(code), code_status(code), code_text(code), code_name(code));
	evbuffer_drain(out, evbuffer_get_length(out));
	evbuffer_add_printf(out,
			    "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nCache-Control: no-store\r\n"
			    "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
			    code_status(code), wire_reason(code_status(code)), len, body);
}

static void output_changed(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg)
{
	struct server *s = arg;
	struct evbuffer_ptr page;

	if (s->replying || info->n_added == 0)
		return;
	page = evbuffer_search(out, "\r\n\r\n<HTML>", 10, NULL);
	if (page.pos < 0)
		return;
	s->replying = true;
	page_replace(out);
	s->replying = false;
}

struct bufferevent *own_pages_watch(struct event_base *base, void *server)
{
	struct bufferevent *bev = bufferevent_socket_new(base, -1, 0);

	/* A client that goes on sending while it does not read its answers is not listened to. */
	if (bev)
		bufferevent_setwatermark(bev, EV_READ, 0, ((struct server *)server)->input_most);
	if (bev)
		evbuffer_add_cb(bufferevent_get_output(bev), output_changed, server);
	return bev;
}
