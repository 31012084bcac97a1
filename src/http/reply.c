/* Sending answers through evhttp, once a request. */
#include "http/reply.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "http/server_internal.h"

void reply_header(struct request *r, const char *name, const char *value)
{
	const char *kept = r->field_count < REPLY_FIELDS ? arena_copy(&r->task.arena, value, strlen(value)) : NULL;

	if (!kept) {
		log_error("no room for the header %s of an answer", name);
		return;
	}
	r->fields[r->field_count].name = name;
	r->fields[r->field_count++].value = kept;
}

static bool has_field(const struct request *r, const char *name)
{
	for (unsigned i = 0; i < r->field_count; i++)
		if (strcmp(r->fields[i].name, name) == 0)
			return true;
	return false;
}

/* evhttp's own way, for clients that are special. */
static void evhttp_send(struct request *r, const struct answer *a)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(r->ev);
	struct evbuffer *body = r->server->body;
	char size[24];

	for (unsigned i = 0; i < r->field_count; i++)
		evhttp_add_header(headers, r->fields[i].name, r->fields[i].value);
	if (a->type) {
		/* HEAD shows the length; its body evhttp would send, and the client take it for the next
		 * answer. */
		snprintf(size, sizeof(size), "%zu", a->len);
		evhttp_add_header(headers, "Content-Length", size);
		evhttp_add_header(headers, "Content-Type", a->type);
		evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
		if (!a->cached)
			evhttp_add_header(headers, "Cache-Control", "no-store");
		if (evhttp_request_get_command(r->ev) != EVHTTP_REQ_HEAD)
			evbuffer_add(body, a->text, a->len);
	}
	if (r->parked)
		wire_unpark(r);
	connection_sends(r->connection, r->ev);
	evhttp_send_reply(r->ev, a->status, wire_reason(a->status), a->type ? body : NULL);
	/* evhttp would take the client's end of sending for its end of reading, and drop the answer. */
	bufferevent_disable(r->connection->bev, EV_READ);
	if (r->last)
		connection_part(r->connection);
}

/* The one way out: every answer of ours leaves here. */
static enum step send_answer(struct request *r, const struct answer *a)
{
	r->replied = true;
	r->status = a->status;
	cors_answer(r);
	if (r->server->stopping || r->last)
		reply_header(r, "Connection", "close");
	if ((r->parked || !r->server->stopping) && wire_fits(r))
		wire_send(r->server, r, a);
	else
		evhttp_send(r, a);
	r->ev = NULL;
	return STEP_DONE;
}

enum step reply_text(struct request *r, int status, const char *type, const char *text, size_t len)
{
	return send_answer(r, &(struct answer){status, type, text, len, has_field(r, "Cache-Control")});
}

enum step reply_json(struct request *r, int status, struct json *j)
{
	const char *text = json_done(j);

	if (!text)
		return reply_problem(r, CODE_INTERNAL, NULL);
	return reply_text(r, status, "application/json", text, j->len);
}

enum step reply_empty(struct request *r, int status)
{
	return send_answer(r, &(struct answer){.status = status});
}

/* Whoever was refused in the same moment must not come back in the same moment. */
static void reply_later(struct request *r)
{
	char seconds[8];

	snprintf(seconds, sizeof(seconds), "%u", 1 + loop_random(r->task.loop, RETRY_AFTER_MOST));
	reply_header(r, "Retry-After", seconds);
}

void problem_begin(struct request *r, struct json *j, enum code code, const char *detail)
{
	const char *type = arena_printf(&r->task.arena, "urn:usher:problem:%s", code_name(code));

	json_begin(j, &r->task.arena);
	json_object(j, NULL);
	json_text(j, "type", type ? type : "about:blank");
	json_text(j, "title", code_text(code));
	json_int(j, "status", code_status(code));
	json_text(j, "detail", detail ? detail : code_text(code));
	json_text(j, "code", code_name(code));
}

enum step problem_end(struct request *r, struct json *j, enum code code)
{
	static const char fallback[] = "{\"type\":\"about:blank\",\"title\":\"Out of memory\",\"status\":500,"
				       "\"detail\":\"Out of memory\",\"code\":\"INTERNAL\"}";
	const char *text;
	size_t len;
	int status = code_status(code);

	json_object_end(j);
	text = json_done(j);
	len = j->len;
	if (!text) {
		text = fallback;
		len = strlen(fallback);
		status = 500;
	}
	if (status == 503)
		reply_later(r);
	if (code == CODE_INVALID_TOKEN || code == CODE_INVALID_ADMIN_KEY)
		reply_header(r, "WWW-Authenticate", "Bearer");
	return reply_text(r, status, "application/problem+json", text, len);
}

enum step reply_problem(struct request *r, enum code code, const char *detail)
{
	struct json j;

	problem_begin(r, &j, code, detail);
	return problem_end(r, &j, code);
}

enum step reply_problem_fmt(struct request *r, enum code code, const char *fmt, ...)
{
	const char *detail;
	va_list ap;

	va_start(ap, fmt);
	detail = arena_vprintf(&r->task.arena, fmt, ap);
	va_end(ap);
	return reply_problem(r, code, detail);
}
