/*
 * How nearly all answers leave. evhttp would take the descriptor out of epoll while a handler waits,
 * put it back for the answer, wait until it can be written to, and copy every header twice on the way.
 * Here the descriptor stays, and head and body leave at once in one writev(2). Only evhttp's public
 * calls are used.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "base/decimal.h"
#include "http/server_internal.h"

#define PARKED_INPUT_MOST 65536 /* a pipelining client's next requests wait here */
#define HEAD_MOST 2048
#define HEAD_OWN 384 /* what we write ourselves, the longest Content-Type included */

/* The client has no more to say, or is gone: the answer is still made, and writing it finds out which. */
static void on_parked_event(struct bufferevent *bev, short what, void *arg)
{
	(void)what, (void)arg;
	bufferevent_disable(bev, EV_READ);
}

static void callbacks_keep(struct request *r)
{
	bufferevent_getcb(r->connection->bev, NULL, &r->wire.write, &r->wire.event, &r->wire.arg);
}

/* Without a read callback what a pipelining client sends next is kept and not looked at: evhttp
 * itself does the same while it writes an answer, and takes the input up again after it. */
void wire_park(struct request *r)
{
	struct bufferevent *bev = r->connection->bev;

	callbacks_keep(r);
	bufferevent_setcb(bev, NULL, NULL, on_parked_event, NULL);
	bufferevent_setwatermark(bev, EV_READ, 0, PARKED_INPUT_MOST);
	bufferevent_enable(bev, EV_READ);
	r->parked = true;
}

void wire_unpark(struct request *r)
{
	bufferevent_setwatermark(r->connection->bev, EV_READ, 0, r->server->connections.input_most);
}

const char *wire_reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} table[] = {
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{302, "Found"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{402, "Payment Required"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{422, "Unprocessable Content"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].text;
	return "Error";
}

/* The Date header's value, written anew once a second. */
static const char *date(struct server *s)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now != s->date_of) {
		s->date_of = now;
		gmtime_r(&now, &tm);
		strftime(s->date, sizeof(s->date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	}
	return s->date;
}

struct head {
	char text[HEAD_MOST];
	size_t len;
};

static void put(struct head *h, const char *text)
{
	size_t n = strlen(text);

	if (n > HEAD_MOST - h->len)
		n = HEAD_MOST - h->len;
	memcpy(h->text + h->len, text, n);
	h->len += n;
}

static void put_header(struct head *h, const char *name, const char *value)
{
	put(h, name);
	put(h, ": ");
	put(h, value);
	put(h, "\r\n");
}

static void put_number(struct head *h, size_t n)
{
	char digits[DECIMAL_TEXT];

	decimal_write(digits, (int64_t)n);
	put(h, digits);
}

static void head_write(struct head *h, struct server *s, const struct request *r, const struct answer *a)
{
	h->len = 0;
	put(h, "HTTP/1.1 ");
	put_number(h, (size_t)a->status);
	put(h, " ");
	put(h, wire_reason(a->status));
	put(h, "\r\n");
	if (a->type) {
		put_header(h, "Content-Type", a->type);
		put(h, "Content-Length: ");
		put_number(h, a->len);
		put(h, "\r\nX-Content-Type-Options: nosniff\r\n");
		if (!a->cached)
			put_header(h, "Cache-Control", "no-store");
	}
	put_header(h, "Date", date(s));
	for (unsigned i = 0; i < r->field_count; i++)
		put_header(h, r->fields[i].name, r->fields[i].value);
	put(h, "\r\n");
}

/* Hands what the socket did not take to the bufferevent, with the callbacks evhttp gave it. */
static void send_rest(struct request *r, struct bufferevent *bev, const struct iovec *part, int parts, size_t sent)
{
	struct evbuffer *out = bufferevent_get_output(bev);

	if (!r->parked)
		callbacks_keep(r);
	for (int i = 0; i < parts; i++) {
		size_t skip = sent < part[i].iov_len ? sent : part[i].iov_len;

		evbuffer_add(out, (const char *)part[i].iov_base + skip, part[i].iov_len - skip);
		sent -= skip;
	}
	bufferevent_setcb(bev, NULL, r->wire.write, r->wire.event, r->wire.arg);
	bufferevent_disable(bev, EV_READ);
	bufferevent_enable(bev, EV_WRITE);
	connection_sends(r->connection, r->ev);
}

bool wire_fits(const struct request *r)
{
	size_t extra = 0;

	/* After a body in chunks evhttp would end the answer as if that were in chunks, too. */
	if (r->last || r->ev->major != 1 || r->ev->minor != 1 || r->ev->chunked)
		return false;
	/* A "100 Continue" that a slow reader has not made room for yet comes first. */
	if (evbuffer_get_length(bufferevent_get_output(r->connection->bev)))
		return false;
	for (unsigned i = 0; i < r->field_count; i++)
		extra += strlen(r->fields[i].name) + strlen(r->fields[i].value) + 4;
	return extra < HEAD_MOST - HEAD_OWN &&
	       !evhttp_find_header(evhttp_request_get_input_headers(r->ev), "Connection");
}

void wire_send(struct server *s, struct request *r, const struct answer *a)
{
	struct bufferevent *bev = r->connection->bev;
	bool body = a->len && evhttp_request_get_command(r->ev) != EVHTTP_REQ_HEAD;
	struct head head;
	struct iovec part[2];
	ssize_t sent;

	if (s->stopping) /* evhttp closes by what it finds among its own headers */
		evhttp_add_header(evhttp_request_get_output_headers(r->ev), "Connection", "close");
	head_write(&head, s, r, a);
	part[0] = (struct iovec){head.text, head.len};
	part[1] = (struct iovec){(void *)(uintptr_t)a->text, body ? a->len : 0};
	if (r->parked)
		wire_unpark(r);
	sent = writev(bufferevent_getfd(bev), part, body ? 2 : 1);
	/* An error shows again when the bufferevent writes. */
	if (sent < (ssize_t)(part[0].iov_len + part[1].iov_len))
		send_rest(r, bev, part, 2, sent > 0 ? (size_t)sent : 0);
	else
		connection_rests(r->connection);
	evhttp_send_reply_end(r->ev);
}
