/* The keeper's thread and its duties. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/notify.h"
#include "history.h"
#include "reconcile.h"
#include "settings.h"
#include "store/catalog_file.h"
#include "store/recovery.h"
#include "store/schema.h"
#include "sync.h"
#include "worker.h"

#define SETUP_MS 250
#define SYNC_MS 500
#define ADMIT_MS 50 /* twice a tick, so that a freed slot is filled within one */
#define RECORD_MS 100
#define SWEEP_MS 60000
#define ADMIT_BATCH 200
#define ALIVE_SIGNS 4   /* as many within the watchdog's time */
#define ANSWERS_MS 2000 /* how long an answer proves that somebody is there */

/* Writes down who was let into one queue, for the day Redis is lost. */
struct recording {
	struct duty duty;
	struct queue *queue;
	int64_t epoch, since; /* Unix ms, Redis' clock: admissions before this are written */
	size_t at_since;      /* and this many of that very millisecond */
	struct admitted_list list;
};

/* What is done for one queue: people are let in, that is written down, and abandoned holds are dropped. */
struct admitting {
	struct duty duty;
	struct queue *queue;
	struct admission admission;
	bool may_admit, refused; /* of the call under way; whether Redis refused the one before */
	struct recording recording;
	struct dropping dropping;
	struct admitting *next;
};

/* Somebody who waits for a sync that began after they asked. */
struct waiter {
	struct letter letter;
	struct task_ref ref;
	struct loop *loop;
	enum code outcome;
	struct waiter *next;
};

static struct keeper {
	struct loop loop;
	struct engine engine;
	struct duty setup, sweep, alive, sampling;
	struct history *history;
	struct sync sync;
	struct settling settling;
	struct lapsing lapsing;
	struct admitting *admitting;
	struct waiter *asked, *served; /* for the next run, for the one under way */
	struct letter stop;
	pthread_t thread;
	void (*ready)(void);
	bool announced, synced;
	void *job;                          /* of the setup */
	_Atomic int64_t mysql_at, redis_at; /* clock_ms of the last answers */
} keeper;

static bool recent(int64_t at)
{
	return at && clock_ms() - at < ANSWERS_MS;
}

bool keeper_mysql_answers(void)
{
	return pool_healthy() && recent(atomic_load_explicit(&keeper.mysql_at, memory_order_relaxed));
}

bool keeper_redis_answers(void)
{
	return recent(atomic_load_explicit(&keeper.redis_at, memory_order_relaxed));
}

bool keeper_may_admit(void)
{
	return keeper_mysql_answers() && pool_takes_writes();
}

static void redis_answered(void)
{
	atomic_store_explicit(&keeper.redis_at, clock_ms(), memory_order_relaxed);
}

static void mysql_answered(void)
{
	atomic_store_explicit(&keeper.mysql_at, clock_ms(), memory_order_relaxed);
}

/* Admission: a duty a queue, so that none waits for another. */

static enum step admit(struct admitting *a, bool may_admit)
{
	a->may_admit = may_admit;
	return queue_admit(&a->duty.task, &keeper.engine, a->queue, ADMIT_BATCH, may_admit, &a->admission);
}

/* What Redis refuses now fails a run: so the sessions that are over end first, which it never refuses for want
 * of memory, and then it is tried whether anybody can be let in again. */
static enum step admit_advance(struct duty *d)
{
	struct admitting *a = (struct admitting *)d;

	if (d->step++ > 0) {
		redis_answered();
		if (a->may_admit)
			redis_takes_writes();
		metric_add(METRIC_admissions, a->admission.admitted);
		if (a->admission.code != CODE_OK || (!a->admission.more && !a->refused))
			return STEP_DONE;
	}
	if (a->queue->removed || !redis_ready(keeper.engine.redis))
		return STEP_DONE;
	a->refused = d->step == 1 && redis_refuses();
	return admit(a, !a->refused && keeper_may_admit());
}

/* The last millisecond that was written, and how much of it: more of it may come. */
static void record_remember(struct recording *r)
{
	r->since = r->list.at[r->list.count - 1].at;
	r->at_since = 0;
	for (size_t i = 0; i < r->list.count; i++)
		r->at_since += r->list.at[i].at == r->since;
}

static bool record_is_new(const struct recording *r)
{
	return r->list.count > r->at_since || (r->list.count && r->list.at[0].at != r->since);
}

/* A new epoch may be on a node with another clock: what it has is read from the beginning. */
static void record_follow_epoch(struct recording *r)
{
	if (r->epoch == r->queue->status.settings.epoch)
		return;
	r->epoch = r->queue->status.settings.epoch;
	r->since = 0;
	r->at_since = 0;
}

/* Every daemon writes all it sees; what another one wrote before is left as it is. */
static enum step record_advance(struct duty *d)
{
	struct recording *r = (struct recording *)d;
	struct admissions_job *j;

	switch (d->step++) {
	case 0:
		if (r->queue->removed || !redis_ready(keeper.engine.redis))
			return STEP_DONE;
		record_follow_epoch(r);
		return queue_ask_admitted(&d->task, &keeper.engine, r->queue, r->since, &r->list);
	case 1:
		if (!record_is_new(r))
			return STEP_DONE;
		crash_point(CRASH_admission_before_record);
		j = job_new(&d->task, sizeof(*j), admissions_write_work);
		if (j) {
			memcpy(j->queue, r->queue->name, sizeof(j->queue));
			j->list = r->list;
		}
		return duty_submit(d, (struct job *)j, MYSQL_DEADLINE_MS);
	default:
		record_remember(r);
		return STEP_DONE;
	}
}

static void admitting_add(struct queue *q)
{
	struct admitting *a = keeper.admitting;

	while (a && a->queue != q)
		a = a->next;
	if (a)
		return;
	a = calloc(1, sizeof(*a));
	if (!a || duty_init(&a->duty, &keeper.loop, ADMIT_MS, admit_advance) != 0 ||
	    duty_init(&a->recording.duty, &keeper.loop, RECORD_MS, record_advance) != 0 ||
	    dropping_init(&a->dropping, &keeper.engine, q) != 0) {
		log_error("out of memory for queue %s", q->name);
		free(a);
		return;
	}
	a->queue = a->recording.queue = q;
	a->next = keeper.admitting;
	keeper.admitting = a;
	duty_start(&a->duty);
	duty_start(&a->recording.duty);
	duty_start(&a->dropping.duty);
}

static enum step sweep_advance(struct duty *d)
{
	switch (d->step++) {
	case 0:
		return duty_submit(d, job_new(&d->task, sizeof(struct job), idempotency_sweep_work), MYSQL_DEADLINE_MS);
	case 1:
		return duty_submit(d, job_new(&d->task, sizeof(struct job), admissions_sweep_work), MYSQL_DEADLINE_MS);
	default:
		return STEP_DONE;
	}
}

/* A sign of life for the service manager's watchdog: the keeper goes round, and so does every worker. */
static enum step alive_advance(struct duty *d)
{
	(void)d;
	if (workers_turning())
		notify_alive();
	return STEP_DONE;
}

/* A sample of every queue, for the operator's charts. */

static struct history_queue sample_of(const struct queue *q)
{
	const struct queue_status *s = &q->status;

	return (struct history_queue){.name = q->name,
				      .known = s->known && recent(q->refreshed_at),
				      .now = queue_now(q),
				      .epoch = s->settings.epoch,
				      .waiting = s->waiting,
				      .inside = s->inside,
				      .seats_left = s->seats_total - s->seats_taken,
				      .admitted = s->admitted,
				      .no_shows = s->no_shows,
				      .paid = s->paid};
}

static enum step sampling_advance(struct duty *d)
{
	struct history_queue *samples;
	struct times_all times;
	size_t count = 0;

	for (const struct queue *q = keeper.engine.queues; q; q = q->next)
		count++;
	samples = arena_alloc(&d->task.arena, (count + 1) * sizeof(*samples));
	if (!samples)
		return task_failed(&d->task, CODE_OVERLOADED);
	count = 0;
	for (const struct queue *q = keeper.engine.queues; q; q = q->next)
		if (!q->removed)
			samples[count++] = sample_of(q);
	times_read(&times);
	history_sample(keeper.history, clock_ms(), &times, samples, count);
	return STEP_DONE;
}

struct history *keeper_history(void)
{
	return keeper.history;
}

/* Sync: who waits for it, and what follows from it. */

static void catalog_changed(const struct catalog *c)
{
	for (struct queue *q = keeper.engine.queues; q; q = q->next)
		admitting_add(q);
	workers_publish(keeper.sync.catalog);
	log_debug("catalogue version %lld is in force", (long long)c->version);
}

static void waiter_deliver(struct letter *letter)
{
	struct waiter *w = (struct waiter *)letter;

	task_wake(w->ref, w->outcome);
	free(w);
}

static void waiter_drop(struct letter *letter)
{
	free(letter);
}

static void announce(void)
{
	if (keeper.announced || !keeper.synced || !workers_ready())
		return;
	keeper.announced = true;
	keeper.ready();
}

static void sync_ended(struct duty *d, enum code outcome)
{
	while (keeper.served) {
		struct waiter *w = keeper.served;

		keeper.served = w->next;
		w->outcome = outcome;
		loop_post(w->loop, &w->letter);
	}
	if (!keeper.sync.mysql_at)
		pool_suspect();
	if (outcome == CODE_OK) {
		keeper.synced = true;
		if (redis_ready(keeper.engine.redis))
			redis_answered();
	}
	announce();
	if (keeper.asked) {
		keeper.served = keeper.asked;
		keeper.asked = NULL;
		duty_start(d);
	}
	d->period_ms = keeper.announced ? SYNC_MS : SYNC_MS / 10;
}

static void sync_asked(struct letter *letter)
{
	struct waiter *w = (struct waiter *)letter;
	bool running = keeper.sync.duty.running;

	w->letter.deliver = waiter_deliver;
	w->next = running ? keeper.asked : keeper.served;
	*(running ? &keeper.asked : &keeper.served) = w;
	duty_start(&keeper.sync.duty);
}

enum step keeper_sync(struct task *t, int ms)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (!w)
		return task_failed(t, CODE_OVERLOADED);
	w->letter.deliver = sync_asked;
	w->letter.drop = waiter_drop;
	w->ref = task_ref_of(t);
	w->loop = t->loop;
	loop_post(&keeper.loop, &w->letter);
	return task_wait_ms(t, ms);
}

/* Setup: schema, then the catalogue file; nothing else happens before both are done. */

static char *file_read(struct arena *a, const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		text = arena_alloc(a, (size_t)st.st_size + 1);
	if (text)
		n = read(fd, text, (size_t)st.st_size);
	if (n < 0)
		log_error("setting catalog: cannot read %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	*len = n < 0 ? 0 : (size_t)n;
	return n < 0 ? NULL : text;
}

static enum step import_start(struct duty *d)
{
	struct catalog_import_job *j = job_new(&d->task, sizeof(*j), catalog_import_work);

	keeper.job = j;
	if (!j)
		return task_failed(&d->task, CODE_OVERLOADED);
	j->text = file_read(&j->job.arena, settings.catalog, &j->len);
	if (!j->text)
		_exit(STATUS_SETTINGS);
	return duty_submit(d, &j->job, CATALOG_IMPORT_MS);
}

static enum step import_done(void)
{
	const struct catalog_import_job *j = keeper.job;

	if (j->code == CODE_OK)
		return STEP_DONE;
	log_error("setting catalog: %s: %s", settings.catalog, j->why);
	_exit(STATUS_SETTINGS);
}

static enum step setup_advance(struct duty *d)
{
	switch (d->step++) {
	case 0:
		return duty_submit(d, job_new(&d->task, sizeof(struct job), schema_work), CATALOG_IMPORT_MS);
	case 1:
		return settings.catalog ? import_start(d) : STEP_DONE;
	default:
		return import_done();
	}
}

static void setup_ended(struct duty *d, enum code outcome)
{
	if (outcome != CODE_OK)
		return; /* the timer tries again */
	duty_destroy(d);
	duty_start(&keeper.sync.duty);
	duty_start(&keeper.settling.duty);
	duty_start(&keeper.lapsing.duty);
	duty_start(&keeper.sweep);
	duty_start(&keeper.sampling);
}

static void *keeper_main(void *arg)
{
	(void)arg;
	duty_start(&keeper.setup);
	if (keeper.alive.period_ms)
		duty_start(&keeper.alive);
	loop_run(&keeper.loop);
	return NULL;
}

static void on_stop(struct letter *letter)
{
	(void)letter;
	loop_stop(&keeper.loop);
}

int keeper_start(void (*ready)(void))
{
	struct keeper *k = &keeper;

	k->ready = ready;
	k->stop.deliver = on_stop;
	if (loop_init(&k->loop, k) != 0 || engine_init(&k->engine, &k->loop) != 0 ||
	    duty_init(&k->setup, &k->loop, SETUP_MS, setup_advance) != 0 ||
	    sync_init(&k->sync, &k->engine, SYNC_MS / 10) != 0 || settling_init(&k->settling, &k->engine) != 0 ||
	    lapsing_init(&k->lapsing, &k->loop, mysql_answered) != 0 ||
	    duty_init(&k->sweep, &k->loop, SWEEP_MS, sweep_advance) != 0 ||
	    duty_init(&k->alive, &k->loop, notify_watchdog_ms() / ALIVE_SIGNS, alive_advance) != 0 ||
	    duty_init(&k->sampling, &k->loop, HISTORY_INTERVAL_MS, sampling_advance) != 0 ||
	    !(k->history = history_new())) {
		log_error("out of memory");
		return -1;
	}
	k->setup.ended = setup_ended;
	k->sync.duty.ended = sync_ended;
	k->sync.changed = catalog_changed;
	k->sync.answered = mysql_answered;
	if (pthread_create(&k->thread, NULL, keeper_main, NULL) == 0)
		return 0;
	log_error("cannot start the keeper");
	return -1;
}

void keeper_stop(void)
{
	struct keeper *k = &keeper;

	loop_post(&k->loop, &k->stop);
	pthread_join(k->thread, NULL);
}
