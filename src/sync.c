/* The steps of a sync: MySQL's queues, the catalogue if it is new, then each queue in Redis. */
#include "sync.h"

#include <string.h>

#include "base/clock.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "base/metrics.h"
#include "engine/seats.h"
#include "store/queues.h"
#include "store/recovery.h"
#include "worker.h"

#define CATALOG_READ_MS 60000
#define AGAIN_MS 3000 /* less than the seconds in which old places come back */
#define LOOK_MS 1500  /* MySQL counts as away when it does not answer a look within this */

/* Redis may have come back with other data, and what was under way then may have been written since. */
static void compare_begin(struct sync *s)
{
	s->connection = redis_times_up(s->engine->redis);
	s->comparing = redis_ready(s->engine->redis) &&
		       (s->connection != s->compared || (s->again_at && clock_ms() >= s->again_at));
	s->all_compared = true;
}

static void compare_end(struct sync *s)
{
	if (!s->comparing || !s->all_compared)
		return;
	s->again_at = s->connection != s->compared ? clock_ms() + AGAIN_MS : 0;
	s->compared = s->connection;
}

static enum step read_queues(struct sync *s)
{
	s->mysql_at = 0;
	compare_begin(s);
	s->queues = job_new(&s->duty.task, sizeof(*s->queues), queues_read_work);
	return duty_submit(&s->duty, (struct job *)s->queues, LOOK_MS);
}

static void catalog_unused(struct job *job)
{
	catalog_drop(((struct catalog_job *)job)->catalog);
}

static enum step read_catalog(struct sync *s)
{
	s->mysql_at = clock_ms();
	s->answered();
	s->reading = NULL;
	if (s->catalog && s->catalog->version == s->queues->catalog_version)
		return STEP_NEXT;
	s->reading = job_new(&s->duty.task, sizeof(*s->reading), catalog_read_work);
	if (s->reading)
		s->reading->job.unused = catalog_unused;
	return duty_submit(&s->duty, (struct job *)s->reading, CATALOG_READ_MS);
}

static enum step take_catalog(struct sync *s)
{
	s->at = 0;
	s->state = SYNC_LOOK;
	if (!s->reading)
		return STEP_NEXT;
	s->answered();
	catalog_drop(s->catalog);
	s->catalog = s->reading->catalog;
	engine_take_catalog(s->engine, s->catalog);
	s->changed(s->catalog);
	return STEP_NEXT;
}

static const struct queue_row *row_of(const struct sync *s)
{
	return &s->queues->rows[s->at];
}

static struct queue *queue_at(struct sync *s)
{
	return engine_queue(s->engine, row_of(s)->name, strlen(row_of(s)->name));
}

static enum step next_queue(struct sync *s)
{
	s->at++;
	s->state = SYNC_LOOK;
	return STEP_NEXT;
}

static enum step configure(struct sync *s, struct queue *q)
{
	s->at++;
	s->state = SYNC_LOOK;
	return queue_configure(&s->duty.task, s->engine, q, &s->settings);
}

/* Whether Redis has nothing of the queue, or has come back with older data than it had: either way
 * all of it has to be made anew. */
static bool lost(const struct sync *s, const struct queue *q)
{
	return !s->status.known || s->status.settings.epoch < row_of(s)->settings.epoch ||
	       queue_went_back(q, &s->status);
}

static enum step rebuild_seats(struct sync *s, struct queue *q);

/* What Redis says of the queue decides: all well, older settings, or nothing there that counts. */
static enum step judge(struct sync *s, struct queue *q)
{
	s->settings = row_of(s)->settings;
	if (lost(s, q)) {
		s->state = SYNC_LOCKED;
		return queue_rebuild_begin(&s->duty.task, s->engine, q, &s->mine);
	}
	queue_note(q, &s->status);
	if (s->status.settings.version < s->settings.version) {
		s->all_compared = false;
		return configure(s, q);
	}
	if (!s->comparing)
		return next_queue(s);
	s->rebuilding = false;
	s->schedule = 0;
	return rebuild_seats(s, q);
}

/* Whoever had the lock before may have done it all since the first look: look again under it. */
static enum step look_again(struct sync *s, struct queue *q)
{
	if (!s->mine)
		return next_queue(s);
	crash_point(CRASH_rebuild_locked);
	s->state = SYNC_AGAIN;
	return queue_ask_status(&s->duty.task, s->engine, q, &s->status);
}

static enum step raise_epoch(struct sync *s, struct queue *q)
{
	struct queue_epoch_job *j;

	if (!lost(s, q))
		return next_queue(s);
	s->job = j = job_new(&s->duty.task, sizeof(*j), queue_epoch_work);
	if (j) {
		memcpy(j->name, row_of(s)->name, sizeof(j->name));
		j->seen = s->settings.epoch;
	}
	s->state = SYNC_EPOCH;
	s->schedule = 0;
	return duty_submit(&s->duty, (struct job *)j, MYSQL_DEADLINE_MS);
}

/* The next schedule of this queue from number s->schedule on, or NULL. */
static const struct catalog_schedule *schedule_next(struct sync *s)
{
	for (; s->schedule < s->catalog->schedule_count; s->schedule++)
		if (strcmp(s->catalog->schedules[s->schedule].concert->queue->name, row_of(s)->name) == 0)
			return &s->catalog->schedules[s->schedule];
	return NULL;
}

/* Who holds a seat is inside again. */
static enum step read_holds(struct sync *s, const struct queue *q)
{
	struct lost_holds_job *j = job_new(&s->duty.task, sizeof(*j), lost_holds_work);

	s->job = j;
	if (j)
		memcpy(j->queue, q->name, sizeof(j->queue));
	s->readmitted = 0;
	s->state = SYNC_HOLDS;
	return duty_submit(&s->duty, (struct job *)j, MYSQL_DEADLINE_MS);
}

/* Who had been through, a page at a time, so that nobody goes through twice. */
static enum step read_through(struct sync *s, const struct queue *q, const struct admitted *after)
{
	struct through_job *j = job_new(&s->duty.task, sizeof(*j), through_read_work);

	s->job = j;
	if (j) {
		memcpy(j->queue, q->name, sizeof(j->queue));
		j->place = after ? after->place : 0;
		j->user = after ? after->user : 0;
	}
	s->state = SYNC_THROUGH;
	return duty_submit(&s->duty, (struct job *)j, MYSQL_DEADLINE_MS);
}

static enum step readmit(struct sync *s, struct queue *q)
{
	const struct lost_holds_job *j = s->job;
	const struct lost_hold *from = j->holds + s->readmitted;
	size_t left = j->count - s->readmitted, n = left < LOST_HOLDS_MOST ? left : LOST_HOLDS_MOST;

	if (left == 0)
		return s->rebuilding ? read_through(s, q, NULL) : next_queue(s);
	s->readmitted += n;
	return queue_readmit(&s->duty.task, s->engine, q, from, n);
}

static enum step note_through(struct sync *s, struct queue *q)
{
	const struct through_job *j = s->job;

	if (j->list.count == 0) {
		log_info("queue %s: set up in Redis, epoch %lld", q->name, (long long)s->settings.epoch);
		crash_point(CRASH_rebuild_seats);
		metric_add(METRIC_rebuilt, 1);
		s->again_at = clock_ms() + AGAIN_MS;
		return configure(s, q);
	}
	s->state = SYNC_NOTED;
	return queue_note_through(&s->duty.task, s->engine, q, j->list.at, j->list.count);
}

static enum step noted(struct sync *s, struct queue *q)
{
	const struct through_job *j = s->job;

	return read_through(s, q, &j->list.at[j->list.count - 1]);
}

/* Seats first, settings last: until the settings are there the queue lets nobody in. */
static enum step rebuild_seats(struct sync *s, struct queue *q)
{
	const struct catalog_schedule *schedule = schedule_next(s);
	struct seats_sold_job *j;

	if (!schedule)
		return read_holds(s, q);
	s->job = j = job_new(&s->duty.task, sizeof(*j), seats_sold_work);
	if (j)
		j->schedule = schedule->id;
	s->state = SYNC_CORRECT;
	s->corrected = 0;
	return duty_submit(&s->duty, (struct job *)j, MYSQL_DEADLINE_MS);
}

static enum step epoch_raised(struct sync *s, struct queue *q)
{
	const struct queue_epoch_job *j = s->job;

	if (!j->won)
		return next_queue(s);
	crash_point(CRASH_rebuild_epoch);
	s->settings.epoch++;
	s->rebuilding = true;
	s->state = SYNC_FORGOTTEN;
	if (!s->status.known)
		return STEP_NEXT;
	log_error("queue %s: Redis has come back with older data", q->name);
	return queue_forget(&s->duty.task, s->engine, q, s->settings.epoch);
}

static enum step correct_seats(struct sync *s, struct queue *q)
{
	const struct seats_sold_job *j = s->job;
	const int64_t *from = j->seats + s->corrected;
	size_t left = j->count - s->corrected, n = left < SEATS_CORRECT_MOST ? left : SEATS_CORRECT_MOST;

	if (left == 0) {
		s->schedule++;
		s->state = SYNC_SEATS;
		return s->rebuilding ? queue_rebuild_go_on(&s->duty.task, s->engine, q) : STEP_NEXT;
	}
	s->corrected += n;
	return seats_correct(&s->duty.task, s->engine, q, j->schedule, from, n);
}

static enum step sync_queue(struct sync *s)
{
	struct queue *q;

	if (s->at == s->queues->count) {
		compare_end(s);
		return STEP_DONE;
	}
	q = queue_at(s);
	if (!q) {
		s->all_compared = false;
		return next_queue(s); /* younger than the catalogue just read: the next run has it */
	}
	switch (s->state) {
	case SYNC_LOOK:
		s->state = SYNC_JUDGE;
		return queue_ask_status(&s->duty.task, s->engine, q, &s->status);
	case SYNC_JUDGE:
		return judge(s, q);
	case SYNC_LOCKED:
		return look_again(s, q);
	case SYNC_AGAIN:
		return raise_epoch(s, q);
	case SYNC_EPOCH:
		return epoch_raised(s, q);
	case SYNC_FORGOTTEN:
	case SYNC_SEATS:
		return rebuild_seats(s, q);
	case SYNC_CORRECT:
		return correct_seats(s, q);
	case SYNC_HOLDS:
		return readmit(s, q);
	case SYNC_THROUGH:
		return note_through(s, q);
	default:
		return noted(s, q);
	}
}

static enum step sync_advance(struct duty *d)
{
	struct sync *s = (struct sync *)d;

	switch (d->step++) {
	case 0:
		return read_queues(s);
	case 1:
		return read_catalog(s);
	case 2:
		return take_catalog(s);
	default:
		return sync_queue(s);
	}
}

int sync_init(struct sync *s, struct engine *e, int period_ms)
{
	memset(s, 0, sizeof(*s));
	s->engine = e;
	return duty_init(&s->duty, e->loop, period_ms, sync_advance);
}

void sync_destroy(struct sync *s)
{
	duty_destroy(&s->duty);
	catalog_drop(s->catalog);
}
