/* Connection, flushing, deadlines and reconnecting. */
#include "engine/redis.h"

#include <errno.h>
#include <event2/event.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engine/functions.h"
#include "engine/redis_internal.h"
#include "settings.h"

#define CHECK_MS 250
#define STALL_MS 5000 /* commands under way and no answer for this long: the connection is dead */
#define BACKOFF_LEAST_MS 50
#define BACKOFF_MOST_MS 2000
#define STEADY_MS 1000 /* a connection that served this long begins anew with the least back-off */
#define FRESH_MS 2000  /* a refusal says no more of now than this */
#define SAY_AGAIN_MS 10000

/* What Redis refused last, for the whole process: the same for whichever connection hears it. */
static struct {
	_Atomic(const char *) word, said_word;
	_Atomic int64_t at; /* clock_ms */
	_Atomic bool complained;
} refusal;

static void connection_open(struct redis *r);

/* hiredis' event hooks. Writing is put off to the end of the loop's round, so that all commands
 * of a round leave in one write(2) and no epoll_ctl is needed for it. */

static void hook_add_read(void *arg)
{
	struct redis *r = arg;

	if (!r->reading && event_add(r->read_event, NULL) == 0)
		r->reading = true;
}

static void hook_del_read(void *arg)
{
	struct redis *r = arg;

	event_del(r->read_event);
	r->reading = false;
}

static void hook_add_write(void *arg)
{
	struct redis *r = arg;

	if (r->flushing || !(r->ac->c.flags & REDIS_CONNECTED))
		event_add(r->write_event, NULL);
	else if (!r->flush_pending) {
		r->flush_pending = true;
		event_active(r->flush_event, EV_WRITE, 0);
	}
}

static void hook_del_write(void *arg)
{
	struct redis *r = arg;

	event_del(r->write_event);
}

static void backoff_start(struct redis *r)
{
	struct timeval tv;
	int wait = r->backoff_ms / 2 + (int)loop_random(r->loop, (uint32_t)r->backoff_ms);

	tv.tv_sec = wait / 1000;
	tv.tv_usec = (wait % 1000) * 1000;
	r->backoff_ms = r->backoff_ms * 2 > BACKOFF_MOST_MS ? BACKOFF_MOST_MS : r->backoff_ms * 2;
	event_add(r->retry_event, &tv);
}

/* The last hook hiredis calls on a connection, however it ended: every pending callback has been
 * called with NULL before. */
static void hook_cleanup(void *arg)
{
	struct redis *r = arg;

	event_free(r->read_event);
	event_free(r->write_event);
	event_free(r->flush_event);
	r->read_event = r->write_event = r->flush_event = NULL;
	r->reading = r->flush_pending = false;
	r->ac = NULL;
	if (r->state == REDIS_READY && !r->closing)
		log_error("Redis: connection lost");
	if (r->up_at && clock_ms() - r->up_at >= STEADY_MS)
		r->backoff_ms = BACKOFF_LEAST_MS;
	r->up_at = 0;
	r->state = REDIS_AWAY;
	if (!r->closing)
		backoff_start(r);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct redis *r = arg;

	(void)fd, (void)what;
	redisAsyncHandleRead(r->ac);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct redis *r = arg;

	(void)fd, (void)what;
	r->flush_pending = false;
	r->rounds++;
	r->flushing = true;
	redisAsyncHandleWrite(r->ac);
	r->flushing = false;
}

static bool events_attach(struct redis *r)
{
	redisAsyncContext *ac = r->ac;

	r->read_event = event_new(r->loop->base, ac->c.fd, EV_READ | EV_PERSIST, on_readable, r);
	r->write_event = event_new(r->loop->base, ac->c.fd, EV_WRITE, on_writable, r);
	r->flush_event = event_new(r->loop->base, -1, 0, on_writable, r);
	if (!r->read_event || !r->write_event || !r->flush_event)
		return false;
	ac->ev.data = r;
	ac->ev.addRead = hook_add_read;
	ac->ev.delRead = hook_del_read;
	ac->ev.addWrite = hook_add_write;
	ac->ev.delWrite = hook_del_write;
	ac->ev.cleanup = hook_cleanup;
	return true;
}

static void on_connect(const redisAsyncContext *ac, int status)
{
	struct redis *r = ac->data;

	if (status == REDIS_OK) {
		r->state = REDIS_LOADING;
		functions_check(r);
	} else if (!r->complained) {
		log_error("Redis: cannot connect: %s; trying again", ac->errstr);
		r->complained = true;
	}
}

static void connection_refused(struct redis *r, redisAsyncContext *ac)
{
	if (!r->complained)
		log_error("Redis: cannot connect: %s; trying again", ac ? ac->errstr : "out of memory");
	r->complained = true;
	if (ac)
		redisAsyncFree(ac);
	r->ac = NULL;
	r->state = REDIS_AWAY;
	backoff_start(r);
}

static void connection_open(struct redis *r)
{
	redisAsyncContext *ac = settings.redis_path ? redisAsyncConnectUnix(settings.redis_path)
						    : redisAsyncConnect(settings.redis_host, settings.redis_port);

	if (!ac || ac->err) {
		connection_refused(r, ac);
		return;
	}
	r->ac = ac;
	ac->data = r;
	r->state = REDIS_CONNECTING;
	r->last_answer = clock_ms();
	if (!events_attach(r)) {
		connection_refused(r, ac);
		return;
	}
	redisAsyncSetConnectCallback(ac, on_connect);
	hook_add_write(r);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	connection_open(arg);
}

/* Gives a connection up that does not come up, or that owes answers and stays silent. */
static void on_check(evutil_socket_t fd, short what, void *arg)
{
	struct redis *r = arg;
	bool owing = r->state == REDIS_CONNECTING || r->state == REDIS_LOADING || r->in_flight > 0;

	(void)fd, (void)what;
	if (!r->ac || !owing || clock_ms() - r->last_answer < STALL_MS)
		return;
	if (!r->complained)
		log_error("Redis: no answer for %d ms, connecting anew", STALL_MS);
	r->complained = true;
	redisAsyncFree(r->ac);
}

struct redis *redis_new(struct loop *l)
{
	const struct timeval tv = {0, CHECK_MS * 1000};
	struct redis *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->loop = l;
	r->backoff_ms = BACKOFF_LEAST_MS;
	r->retry_event = evtimer_new(l->base, on_retry, r);
	r->check_event = event_new(l->base, -1, EV_PERSIST, on_check, r);
	if (!r->retry_event || !r->check_event) {
		redis_free(r);
		return NULL;
	}
	event_add(r->check_event, &tv);
	connection_open(r);
	return r;
}

void redis_free(struct redis *r)
{
	if (!r)
		return;
	r->closing = true;
	if (r->ac)
		redisAsyncFree(r->ac);
	if (r->retry_event)
		event_free(r->retry_event);
	if (r->check_event)
		event_free(r->check_event);
	while (r->spare) {
		struct ask *a = r->spare;

		r->spare = a->next;
		free(a);
	}
	free(r->command.at);
	free(r);
}

bool redis_ready(const struct redis *r)
{
	return r->state == REDIS_READY;
}

void redis_up(struct redis *r)
{
	if (r->complained)
		log_info("Redis: connected");
	r->state = REDIS_READY;
	r->times_up++;
	r->complained = false;
	r->up_at = clock_ms();
}

unsigned long redis_times_up(const struct redis *r)
{
	return r->times_up;
}

unsigned long redis_round(const struct redis *r)
{
	return r->rounds;
}

enum code redis_refusal(const struct redis *r)
{
	return redis_ready(r) ? CODE_OVERLOADED : CODE_UNAVAILABLE;
}

struct ask *redis_ask(struct redis *r, struct task *t)
{
	struct ask *a = r->spare;

	if (!redis_ready(r) || r->in_flight >= settings.redis_in_flight)
		return NULL;
	if (a)
		r->spare = a->next;
	else
		a = malloc(sizeof(*a));
	if (!a)
		return NULL;
	memset(a, 0, sizeof(*a));
	a->redis = r;
	a->asked_us = clock_us();
	if (t)
		a->ref = task_ref_of(t);
	return a;
}

struct ask *redis_ask_for(struct redis *r, struct task *t,
			  enum code (*answer)(struct ask *a, const struct redisReply *reply), void *out)
{
	struct ask *a = redis_ask(r, t);

	if (a) {
		a->answer = answer;
		a->out = out;
	}
	return a;
}

static void ask_free(struct ask *a)
{
	if (a->kept_free)
		a->kept_free(a->kept);
	a->next = a->redis->spare;
	a->redis->spare = a;
}

const char *redis_refuses(void)
{
	const char *word = atomic_load_explicit(&refusal.word, memory_order_relaxed);

	return word && clock_ms() - atomic_load_explicit(&refusal.at, memory_order_relaxed) < FRESH_MS ? word : NULL;
}

void redis_takes_writes(void)
{
	atomic_store_explicit(&refusal.word, NULL, memory_order_relaxed);
	if (atomic_exchange_explicit(&refusal.complained, false, memory_order_relaxed))
		log_info("Redis: takes writes again");
}

/* What Redis says by the first word of an error when it is there and cannot do what it is asked now. */
static const char *refusal_word(const char *text)
{
	static const char *const words[] = {"OOM",     "READONLY",   "MISCONF",    "BUSY",
					    "LOADING", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0 && text[strlen(words[i])] == ' ')
			return words[i];
	return NULL;
}

static void refused(const char *word, const char *text)
{
	int64_t now = clock_ms(), before = atomic_exchange(&refusal.at, now);
	bool news = atomic_exchange(&refusal.said_word, word) != word;

	atomic_store_explicit(&refusal.word, word, memory_order_relaxed);
	/* On the brink of it Redis writes and refuses in turn, which is not said each time. */
	if (!news && (now - before < SAY_AGAIN_MS || atomic_load(&refusal.complained)))
		return;
	atomic_store(&refusal.complained, true);
	log_error("Redis: %s; trying again", text);
}

/* No longer ready, and closed as soon as the answers under way are in. */
static void connection_leave(struct redis *r)
{
	r->state = REDIS_LOADING;
	redisAsyncDisconnect(r->ac);
}

/* What an error reply means for whoever asked. */
static enum code error_code(struct redis *r, const redisReply *reply)
{
	static _Atomic int64_t said;
	const char *word = refusal_word(reply->str);

	if (word)
		refused(word, reply->str);
	else if (!strstr(reply->str, "Function not found") && log_due(&said, SAY_AGAIN_MS))
		log_error("Redis: %s", reply->str);
	if (r->state != REDIS_READY)
		return CODE_UNAVAILABLE;
	if (strstr(reply->str, "Function not found")) {
		r->state = REDIS_LOADING;
		functions_check(r);
	} else if (word && (strcmp(word, "READONLY") == 0 || strcmp(word, "MASTERDOWN") == 0)) {
		connection_leave(r); /* another one may be the master by now */
	}
	return CODE_UNAVAILABLE;
}

static enum code answer_code(struct ask *a, const redisReply *reply)
{
	if (!reply)
		return CODE_UNAVAILABLE;
	if (reply->type == REDIS_REPLY_ERROR)
		return error_code(a->redis, reply);
	if (task_alive(a->ref) && a->answer)
		return a->answer(a, reply);
	if (!task_alive(a->ref) && a->late)
		a->late(a, reply);
	return CODE_OK;
}

static void on_answer(redisAsyncContext *ac, void *answer, void *arg)
{
	struct ask *a = arg;
	struct redis *r = a->redis;
	enum code code = answer_code(a, answer);
	int64_t now = clock_us();

	(void)ac;
	r->in_flight--;
	r->last_answer = now / 1000;
	if (a->outcome == CODE_OK)
		a->outcome = code;
	if (++a->got == a->expected) {
		struct task_ref ref = a->ref;

		if (answer) /* of a lost connection there is none */
			histogram_observe(HISTOGRAM_redis_trip, 0, 0, now - a->asked_us);
		code = a->outcome;
		ask_free(a);
		task_wake(ref, code);
	}
}

void ask_command(struct ask *a, const char *queue, int argc, const char **argv, const size_t *lens)
{
	struct redis *r = a->redis;

	(void)queue; /* one node holds every queue */
	if (!r->ac || resp_command(&r->command, argc, argv, lens) != 0 ||
	    redisAsyncFormattedCommand(r->ac, on_answer, a, r->command.at, r->command.len) != REDIS_OK) {
		a->outcome = CODE_UNAVAILABLE;
		return;
	}
	if (r->in_flight++ == 0)
		r->last_answer = clock_ms();
	a->expected++;
	metric_add(METRIC_redis_commands, 1);
}

enum step ask_wait(struct ask *a, struct task *t)
{
	if (a->expected == 0) {
		enum code code = a->outcome;

		ask_free(a);
		return task_failed(t, code);
	}
	return task_wait(t, t->loop->redis_deadline);
}

void ask_forget(struct ask *a)
{
	if (a->expected == 0)
		ask_free(a);
}
