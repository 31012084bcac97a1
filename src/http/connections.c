/*
 * Keeping count of connections, and ending those that take too long or too much. A timeout of a
 * bufferevent begins anew with every byte, so a byte a second would never end; the time of a phase
 * does not. Only public calls of libevent are used.
 */
#include "http/connections.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/server_internal.h"
#include "settings.h"

#define ACCEPT_MOST 32 /* in one round of the loop, so that those inside are served in between */
#define SWEEP_MOST 64  /* of a phase in one tick, for the same reason */
#define PARTING_SECONDS 2

static const long parting_seconds = PARTING_SECONDS;

/* How long a phase may last, and what is counted when it lasts longer. */
static const struct {
	const long *seconds; /* NULL: it has deadlines of its own */
	enum metric cut;
} limits[PHASE_COUNT] = {
	[PHASE_FRESH] = {&settings.idle_seconds, METRIC_cut_idle},
	[PHASE_IDLE] = {&settings.idle_seconds, METRIC_cut_idle},
	[PHASE_RECEIVING] = {&settings.request_seconds, METRIC_cut_slow},
	[PHASE_SENDING] = {&settings.answer_seconds, METRIC_cut_unread},
	[PHASE_PARTING] = {&parting_seconds, METRIC_COUNT},
};

static void line_leave(struct connection *c)
{
	struct connections *all = c->all;

	TAILQ_REMOVE(&all->line[c->phase], c, next);
	all->count[c->phase]--;
	all->held -= c->held;
	c->held = 0;
}

static void line_enter(struct connection *c, enum phase phase)
{
	struct connections *all = c->all;

	c->phase = phase;
	c->since = all->now;
	TAILQ_INSERT_TAIL(&all->line[phase], c, next);
	all->count[phase]++;
}

static void phase_enter(struct connection *c, enum phase phase)
{
	line_leave(c);
	line_enter(c, phase);
}

static void receiving_begin(struct connection *c)
{
	phase_enter(c, PHASE_RECEIVING);
	c->lines = 0;
	c->in_line = c->head_over = false;
}

/* evhttp takes the text of a line out of its input, and then the line's end; a line's end where text
 * should begin is the end of the headers. Many small headers cost evhttp, and everybody who waits for
 * it, far more than their bytes, and it has no limit for their number but would refuse one more if
 * none were allowed. */
static void head_follow(struct connection *c, struct evbuffer *in, bool taken)
{
	char next;

	if (taken) {
		c->in_line = !c->in_line;
		c->lines += !c->in_line;
	}
	if (c->in_line)
		return;
	if (evbuffer_copyout(in, &next, 1) == 1 && (next == '\r' || next == '\n'))
		c->head_over = true;
	else if (c->lines > settings.header_lines)
		evhttp_connection_set_max_headers_size(c->ev, 0);
}

/* The first byte of a request, or what a pipelining client had sent before: from now on it has to
 * come to its end. */
static void input_changed(struct evbuffer *in, const struct evbuffer_cb_info *info, void *arg)
{
	struct connection *c = arg;

	if (c->phase == PHASE_IDLE || c->phase == PHASE_FRESH)
		receiving_begin(c);
	if (c->phase != PHASE_RECEIVING)
		return;
	c->held += info->n_added;
	c->all->held += info->n_added;
	if (c->all->held > c->all->held_most)
		event_active(c->all->soon, EV_TIMEOUT, 0);
	if (!c->head_over)
		head_follow(c, in, info->n_deleted > 0);
}

static void page_written(struct evbuffer *out, const struct evbuffer_cb_info *info, void *arg)
{
	struct connection *c = arg;
	enum code code;

	/* Later phases have answers of ours only. */
	if (!info->n_added || c->phase > PHASE_RECEIVING || !own_page_take(out, &code))
		return;
	connection_part(c);
	own_page_write(out, code);
}

/* Where evhttp has never heard of it, or no longer. */
static void connection_forget(struct connection *c)
{
	line_leave(c);
	evbuffer_remove_cb(bufferevent_get_input(c->bev), input_changed, c);
	evbuffer_remove_cb(bufferevent_get_output(c->bev), page_written, c);
	free(c);
}

static void on_closed(struct evhttp_connection *ev, void *arg)
{
	struct connection *c = arg;

	(void)ev;
	c->all->by_fd[c->fd] = NULL;
	c->all->open--;
	metric_add(METRIC_connections, -1);
	connection_forget(c);
}

static bool fd_remember(struct connections *all, struct connection *c)
{
	size_t size = all->fds ? all->fds : 64;
	struct connection **larger;

	while (size <= (size_t)c->fd)
		size *= 2;
	if (size > all->fds) {
		larger = realloc(all->by_fd, size * sizeof(*larger));
		if (!larger)
			return false;
		memset(larger + all->fds, 0, (size - all->fds) * sizeof(*larger));
		all->by_fd = larger;
		all->fds = size;
	}
	all->by_fd[c->fd] = c;
	return true;
}

/* Who goes when the house is full. Those who have yet to finish a first request are in the way once
 * they are the most; otherwise it is whoever has been quiet longest. Nobody is sent away who waits
 * for an answer. */
static struct connection *connection_least(const struct connections *all)
{
	size_t fresh = all->count[PHASE_FRESH], receiving = all->count[PHASE_RECEIVING];
	struct connection *owing = TAILQ_FIRST(&all->line[receiving > fresh ? PHASE_RECEIVING : PHASE_FRESH]);
	struct connection *idle = TAILQ_FIRST(&all->line[PHASE_IDLE]),
			  *parting = TAILQ_FIRST(&all->line[PHASE_PARTING]);

	if (parting)
		return parting;
	if (owing && !owing->ev)
		owing = NULL; /* accepted in this very round */
	return idle && (!owing || fresh + receiving <= all->most / 2) ? idle : owing;
}

/* Says why, as a request that has not come whole can still be answered, and ends it. */
static void connection_refuse(struct connection *c, enum code code)
{
	connection_part(c);
	own_page_write(bufferevent_get_output(c->bev), code);
}

/* evhttp passes its connection to the callbacks it sets on a bufferevent; before the first request
 * there is no other way to it. NULL if memory was out on evhttp's side. */
static struct evhttp_connection *evhttp_side(const struct connection *c)
{
	void *ev;

	bufferevent_getcb(c->bev, NULL, NULL, NULL, &ev);
	return ev;
}

static void connection_open(struct connection *c, struct evhttp_connection *ev)
{
	struct connections *all = c->all;
	struct connection *least = all->open >= all->most ? connection_least(all) : NULL;

	c->ev = ev;
	evhttp_connection_set_closecb(ev, on_closed, c);
	metric_add(METRIC_connections, 1);
	if (all->open++ < all->most)
		return;
	metric_add(least ? METRIC_cut_full : METRIC_refused, 1);
	if (least)
		evhttp_connection_free(least->ev);
	else
		connection_refuse(c, CODE_OVERLOADED);
}

static void connection_adopt(struct connection *c)
{
	struct evhttp_connection *ev = evhttp_side(c);
	struct bufferevent *bev = c->bev;

	c->fd = bufferevent_getfd(bev);
	if (ev && fd_remember(c->all, c)) {
		connection_open(c, ev);
	} else {
		connection_forget(c);
		if (ev)
			evhttp_connection_free(ev);
	}
	bufferevent_decref(bev);
}

/* Those accepted in this round stand at the end of their line. */
static void newcomers_adopt(struct connections *all)
{
	struct connection *c = TAILQ_LAST(&all->line[PHASE_FRESH], connection_line), *first = NULL, *next;

	for (; c && !c->ev; c = TAILQ_PREV(c, connection_line, next))
		first = c;
	for (c = first; c; c = next) {
		next = TAILQ_NEXT(c, next);
		connection_adopt(c);
	}
}

static void parting_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);

	(void)arg;
	evbuffer_drain(in, evbuffer_get_length(in));
}

static void parting_written(struct bufferevent *bev, void *arg)
{
	(void)arg;
	shutdown(bufferevent_getfd(bev), SHUT_WR);
	bufferevent_enable(bev, EV_READ);
}

static void parting_ended(struct bufferevent *bev, short what, void *arg)
{
	struct connection *c = arg;

	(void)bev, (void)what;
	evhttp_connection_free(c->ev);
}

/* The callbacks can only be taken from evhttp when it is not in the middle of a call. */
static void leavers_take(struct connections *all)
{
	struct connection *c = TAILQ_LAST(&all->line[PHASE_PARTING], connection_line);

	for (; c && !c->parted; c = TAILQ_PREV(c, connection_line, next)) {
		c->parted = true;
		bufferevent_setcb(c->bev, parting_read, parting_written, parting_ended, c);
		/* The client's own end of sending is not to be seen before the answer is out. */
		bufferevent_disable(c->bev, EV_READ);
		bufferevent_enable(c->bev, EV_WRITE);
		parting_read(c->bev, NULL);
	}
}

static void on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct connections *all = arg;

	(void)fd, (void)what;
	newcomers_adopt(all);
	while (all->held > all->held_most && !TAILQ_EMPTY(&all->line[PHASE_RECEIVING])) {
		metric_add(METRIC_cut_input, 1);
		connection_refuse(TAILQ_FIRST(&all->line[PHASE_RECEIVING]), CODE_OVERLOADED);
	}
	leavers_take(all);
	if (all->accepted >= ACCEPT_MOST && all->listener)
		evconnlistener_enable(all->listener);
	all->accepted = 0;
}

bool connections_init(struct connections *all, struct event_base *base, size_t most, size_t input_most,
		      size_t held_most)
{
	for (int p = 0; p < PHASE_COUNT; p++)
		TAILQ_INIT(&all->line[p]);
	all->most = most;
	all->input_most = input_most;
	all->held_most = held_most;
	all->now = clock_ms();
	all->soon = event_new(base, -1, 0, on_soon, all);
	return all->soon != NULL;
}

void connections_destroy(struct connections *all)
{
	if (all->soon)
		event_free(all->soon);
	free(all->by_fd);
}

static void line_sweep(struct connections *all, enum phase phase, int64_t limit)
{
	struct connection *c;

	for (int i = 0; i < SWEEP_MOST && (c = TAILQ_FIRST(&all->line[phase])) && c->ev && all->now - c->since >= limit;
	     i++) {
		if (phase != PHASE_PARTING)
			metric_add(limits[phase].cut, 1);
		if (phase == PHASE_RECEIVING)
			connection_refuse(c, CODE_REQUEST_TIMEOUT);
		else
			evhttp_connection_free(c->ev);
	}
}

void connections_tick(struct connections *all)
{
	all->now = clock_ms();
	for (int p = 0; p < PHASE_COUNT; p++)
		if (limits[p].seconds)
			line_sweep(all, (enum phase)p, *limits[p].seconds * 1000);
}

struct bufferevent *connection_new(struct event_base *base, void *connections)
{
	struct connections *all = connections;
	struct bufferevent *bev = bufferevent_socket_new(base, -1, 0);
	struct connection *c = bev ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return bev;
	/* A client that goes on sending while it does not read its answers is not listened to. */
	bufferevent_setwatermark(bev, EV_READ, 0, all->input_most);
	evbuffer_add_cb(bufferevent_get_input(bev), input_changed, c);
	evbuffer_add_cb(bufferevent_get_output(bev), page_written, c);
	c->all = all;
	c->bev = bev;
	line_enter(c, PHASE_FRESH);
	bufferevent_incref(bev);
	event_active(all->soon, EV_TIMEOUT, 0);
	if (++all->accepted == ACCEPT_MOST && all->listener)
		evconnlistener_disable(all->listener);
	return bev;
}

struct connection *connection_of(const struct connections *all, struct evhttp_request *ev)
{
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(evhttp_request_get_connection(ev)));

	return fd >= 0 && (size_t)fd < all->fds ? all->by_fd[fd] : NULL;
}

void connection_works(struct connection *c)
{
	phase_enter(c, PHASE_WORKING);
}

void connection_rests(struct connection *c)
{
	/* What a pipelining client has sent is looked at next; its end of sending, which may be known
	 * already, must not come before that. */
	if (evbuffer_get_length(bufferevent_get_input(c->bev)))
		bufferevent_disable(c->bev, EV_READ);
	phase_enter(c, PHASE_IDLE);
}

static void on_taken(struct evhttp_request *ev, void *arg)
{
	(void)ev;
	phase_enter(arg, PHASE_IDLE);
}

void connection_sends(struct connection *c, struct evhttp_request *ev)
{
	phase_enter(c, PHASE_SENDING);
	evhttp_request_set_on_complete_cb(ev, on_taken, c);
}

void connection_part(struct connection *c)
{
	phase_enter(c, PHASE_PARTING);
	event_active(c->all->soon, EV_TIMEOUT, 0);
}
