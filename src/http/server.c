/* Listening, taking requests in, running them, stopping. */
#include "http/server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_read.h"
#include "base/log.h"
#include "base/metrics.h"
#include "http/reply.h"
#include "http/server_internal.h"
#include "http/times.h"
#include "settings.h"

#define BACKLOG 4096
#define STOP_CHECK_MS 10
#define INPUT_SLACK 16384
#define TICK_MS 100

const char *const method_names[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OTHER"};

struct request *request_of(struct task *t)
{
	return (struct request *)t; /* the task is the first member */
}

static enum method method_of(enum evhttp_cmd_type type)
{
	switch (type) {
	case EVHTTP_REQ_GET:
	case EVHTTP_REQ_HEAD:
		return METHOD_GET;
	case EVHTTP_REQ_POST:
		return METHOD_POST;
	case EVHTTP_REQ_PUT:
		return METHOD_PUT;
	case EVHTTP_REQ_PATCH:
		return METHOD_PATCH;
	case EVHTTP_REQ_DELETE:
		return METHOD_DELETE;
	default:
		return METHOD_OTHER;
	}
}

static enum step request_advance(struct task *t)
{
	struct request *r = request_of(t);
	step_fn step = route_step(r->route, r->step++);
	enum step s = step ? step(r) : STEP_DONE;

	if (s == STEP_WAIT && !r->parked)
		wire_park(r);
	return s;
}

static void request_fail(struct task *t, enum code code)
{
	struct request *r = request_of(t);

	if (r->replied)
		return;
	if (r->rescue)
		r->rescue(r);
	else
		reply_problem(r, code, NULL);
}

static void request_finish(struct task *t)
{
	struct request *r = request_of(t);
	struct server *s = r->server;

	if (!r->replied) {
		log_error("%s %s ended without an answer", method_names[r->method], r->route->path);
		reply_problem(r, CODE_INTERNAL, NULL);
	}
	times_note(r);
	if (log_enabled(LOG_LEVEL_DEBUG))
		log_debug("%s %s %d %lld us", method_names[r->method], r->path, r->status,
			  (long long)(clock_us() - r->started_us));
	task_end(t);
	s->under_way--;
	r->next = s->spare;
	s->spare = r;
}

static struct request *request_take(struct server *s)
{
	struct request *r = s->spare;

	if (r) {
		s->spare = r->next;
	} else {
		r = calloc(1, sizeof(*r));
		if (!r || task_init(&r->task, s->loop) != 0) {
			free(r);
			return NULL;
		}
		r->task.advance = request_advance;
		r->task.fail = request_fail;
		r->task.finish = request_finish;
		r->server = s;
	}
	s->under_way++;
	return r;
}

/* The path without query; an absolute-form target is taken apart by libevent. */
static size_t path_of(struct request *r)
{
	const char *uri = evhttp_request_get_uri(r->ev);

	if (*uri != '/') {
		const struct evhttp_uri *parsed = evhttp_request_get_evhttp_uri(r->ev);

		uri = parsed ? evhttp_uri_get_path(parsed) : NULL;
	}
	r->path = uri ? uri : "";
	return strcspn(r->path, "?#");
}

/* What can be told from the request line and the sizes alone. `trouble`: what framing_trouble() has said. */
static enum code request_open(struct request *r, const char *trouble, char allow[64])
{
	size_t len = path_of(r), body = evbuffer_get_length(evhttp_request_get_input_buffer(r->ev));
	enum code code = trouble ? CODE_INVALID_REQUEST : router_find(r->server->config.router, r, len, allow);
	long limit;

	if (log_enabled(LOG_LEVEL_DEBUG))
		r->path = arena_copy(&r->task.arena, r->path, len);
	if (code != CODE_OK)
		return code;
	limit = r->route->body_limit ? *r->route->body_limit : settings.body_limit;
	if (body > (size_t)limit)
		return CODE_BODY_TOO_LARGE;
	return r->server->config.begin(r) ? CODE_OK : CODE_OVERLOADED;
}

/* Answers what no route is for. `allow`: the methods the path takes, if that is what is wrong. */
static void request_refuse(struct request *r, enum code code, const char *allow, const char *detail)
{
	if (!allow || !cors_preflight(r, allow)) {
		if (allow)
			reply_header(r, "Allow", allow);
		reply_problem(r, code, detail);
	}
	request_finish(&r->task);
}

static void on_request(struct evhttp_request *ev, void *arg)
{
	struct server *s = arg;
	struct connection *c = connection_of(&s->connections, ev);
	struct request *r = c ? request_take(s) : NULL;
	const char *trouble;
	char allow[64];
	enum code code;

	if (!r) {
		evhttp_send_error(ev, 503, NULL);
		return;
	}
	connection_works(c);
	r->ev = ev;
	r->connection = c;
	r->route = NULL;
	r->method = method_of(evhttp_request_get_command(ev));
	r->step = 0;
	r->body = NULL;
	r->field_count = 0;
	r->context = NULL;
	r->rescue = NULL;
	r->replied = r->parked = r->last = false;
	r->started_us = clock_us();
	trouble = framing_trouble(ev);
	r->last = trouble != NULL;
	code = request_open(r, trouble, allow);
	if (code == CODE_OK) {
		task_run(&r->task);
		return;
	}
	request_refuse(r, code, code == CODE_METHOD_NOT_ALLOWED ? allow : NULL, trouble);
}

const char *request_header(const struct request *r, const char *name)
{
	return evhttp_find_header(evhttp_request_get_input_headers(r->ev), name);
}

size_t request_body(struct request *r, const char **text)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(r->ev);

	*text = (const char *)evbuffer_pullup(in, -1);
	return *text ? evbuffer_get_length(in) : 0;
}

void request_repeat(struct request *r)
{
	r->step--;
}

bool path_id_or_reply(struct request *r, unsigned i, const char *name, int64_t *id)
{
	if (path_id(r, i, id))
		return true;
	reply_problem_fmt(r, CODE_INVALID_FIELD, "%s: must be a whole number from 1 to %lld", name, (long long)ID_MOST);
	return false;
}

static bool is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t n = strlen(json);

	return type && strncasecmp(type, json, n) == 0 && strchr(" \t;", type[n]) != NULL;
}

bool json_type_or_reply(struct request *r)
{
	if (is_json(request_header(r, "Content-Type")))
		return true;
	reply_problem(r, CODE_UNSUPPORTED_MEDIA_TYPE, "Content-Type: must be application/json");
	return false;
}

enum step server_read_json(struct request *r)
{
	const char *text, *why;
	size_t len;

	if (!json_type_or_reply(r))
		return STEP_DONE;
	len = request_body(r, &text);
	if (len == 0)
		return reply_problem(r, CODE_INVALID_JSON, "the body is empty");
	r->body = json_parse(&r->task.arena, text, len, &why);
	if (!r->body)
		return reply_problem(r, CODE_INVALID_JSON, why);
	return STEP_NEXT;
}

bool server_port_free(const char *host, int port)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	char service[16];
	int fd, one = 1;
	bool taken;

	snprintf(service, sizeof(service), "%d", port);
	if (getaddrinfo(host, service, &hints, &found) != 0)
		return true; /* listening itself will say what is wrong */
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	taken = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		bind(fd, found->ai_addr, found->ai_addrlen) < 0 && errno == EADDRINUSE;
	if (fd >= 0)
		close(fd);
	freeaddrinfo(found);
	return !taken;
}

int server_listen(const char *host, int *port)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	struct sockaddr_storage bound;
	socklen_t len = sizeof(bound);
	char service[16];
	int fd, one = 1, saved;

	snprintf(service, sizeof(service), "%d", *port);
	if (getaddrinfo(host, service, &hints, &found) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
	    bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&bound, &len) < 0) {
		saved = errno;
		if (fd >= 0)
			close(fd);
		freeaddrinfo(found);
		errno = saved;
		return -1;
	}
	freeaddrinfo(found);
	*port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
						  : ((struct sockaddr_in *)&bound)->sin_port);
	return fd;
}

/* Ends the pause that accept_failed() began, and connections whose time is up; keeps the gauge. */
static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;

	(void)fd, (void)what;
	if (s->socket)
		evconnlistener_enable(evhttp_bound_socket_get_listener(s->socket));
	connections_tick(&s->connections);
	metric_add(METRIC_under_way, s->under_way - s->under_way_shown);
	s->under_way_shown = s->under_way;
}

/* Descriptors or memory are out: trying at once again would only burn the processor. The argument
 * is evhttp's, so the pause ends by the clock. */
static void accept_failed(struct evconnlistener *listener, void *arg)
{
	(void)arg;
	log_error("cannot accept a connection: %s", strerror(errno));
	evconnlistener_disable(listener);
}

/* A body over every route's limit is not even read. */
static long body_most(void)
{
	return settings.admin_key && settings.catalog_limit > settings.body_limit ? settings.catalog_limit
										  : settings.body_limit;
}

/* The limits of the process are shared out evenly, as the system shares out the connections. */
static bool connections_setup(struct server *s)
{
	size_t workers = (size_t)s->config.workers, most = (size_t)settings.connections_limit / workers;
	size_t input = (size_t)(body_most() + settings.header_limit + INPUT_SLACK);
	size_t held = (size_t)settings.input_limit / workers;

	return connections_init(&s->connections, s->loop->base, most ? most : 1, input,
				held > 2 * input ? held : 2 * input);
}

static bool http_setup(struct server *s, int fd)
{
	struct evconnlistener *listener = evconnlistener_new(s->loop->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 0, fd);

	if (!listener) {
		close(fd);
		return false;
	}
	s->http = evhttp_new(s->loop->base);
	s->socket = s->http ? evhttp_bind_listener(s->http, listener) : NULL;
	if (!s->socket) {
		evconnlistener_free(listener);
		return false;
	}
	s->connections.listener = listener;
	evhttp_set_bevcb(s->http, connection_new, &s->connections);
	evhttp_set_gencb(s->http, on_request, s);
	evhttp_set_allowed_methods(s->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT |
						    EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
						    EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_max_body_size(s->http, body_most());
	evhttp_set_max_headers_size(s->http, settings.header_limit);
	evhttp_set_default_content_type(s->http, NULL);
	evconnlistener_set_error_cb(listener, accept_failed);
	return true;
}

struct server *server_new(struct loop *l, int fd, const struct server_config *config)
{
	const struct timeval tv = {0, TICK_MS * 1000};
	struct server *s = calloc(1, sizeof(*s));

	if (!s) {
		close(fd);
		return NULL;
	}
	s->loop = l;
	s->config = *config;
	s->body = evbuffer_new();
	s->tick = event_new(l->base, -1, EV_PERSIST, on_tick, s);
	if (!connections_setup(s) || !http_setup(s, fd) || !s->body || !s->tick || event_add(s->tick, &tv) != 0) {
		server_free(s);
		return NULL;
	}
	return s;
}

static void stop_look(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval tv = {0, STOP_CHECK_MS * 1000};
	struct server *s = arg;

	(void)fd, (void)what;
	/* Answers are written in the loop's next round, so one more look after the last is done. */
	if (s->drained || clock_ms() >= s->stop_at) {
		s->stopped(s->config.owner);
		return;
	}
	s->drained = s->under_way == 0 && s->connections.count[PHASE_SENDING] == 0;
	event_add(s->stop_check, &tv);
}

void server_stop(struct server *s, int most_ms, void (*stopped)(void *owner))
{
	s->stopping = true;
	s->stopped = stopped;
	s->stop_at = clock_ms() + most_ms;
	evhttp_del_accept_socket(s->http, s->socket);
	s->socket = NULL;
	s->connections.listener = NULL;
	s->stop_check = evtimer_new(s->loop->base, stop_look, s);
	if (s->stop_check)
		stop_look(-1, 0, s);
	else
		stopped(s->config.owner);
}

void server_free(struct server *s)
{
	if (!s)
		return;
	if (s->http)
		evhttp_free(s->http);
	connections_destroy(&s->connections);
	if (s->tick)
		event_free(s->tick);
	if (s->stop_check)
		event_free(s->stop_check);
	if (s->body)
		evbuffer_free(s->body);
	while (s->spare) {
		struct request *r = s->spare;

		s->spare = r->next;
		task_destroy(&r->task);
		free(r);
	}
	free(s);
}

void *server_owner(const struct server *s)
{
	return s->config.owner;
}
