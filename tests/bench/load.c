/* Sends, receives, counts: all that is not needed for that was done before. */
#include "load.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "bench.h"
#include "support/http.h"

#define EVENTS_MOST 512
#define INPUT_MOST 65536
#define SILENCE_NS 20000000000 /* an answer that takes longer does not come */

struct channel {
	int fd;
	int64_t due; /* ns: when the request under way should have been sent */
	struct answer answer;
};

struct load {
	int epoll, count;
	struct channel *channels;
	struct channel **idle; /* those without a request, used in turn */
	size_t idle_first, idle_count;
	/* Of the plan under way. */
	const struct load_plan *plan;
	struct load_result *out;
	size_t sent;
	int64_t began, ends;
	char input[INPUT_MOST];
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void idle_put(struct load *l, struct channel *c)
{
	l->idle[(l->idle_first + l->idle_count++) % (size_t)l->count] = c;
}

static struct channel *idle_take(struct load *l)
{
	struct channel *c = l->idle[l->idle_first];

	l->idle_first = (l->idle_first + 1) % (size_t)l->count;
	l->idle_count--;
	return c;
}

static void channel_open(struct load *l, struct channel *c, int port)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	int yes = 1;

	c->fd = http_connect(port);
	if (c->fd < 0)
		bench_fail("cannot connect to port %d: %s", port, strerror(errno));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e) != 0)
		bench_fail("epoll_ctl: %s", strerror(errno));
	idle_put(l, c);
}

struct load *load_open(int port, int connections)
{
	struct load *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	l->count = connections;
	l->channels = calloc((size_t)connections, sizeof(*l->channels));
	l->idle = calloc((size_t)connections, sizeof(struct channel *));
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!l->channels || !l->idle || l->epoll < 0)
		abort();
	prctl(PR_SET_TIMERSLACK, 1); /* or the kernel is 50 us late with each request that is due */
	for (int i = 0; i < connections; i++)
		channel_open(l, &l->channels[i], port);
	return l;
}

void load_close(struct load *l)
{
	for (int i = 0; i < l->count; i++)
		close(l->channels[i].fd);
	close(l->epoll);
	free(l->channels);
	free(l->idle);
	free(l);
}

static void channel_send(struct load *l, struct channel *c, int64_t due)
{
	size_t len;
	const char *text = requests_take(l->plan->requests, &len);

	c->due = due;
	l->sent++;
	if (send(c->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len)
		bench_fail("a request could not be sent: %s", strerror(errno));
}

/* When the next request is due, or INT64_MAX when there is to be none. */
static int64_t next_due(const struct load *l, int64_t now)
{
	int64_t due = l->plan->rate > 0 ? l->began + (int64_t)((double)l->sent / l->plan->rate * 1e9) : now;

	return due >= l->ends || (l->plan->most && l->sent >= l->plan->most) ? INT64_MAX : due;
}

/* Whether one more request may be under way. */
static bool may_send(const struct load *l)
{
	return l->idle_count && (!l->plan->at_once || (size_t)l->count - l->idle_count < l->plan->at_once);
}

static void send_due(struct load *l)
{
	int64_t now = now_ns(), due;

	while (may_send(l) && (due = next_due(l, now)) <= now)
		channel_send(l, idle_take(l), due);
}

static void answer_done(struct load *l, struct channel *c)
{
	if (c->answer.status != l->plan->status)
		bench_fail("status %d instead of %d: %.300s", c->answer.status, l->plan->status, l->input);
	answer_next(&c->answer);
	l->out->answers++;
	if (l->plan->rate > 0)
		histogram_add(&l->out->latency, (uint64_t)(now_ns() - c->due) / 1000);
	idle_put(l, c);
}

static void channel_read(struct load *l, struct channel *c)
{
	ssize_t n = recv(c->fd, l->input, INPUT_MOST - 1, 0);

	if (n <= 0)
		bench_fail("a connection ended: %s", n ? strerror(errno) : "the server closed it");
	l->input[n] = '\0';
	switch (answer_feed(&c->answer, l->input, (size_t)n)) {
	case ANSWER_PART:
		break;
	case ANSWER_WHOLE:
		answer_done(l, c);
		break;
	case ANSWER_BAD:
		bench_fail("not an answer: %.300s", l->input);
	}
}

/* Waits for answers, but not longer than until the next request is due. */
static int events_await(struct load *l, struct epoll_event *events)
{
	int64_t now = now_ns(), due = next_due(l, now), wait = SILENCE_NS;
	struct pollfd fd = {.fd = l->epoll, .events = POLLIN};
	struct timespec ts;
	int n;

	if (may_send(l) && due != INT64_MAX)
		wait = due > now ? due - now : 0;
	ts = (struct timespec){wait / 1000000000, wait % 1000000000};
	/* epoll_wait() alone knows only whole milliseconds. */
	if (l->plan->rate > 0 && ppoll(&fd, 1, &ts, NULL) == 0 && wait < SILENCE_NS)
		return 0;
	n = epoll_wait(l->epoll, events, EVENTS_MOST, l->plan->rate > 0 ? 0 : (int)(SILENCE_NS / 1000000));
	if (n <= 0)
		bench_fail("%zu requests have had no answer", (size_t)l->count - l->idle_count);
	return n;
}

void load_run(struct load *l, const struct load_plan *plan, struct load_result *out)
{
	struct epoll_event events[EVENTS_MOST];

	memset(out, 0, sizeof(*out));
	l->plan = plan;
	l->out = out;
	l->sent = 0;
	l->began = now_ns();
	l->ends = plan->seconds > 0 ? l->began + (int64_t)(plan->seconds * 1e9) : INT64_MAX;
	for (;;) {
		int n;

		send_due(l);
		if (out->answers == l->sent && next_due(l, now_ns()) == INT64_MAX)
			break;
		n = events_await(l, events);
		for (int i = 0; i < n; i++)
			channel_read(l, events[i].data.ptr);
	}
	out->seconds = (double)(now_ns() - l->began) / 1e9;
}
