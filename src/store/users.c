/* Batches, cache and answers of user checks. */
#include "store/users.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/order.h"

#define BATCHES_PER_SECOND 200
#define CROWD 50     /* after a batch as large as this the next one waits longer, since it will be larger still: */
#define CROWD_GAPS 5 /* this many times as long */
#define ID_DIGITS 20

struct user_question {
	struct user_question *next;
	struct task_ref ref;
	int64_t id;
	bool *known; /* memory of the task */
};

struct users_job {
	struct job job;
	struct users *users;
	struct user_question *questions;
	size_t count, found_count;
	int64_t *ids, *found; /* in the job's arena; found is sorted */
};

static struct user_entry *slot_of(struct users *u, int64_t id)
{
	return &u->cache[((uint64_t)id * 0x9e3779b97f4a7c15u) >> 48];
}

static void found_add(void *arg, int64_t id)
{
	struct users_job *j = arg;

	if (j->found_count < j->count)
		j->found[j->found_count++] = id;
}

static enum db_result batch_read(struct db *db, void *arg)
{
	struct users_job *j = arg;
	size_t size = 64 + j->count * (ID_DIGITS + 1), n;
	char *sql = arena_alloc(&j->job.arena, size);

	j->found = arena_alloc(&j->job.arena, (j->count + 1) * sizeof(*j->found));
	if (!sql || !j->found)
		return DB_FAILED;
	j->found_count = 0;
	n = (size_t)snprintf(sql, size, "SELECT id FROM users WHERE id IN (");
	for (size_t i = 0; i < j->count; i++)
		n += (size_t)snprintf(sql + n, size - n, "%s%" PRId64, i ? "," : "", j->ids[i]);
	snprintf(sql + n, size - n, ") ORDER BY id");
	return db_text_numbers(db, sql, found_add, j);
}

static enum code batch_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, batch_read, job));
}

static void remember(struct users *u, int64_t id, bool known)
{
	if (slot_of(u, id)->id == 0)
		metric_add(METRIC_users_kept, 1);
	*slot_of(u, id) = (struct user_entry){id, clock_ms() + (known ? USER_KNOWN_MS : USER_UNKNOWN_MS), known};
}

/* On the loop: every question of the batch gets its answer. */
static void batch_back(struct job *job)
{
	struct users_job *j = (struct users_job *)job;
	enum code outcome = job->outcome;
	struct user_question *q = j->questions;

	while (q) {
		struct user_question *next = q->next;
		bool known = outcome == CODE_OK && j->found_count &&
			     bsearch(&q->id, j->found, j->found_count, sizeof(q->id), order_int64);

		if (outcome == CODE_OK)
			remember(j->users, q->id, known);
		if (task_alive(q->ref)) {
			*q->known = known;
			task_wake(q->ref, outcome);
		}
		free(q);
		q = next;
	}
}

static void batch_refused(struct user_question *q)
{
	while (q) {
		struct user_question *next = q->next;

		task_wake(q->ref, CODE_OVERLOADED);
		free(q);
		q = next;
	}
}

/* Takes up to a batch of questions off the list. */
static struct users_job *batch_take(struct users *u)
{
	struct users_job *j = job_new_alone(u->loop, sizeof(*j), batch_work);
	struct user_question *last = NULL;

	if (!j)
		return NULL;
	j->users = u;
	j->questions = u->first;
	j->ids = arena_alloc(&j->job.arena, USERS_BATCH * sizeof(*j->ids));
	if (!j->ids) {
		job_free(&j->job);
		return NULL;
	}
	while (u->first && j->count < USERS_BATCH) {
		last = u->first;
		j->ids[j->count++] = last->id;
		u->first = last->next;
	}
	if (last)
		last->next = NULL;
	u->waiting -= j->count;
	return j;
}

static void flush_schedule(struct users *u);

static void flush(evutil_socket_t fd, short what, void *arg)
{
	struct users *u = arg;
	struct users_job *j;

	(void)fd, (void)what;
	u->flush_pending = false;
	u->flushed_at = clock_ms();
	j = batch_take(u);
	if (!j) {
		flush_schedule(u);
		return;
	}
	u->batch_size = j->count;
	/* Nobody waits for the batch itself: `unused` hands its answers on. */
	j->job.unused = batch_back;
	if (job_hand_in(&j->job, MYSQL_DEADLINE_MS) != 0) {
		struct user_question *questions = j->questions;

		job_free(&j->job);
		batch_refused(questions);
	}
	if (u->first)
		flush_schedule(u);
}

static void flush_schedule(struct users *u)
{
	int64_t gap = u->batch_size < CROWD ? u->gap_ms : u->gap_ms * CROWD_GAPS;
	int64_t wait = u->flushed_at + gap - clock_ms();
	struct timeval tv = {0, wait > 0 ? (suseconds_t)wait * 1000 : 0};

	if (u->flush_pending)
		return;
	u->flush_pending = true;
	event_add(u->flush, &tv);
}

int users_init(struct users *u, struct loop *l, long loops)
{
	memset(u, 0, sizeof(*u));
	u->loop = l;
	u->gap_ms = (loops * 1000 + BATCHES_PER_SECOND - 1) / BATCHES_PER_SECOND;
	u->cache = calloc(USERS_CACHE, sizeof(*u->cache));
	metric_add(METRIC_users_most, USERS_CACHE);
	u->flush = evtimer_new(l->base, flush, u);
	return u->cache && u->flush ? 0 : -1;
}

void users_destroy(struct users *u)
{
	while (u->first) {
		struct user_question *q = u->first;

		u->first = q->next;
		free(q);
	}
	if (u->flush)
		event_free(u->flush);
	free(u->cache);
}

enum step users_check(struct users *u, struct task *t, int64_t id, bool *known)
{
	struct user_entry *e = slot_of(u, id);
	struct user_question *q;

	if (e->id == id && e->until > clock_ms()) {
		metric_add(METRIC_user_hits, 1);
		*known = e->known;
		return STEP_NEXT;
	}
	metric_add(METRIC_user_misses, 1);
	q = u->waiting < (size_t)USERS_BATCH * 100 ? malloc(sizeof(*q)) : NULL;
	if (!q)
		return task_failed(t, CODE_OVERLOADED);
	*q = (struct user_question){NULL, task_ref_of(t), id, known};
	if (u->first)
		u->last->next = q;
	else
		u->first = q;
	u->last = q;
	u->waiting++;
	flush_schedule(u);
	return task_wait(t, t->loop->mysql_deadline);
}

void users_forget_unknown(struct users *u)
{
	for (size_t i = 0; i < USERS_CACHE; i++) {
		if (u->cache[i].known || u->cache[i].id == 0)
			continue;
		u->cache[i].id = 0;
		metric_add(METRIC_users_kept, -1);
	}
}
