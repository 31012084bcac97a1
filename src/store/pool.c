/* Threads and the queue of jobs in front of them. */
#include "store/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/histogram.h"
#include "base/metrics.h"
#include "settings.h"
#include "store/db.h"

#define REST_MS 250

static struct {
	pthread_mutex_t lock; /* guards first, last, waiting, stopping */
	pthread_cond_t work;
	struct job *first, *last;
	long waiting;
	bool stopping;
	long threads;
	pthread_t *thread;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER, .work = PTHREAD_COND_INITIALIZER};

/* The next job, or NULL when the pool stops. */
static struct job *job_take(void)
{
	struct job *job;

	pthread_mutex_lock(&pool.lock);
	while (!pool.first && !pool.stopping)
		pthread_cond_wait(&pool.work, &pool.lock);
	job = pool.stopping ? NULL : pool.first;
	if (job) {
		pool.first = job->next;
		metric_set(METRIC_mysql_queue, --pool.waiting);
	}
	pthread_mutex_unlock(&pool.lock);
	return job;
}

/* Puts a job back to where it was taken from. */
static void job_give_back(struct job *job)
{
	pthread_mutex_lock(&pool.lock);
	job->next = pool.first;
	if (!pool.first)
		pool.last = job;
	pool.first = job;
	metric_set(METRIC_mysql_queue, ++pool.waiting);
	pthread_cond_signal(&pool.work);
	pthread_mutex_unlock(&pool.lock);
}

static void job_do(struct db *db, struct job *job)
{
	int64_t began = clock_us();

	histogram_observe(HISTOGRAM_mysql_wait, 0, 0, began - job->queued_us);
	metric_add(METRIC_mysql_busy, 1);
	db_set_deadline(db, job->deadline);
	job->outcome = clock_ms() < job->deadline ? job->work(db, job) : CODE_UNAVAILABLE;
	metric_add(METRIC_mysql_busy, -1);
	histogram_observe(HISTOGRAM_mysql_job, 0, 0, clock_us() - began);
	metric_add(METRIC_mysql_jobs, 1);
	if (job->outcome != CODE_OK)
		metric_add(METRIC_mysql_errors, 1);
	loop_post(job->loop, &job->letter);
}

/* A thread that gets no connection while others have theirs, since MySQL has no more to give, leaves the
 * jobs to them for a while. */
static void *thread_main(void *arg)
{
	const struct timespec rest = {0, REST_MS * 1000000};
	struct db *db = arg;
	struct job *job;

	db_thread_begin();
	while ((job = job_take())) {
		if (clock_ms() >= job->deadline || db_open(db) || !db_any_connected()) {
			job_do(db, job);
			continue;
		}
		job_give_back(job);
		nanosleep(&rest, NULL);
	}
	db_free(db);
	db_thread_end();
	return NULL;
}

int pool_start(void)
{
	if (db_library_init() != 0)
		return -1;
	pool.thread = calloc((size_t)settings.db_threads, sizeof(*pool.thread));
	if (!pool.thread)
		return -1;
	for (pool.threads = 0; pool.threads < settings.db_threads; pool.threads++) {
		struct db *db = db_new();

		if (!db || pthread_create(&pool.thread[pool.threads], NULL, thread_main, db) != 0) {
			free(db);
			return -1;
		}
	}
	return 0;
}

bool pool_stop(int most_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += most_ms / 1000;
	until.tv_nsec += (long)(most_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&pool.lock);
	pool.stopping = true;
	pthread_cond_broadcast(&pool.work);
	pthread_mutex_unlock(&pool.lock);
	for (long i = 0; i < pool.threads; i++)
		if (pthread_timedjoin_np(pool.thread[i], NULL, &until) != 0)
			return false;
	free(pool.thread);
	while (pool.first) {
		struct job *job = pool.first;

		pool.first = job->next;
		job_free(job);
	}
	db_library_end();
	return true;
}

void job_free(struct job *job)
{
	arena_free(&job->arena);
	free(job);
}

static void job_release(void *job)
{
	job_free(job);
}

/* On the loop: the task goes on and frees the job when it ends; without a task it is freed here. */
static void job_back(struct letter *letter)
{
	struct job *job = (struct job *)letter;
	struct task_ref ref = job->ref;
	enum code outcome = job->outcome;

	if (job->unused && (!task_alive(ref) || outcome != CODE_OK))
		job->unused(job);
	if (!task_alive(ref))
		job_free(job);
	else if (arena_on_reset(&ref.task->arena, job_release, job) != 0)
		task_wake(ref, CODE_INTERNAL);
	else
		task_wake(ref, outcome);
}

static void job_drop(struct letter *letter)
{
	job_free((struct job *)letter);
}

void *job_new_alone(struct loop *l, size_t size, enum code (*work)(struct db *, struct job *))
{
	struct job *job = calloc(1, size);

	if (!job)
		return NULL;
	job->letter.deliver = job_back;
	job->letter.drop = job_drop;
	job->loop = l;
	job->work = work;
	return job;
}

void *job_new(struct task *t, size_t size, enum code (*work)(struct db *, struct job *))
{
	struct job *job = job_new_alone(t->loop, size, work);

	if (job)
		job->ref = task_ref_of(t);
	return job;
}

static bool queue_push(struct job *job)
{
	bool room;

	pthread_mutex_lock(&pool.lock);
	room = pool.waiting < settings.db_queue && !pool.stopping;
	if (room) {
		if (pool.first)
			pool.last->next = job;
		else
			pool.first = job;
		pool.last = job;
		metric_set(METRIC_mysql_queue, ++pool.waiting);
		pthread_cond_signal(&pool.work);
	}
	pthread_mutex_unlock(&pool.lock);
	return room;
}

int job_hand_in(struct job *job, int ms)
{
	job->queued_us = clock_us();
	job->deadline = job->queued_us / 1000 + ms;
	if (queue_push(job))
		return 0;
	metric_add(METRIC_mysql_refused, 1);
	return -1;
}

enum step job_submit(struct task *t, struct job *job, int ms)
{
	if (job_hand_in(job, ms) != 0) {
		if (job->unused)
			job->unused(job);
		job_free(job);
		return task_failed(t, CODE_OVERLOADED);
	}
	return task_wait_ms(t, ms);
}
