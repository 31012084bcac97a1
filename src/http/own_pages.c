/*
 * The error pages evhttp sends before any handler is asked (a broken request, a body over the
 * limit, an unknown method) are HTML, and libevent 2.1 has no hook for them. They are recognised
 * on their way into a connection's output buffer and replaced by a problem.
 */
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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

/* Many are refused in one moment; the microsecond is chance enough. */
static void retry_after(struct evbuffer *out)
{
	evbuffer_add_printf(out, "Retry-After: %d\r\n", 1 + (int)(clock_us() % RETRY_AFTER_MOST));
}

void own_page_write(struct evbuffer *out, enum code code)
{
	char body[512];
	int len = snprintf(body, sizeof(body),
			   "{\"type\":\"urn:usher:problem:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\","
			   "\"code\":\"%s\"}",
			   code_name(code), code_text(code), code_status(code), code_text(code), code_name(code));

	evbuffer_add_printf(out,
			    "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\n"
			    "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n",
			    code_status(code), wire_reason(code_status(code)));
	if (code_status(code) == 503)
		retry_after(out);
	evbuffer_add_printf(out, "Content-Length: %d\r\nConnection: close\r\n\r\n%s", len, body);
}

bool own_page_take(struct evbuffer *out, enum code *code)
{
	char line[16] = "";
	struct evbuffer_ptr page = evbuffer_search(out, "\r\n\r\n<HTML>", 10, NULL);

	if (page.pos < 0)
		return false;
	/* Once a bufferevent has written, only it may take from its output; but nothing of this has left. */
	evbuffer_unfreeze(out, 1);
	evbuffer_copyout(out, line, sizeof(line) - 1);
	*code = page_code(atoi(line + strcspn(line, " ")));
	evbuffer_drain(out, evbuffer_get_length(out));
	evbuffer_freeze(out, 1);
	return true;
}
