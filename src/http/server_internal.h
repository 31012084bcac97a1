/*
 * The inside of a server, shared by the files of src/http only.
 */
#ifndef USHER_HTTP_SERVER_INTERNAL_H
#define USHER_HTTP_SERVER_INTERNAL_H

#include "http/server.h"

struct evhttp;
struct evhttp_bound_socket;
struct evbuffer;
struct bufferevent;

struct server {
	struct loop *loop;
	struct server_config config;
	struct evhttp *http;
	struct evhttp_bound_socket *socket;
	struct event *pause;   /* ends pauses in accepting */
	struct evbuffer *body; /* the body of the answer being sent; empty between answers */
	struct request *spare;
	long under_way;
	bool replying; /* what goes to a client now is ours, not evhttp's own */
	bool stopping;
	bool drained; /* nothing was under way at the last look */
	struct event *stop_check;
	int64_t stop_at; /* clock_ms */
	void (*stopped)(void *owner);
};

/* The error pages that evhttp writes by itself are HTML; this makes them problems. */
struct bufferevent *own_pages_watch(struct event_base *base, void *server);

#endif
