/*
 * The inside of a server, shared by the files of src/http only.
 */
#ifndef USHER_HTTP_SERVER_INTERNAL_H
#define USHER_HTTP_SERVER_INTERNAL_H

#include <time.h>

#include "http/connections.h"
#include "http/server.h"

#define RETRY_AFTER_MOST 5 /* seconds: what a 503 says at most */

struct evhttp;
struct evhttp_bound_socket;
struct evhttp_request;
struct evbuffer;

struct server {
	struct loop *loop;
	struct server_config config;
	struct evhttp *http;
	struct evhttp_bound_socket *socket;
	struct connections connections;
	struct event *tick;    /* ten times a second */
	struct evbuffer *body; /* the body of the answer being sent; empty between answers */
	struct request *spare;
	long under_way, under_way_shown; /* requests, now and as the gauge has it */
	time_t date_of;                  /* what `date` was written for */
	char date[40];
	bool stopping;
	bool drained; /* nothing was under way at the last look */
	struct event *stop_check;
	int64_t stop_at; /* clock_ms */
	void (*stopped)(void *owner);
};

/* By enum method, as they are written; HEAD is GET. */
extern const char *const method_names[];

/* What is sent for a request. */
struct answer {
	int status;
	const char *type; /* NULL: no body and no header about one */
	const char *text;
	size_t len;
	bool cached; /* the handler has set a Cache-Control of its own */
};

/* For a request whose handler has begun to wait. */
void wire_park(struct request *r);

/* The end of waiting: the connection listens as widely as before. */
void wire_unpark(struct request *r);

/* Adds to an answer what lets a page of an allowed origin read it (the setting cors-origin). */
void cors_answer(struct request *r);

/* Whether a request with a method its path does not take is a browser's question before a request of another
 * origin. Has answered it then; `methods`: those the path does take. */
bool cors_preflight(struct request *r, const char *methods);

/* The reason phrase of a status line. */
const char *wire_reason(int status);

/* Whether the answer to a request can leave through wire_send(): it is HTTP/1.1, did not come in chunks
 * and keeps its connection. */
bool wire_fits(const struct request *r);

/* Answers such a request; it is evhttp's again afterwards. */
void wire_send(struct server *s, struct request *r, const struct answer *a);

/* Writes a whole answer with the problem `code`, the last one of its connection. */
void own_page_write(struct evbuffer *out, enum code code);

/* The error pages that evhttp writes by itself are HTML. If `out` holds one it is taken out; gives
 * true and which problem it was. */
bool own_page_take(struct evbuffer *out, enum code *code);

/* What is wrong with how a request says where it ends, in words for the client; NULL: nothing. */
const char *framing_trouble(struct evhttp_request *ev);

#endif
