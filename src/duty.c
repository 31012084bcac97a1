/* Running a duty and coming back to it. */
#include "duty.h"

#include <event2/event.h>
#include <string.h>

static struct duty *duty_of(struct task *t)
{
	return (struct duty *)t; /* the task is the first member */
}

static enum step duty_advance(struct task *t)
{
	return duty_of(t)->advance(duty_of(t));
}

static void duty_fail(struct task *t, enum code code)
{
	duty_of(t)->outcome = code;
}

static void duty_finish(struct task *t)
{
	struct duty *d = duty_of(t);
	struct timeval tv = {d->period_ms / 1000, (d->period_ms % 1000) * 1000};

	task_end(t);
	d->running = false;
	event_add(d->timer, &tv);
	if (d->ended)
		d->ended(d, d->outcome);
}

static void duty_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	duty_start(arg);
}

int duty_init(struct duty *d, struct loop *l, int period_ms, enum step (*advance)(struct duty *d))
{
	memset(d, 0, sizeof(*d));
	if (task_init(&d->task, l) != 0)
		return -1;
	d->task.advance = duty_advance;
	d->task.fail = duty_fail;
	d->task.finish = duty_finish;
	d->period_ms = period_ms;
	d->advance = advance;
	d->timer = evtimer_new(l->base, duty_due, d);
	return d->timer ? 0 : -1;
}

void duty_destroy(struct duty *d)
{
	if (d->timer)
		event_free(d->timer);
	task_destroy(&d->task);
}

void duty_start(struct duty *d)
{
	if (d->running)
		return;
	event_del(d->timer);
	d->running = true;
	d->step = 0;
	d->outcome = CODE_OK;
	task_run(&d->task);
}

enum step duty_submit(struct duty *d, struct job *job, int ms)
{
	return job ? job_submit(&d->task, job, ms) : task_failed(&d->task, CODE_OVERLOADED);
}
