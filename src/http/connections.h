/*
 * The open connections of one server: what each is doing, since when, and for how long it may.
 * A connection stands in the line of its phase, the one longest in it first; as every phase has one
 * limit, only the heads of the lines have to be looked at.
 */
#ifndef USHER_HTTP_CONNECTIONS_H
#define USHER_HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct bufferevent;
struct connections;
struct evconnlistener;
struct event;
struct event_base;
struct evhttp_connection;
struct evhttp_request;

enum phase {
	PHASE_FRESH,     /* has sent nothing yet */
	PHASE_IDLE,      /* between two requests */
	PHASE_RECEIVING, /* a request has begun to come */
	PHASE_WORKING,   /* its answer is being made: nobody may end the connection now */
	PHASE_SENDING,   /* the client has not taken all of its answer */
	PHASE_PARTING,   /* the last answer is on its way; what still comes is thrown away */
	PHASE_COUNT
};

struct connection {
	TAILQ_ENTRY(connection) next; /* in the line of its phase */
	struct connections *all;
	struct bufferevent *bev;
	struct evhttp_connection *ev; /* NULL until evhttp has made it */
	int64_t since;                /* clock_ms of entering the phase, to a tenth of a second */
	size_t held;                  /* bytes that have come of its unfinished request */
	long lines;                   /* of them, up to the end of the headers */
	bool in_line, head_over;
	int fd;
	enum phase phase;
	bool parted; /* the bufferevent calls us, no longer evhttp */
};

TAILQ_HEAD(connection_line, connection);

struct connections {
	struct connection_line line[PHASE_COUNT];
	size_t count[PHASE_COUNT];
	size_t open, most;      /* connections */
	size_t held, held_most; /* bytes of all unfinished requests */
	size_t input_most;      /* bytes one client may have sent that nobody has looked at */
	int64_t now;
	struct connection **by_fd;
	size_t fds;
	unsigned accepted;               /* since the loop's last round */
	struct event *soon;              /* what cannot be done inside evhttp's calls, right after them */
	struct evconnlistener *listener; /* NULL: nobody is taken in any more */
};

/* Makes an empty set for at most `most` connections, whose clients may send `input_most` bytes
 * unread each and `held_most` bytes of unfinished requests together. False when memory is out. */
bool connections_init(struct connections *all, struct event_base *base, size_t most, size_t input_most,
		      size_t held_most);

/* After evhttp_free(), which ends every connection. */
void connections_destroy(struct connections *all);

/* Ends what has been in its phase too long. Call ten times a second. */
void connections_tick(struct connections *all);

/* For evhttp_set_bevcb(): the bufferevent of a connection just accepted. */
struct bufferevent *connection_new(struct event_base *base, void *connections);

/* The connection a request came on; NULL if memory was out when it was accepted. */
struct connection *connection_of(const struct connections *all, struct evhttp_request *ev);

/* A whole request is there; its answer has left; its answer is handed to evhttp, which is about to
 * send it. */
void connection_works(struct connection *c);
void connection_rests(struct connection *c);
void connection_sends(struct connection *c, struct evhttp_request *ev);

/* The answer now in the output is the last: once it is out the client is told so, and is listened
 * to a little longer, as closing on what it still sends would take the answer from it. */
void connection_part(struct connection *c);

#endif
