/*
 * A duty: something the keeper does again and again, as a task with steps.
 */
#ifndef USHER_DUTY_H
#define USHER_DUTY_H

#include "store/pool.h"

struct duty {
	struct task task;
	struct event *timer;
	int period_ms; /* from the end of one run to the start of the next */
	unsigned step; /* the next one */
	/* Runs step number `d->step++`. */
	enum step (*advance)(struct duty *d);
	/* Called when a run has ended; may be NULL. */
	void (*ended)(struct duty *d, enum code outcome);
	enum code outcome;
	bool running;
};

/* Makes the duty; it starts with duty_start(). 0, or -1 when memory is out. */
int duty_init(struct duty *d, struct loop *l, int period_ms, enum step (*advance)(struct duty *d));
void duty_destroy(struct duty *d);

/* Starts a run now, unless one is under way. */
void duty_start(struct duty *d);

/* Hands a job of the duty in and waits for it, at most `ms`; a `job` of NULL is memory that was out. */
enum step duty_submit(struct duty *d, struct job *job, int ms);

#endif
