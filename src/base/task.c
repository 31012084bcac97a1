/* Steps, deadlines and generations. */
#include "base/task.h"

#include <event2/event.h>
#include <string.h>

static void deadline_passed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	task_wake(task_ref_of(arg), CODE_UNAVAILABLE);
}

int task_init(struct task *t, struct loop *l)
{
	memset(t, 0, sizeof(*t));
	t->loop = l;
	t->deadline = evtimer_new(l->base, deadline_passed, t);
	return t->deadline ? 0 : -1;
}

void task_destroy(struct task *t)
{
	if (t->deadline)
		event_free(t->deadline);
	arena_free(&t->arena);
}

void task_run(struct task *t)
{
	enum step s;

	do
		s = t->advance(t);
	while (s == STEP_NEXT);
	if (s == STEP_DONE)
		t->finish(t);
}

enum step task_wait(struct task *t, const struct timeval *deadline)
{
	event_add(t->deadline, deadline);
	return STEP_WAIT;
}

enum step task_wait_ms(struct task *t, int ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	return task_wait(t, ms == MYSQL_DEADLINE_MS ? t->loop->mysql_deadline : &tv);
}

struct task_ref task_ref_of(struct task *t)
{
	return (struct task_ref){t, t->generation};
}

enum step task_failed(struct task *t, enum code code)
{
	t->fail(t, code);
	return STEP_DONE;
}

bool task_alive(struct task_ref ref)
{
	return ref.task && ref.task->generation == ref.generation;
}

void task_wake(struct task_ref ref, enum code outcome)
{
	struct task *t = ref.task;

	if (!task_alive(ref))
		return;
	event_del(t->deadline);
	if (outcome == CODE_OK) {
		task_run(t);
		return;
	}
	t->fail(t, outcome);
	t->finish(t);
}

void task_end(struct task *t)
{
	event_del(t->deadline);
	t->generation++;
	arena_reset(&t->arena);
}
