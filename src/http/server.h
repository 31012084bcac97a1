/*
 * One loop's HTTP server: its listener, evhttp, and the requests under way.
 */
#ifndef USHER_HTTP_SERVER_H
#define USHER_HTTP_SERVER_H

#include "http/route.h"

struct server;

struct server_config {
	const struct router *router;
	/* Makes r->context when a request begins; called with the arena empty. */
	bool (*begin)(struct request *r);
	long workers; /* servers of this process, which share its limits */
	void *owner;  /* what server_owner() gives */
};

/* Whether nobody listens there yet. Sharing a port is for the workers of one daemon: with another
 * daemon on it the system would deal connections out between two shops. */
bool server_port_free(const char *host, int port);

/* A listening TCP socket on host and port that shares its port with others (SO_REUSEPORT); port 0
 * takes a free one. Gives the socket and sets *port, or -1 with errno. */
int server_listen(const char *host, int *port);

/* Serves on `fd`, which is the server's from now on. NULL when memory is out. */
struct server *server_new(struct loop *l, int fd, const struct server_config *config);

/* Takes no new connections, answers what is under way with Connection: close, and calls
 * `stopped(owner)` when all is sent or `most_ms` are over. */
void server_stop(struct server *s, int most_ms, void (*stopped)(void *owner));

void server_free(struct server *s);

void *server_owner(const struct server *s);

/* Whether the request says its body is JSON; false after a 415. */
bool json_type_or_reply(struct request *r);

/* The step that checks and parses a JSON body: for the prelude of NEED_JSON. */
enum step server_read_json(struct request *r);

#endif
