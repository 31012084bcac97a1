/* The reconciling duties, step by step. */
#include "reconcile.h"

#include <string.h>

#include "base/crash_point.h"
#include "base/metrics.h"

#define SETTLE_MS 500
#define LAPSE_MS 500
#define DROP_MS 1000

static enum step settle_one(struct settling *s)
{
	size_t i = s->at++;
	const struct settlement *x = &s->list->items[i];
	struct queue *q = engine_queue(s->engine, x->queue, strlen(x->queue));

	/* A queue this daemon does not know yet stays on the list. */
	if (!q)
		return STEP_NEXT;
	s->reservations[s->told++] = s->list->reservations[i];
	if (!s->list->paid[i])
		return unrecorded_doubt(&s->duty.task, s->engine, q, x->user, &x->seats);
	metric_add(METRIC_settled, 1);
	return seats_settle(&s->duty.task, s->engine, q, x);
}

static enum step settle_strike(struct settling *s)
{
	struct strike_job *j = job_new(&s->duty.task, sizeof(*j), strike_work);

	crash_point(CRASH_settle_before_strike);
	if (j) {
		j->count = s->told;
		memcpy(j->reservations, s->reservations, sizeof(j->reservations));
	}
	s->at++;
	return duty_submit(&s->duty, (struct job *)j, MYSQL_DEADLINE_MS);
}

static enum step settle_advance(struct duty *d)
{
	struct settling *s = (struct settling *)d;

	if (d->step++ == 0) {
		s->at = s->told = 0;
		d->period_ms = SETTLE_MS;
		s->list = job_new(&d->task, sizeof(*s->list), unsettled_read_work);
		return duty_submit(d, (struct job *)s->list, MYSQL_DEADLINE_MS);
	}
	if (s->at < s->list->count)
		return settle_one(s);
	if (s->told == 0)
		return STEP_DONE;
	if (s->at == s->list->count)
		return settle_strike(s);
	/* After a full batch there is more. */
	if (s->told == SETTLE_BATCH)
		d->period_ms = 0;
	return STEP_DONE;
}

int settling_init(struct settling *s, struct engine *e)
{
	s->engine = e;
	return duty_init(&s->duty, e->loop, SETTLE_MS, settle_advance);
}

static enum step lapse_advance(struct duty *d)
{
	struct lapsing *l = (struct lapsing *)d;

	if (d->step++ > 0) {
		l->answered();
		metric_add(METRIC_lapsed, l->job->ended);
		return STEP_DONE;
	}
	l->job = job_new(&d->task, sizeof(*l->job), lapse_work);
	return duty_submit(d, (struct job *)l->job, MYSQL_DEADLINE_MS);
}

int lapsing_init(struct lapsing *l, struct loop *loop, void (*answered)(void))
{
	l->answered = answered;
	return duty_init(&l->duty, loop, LAPSE_MS, lapse_advance);
}

static enum step drop_look(struct dropping *d)
{
	if (d->queue->removed || !redis_ready(d->engine->redis))
		return STEP_DONE;
	return unrecorded_read(&d->duty.task, d->engine, d->queue, &d->list);
}

static enum step drop_ask(struct dropping *d)
{
	if (d->list.count == 0)
		return STEP_DONE;
	d->job = job_new(&d->duty.task, sizeof(*d->job), recorded_work);
	if (d->job)
		d->job->list = d->list;
	return duty_submit(&d->duty, (struct job *)d->job, MYSQL_DEADLINE_MS);
}

static enum step drop_advance(struct duty *duty)
{
	struct dropping *d = (struct dropping *)duty;

	switch (duty->step++) {
	case 0:
		return drop_look(d);
	case 1:
		return drop_ask(d);
	case 2:
		crash_point(CRASH_drop_before_redis);
		return unrecorded_settle(&duty->task, d->engine, d->queue, &d->job->list);
	default:
		/* A full batch: there is more. */
		if (d->list.count < UNRECORDED_MOST)
			return STEP_DONE;
		duty->step = 0;
		return STEP_NEXT;
	}
}

int dropping_init(struct dropping *d, struct engine *e, struct queue *q)
{
	d->engine = e;
	d->queue = q;
	return duty_init(&d->duty, e->loop, DROP_MS, drop_advance);
}
