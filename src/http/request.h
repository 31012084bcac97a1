/*
 * A request on its way: what the client sent, where it stands in its steps, what it owns.
 * Nothing here shows evhttp.
 */
#ifndef USHER_HTTP_REQUEST_H
#define USHER_HTTP_REQUEST_H

#include "base/task.h"

struct bufferevent;
struct connection;
struct evhttp_request;
struct route;
struct server;
struct cJSON;

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE, METHOD_OTHER };

#define PATH_PARAMS 2
#define REPLY_FIELDS 16

struct request {
	struct task task; /* its arena lives as long as the request */
	struct server *server;
	struct evhttp_request *ev;
	struct connection *connection;
	const struct route *route; /* NULL: none took it */
	enum method method;        /* HEAD is GET; the body of the answer is left out on the way */
	unsigned step;             /* the next one */
	const char *path;
	struct {
		const char *text;
		size_t len;
	} params[PATH_PARAMS]; /* the {parts} of the path, in order */
	struct {
		const char *name, *value;
	} fields[REPLY_FIELDS]; /* the headers a handler has given the answer */
	unsigned field_count;
	const struct cJSON *body; /* with NEED_JSON */
	void *context;            /* the api's own; made when the request begins */
	/* Answers instead of a 503 when what is waited for fails: the rest can be done by others. */
	enum step (*rescue)(struct request *r);
	bool replied, parked; /* parked: the handler has waited, see wire.c */
	bool last;            /* the connection ends with this answer */
	int status;
	/* What evhttp had its bufferevent call, while the request is parked. */
	struct {
		void (*write)(struct bufferevent *, void *);
		void (*event)(struct bufferevent *, short, void *);
		void *arg;
	} wire;
	int64_t started_us; /* clock_us */
	struct request *next;
};

/* The request a task is. */
struct request *request_of(struct task *t);

/* A header of the request, or NULL. */
const char *request_header(const struct request *r, const char *name);

/* Whether the client would rather have the answer's body as gzip than as it is (RFC 9110, 12.5.3). */
bool request_takes_gzip(const struct request *r);

/* Whether the client has the very thing that `etag` stands for (If-None-Match; RFC 9110, 13.1.2). */
bool request_knows(const struct request *r, const char *etag);

/* Which of `count` languages ("en", "ko") the client would rather read, by Accept-Language (RFC 9110, 12.5.4);
 * regions are passed over, and the first is for who says nothing. */
size_t request_language(const struct request *r, const char *const *languages, size_t count);

/* A parameter of the query, percent-decoded into memory of the request. */
enum query {
	QUERY_NONE,
	QUERY_ONE,
	QUERY_TWICE,
	QUERY_BROKEN, /* an escape that is none, or a NUL */
};
enum query request_query(struct request *r, const char *name, const char **value);

/* The body as it came. Gives its length. */
size_t request_body(struct request *r, const char **text);

/* Has the step that calls this run once more after what it waits for. */
void request_repeat(struct request *r);

/* Gives true and the number of path part `i`, or has already sent the 400 that names it. */
bool path_id_or_reply(struct request *r, unsigned i, const char *name, int64_t *id);

#endif
