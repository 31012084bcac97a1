/*
 * Something done in small steps on one loop: a request, or a duty of the keeper.
 * A step starts at most one operation and waits for it; an operation never completes inside the
 * call that started it. Answers find their task through a reference with its generation, so one
 * that comes after the task has ended finds nobody and does nothing.
 */
#ifndef USHER_BASE_TASK_H
#define USHER_BASE_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/codes.h"
#include "base/loop.h"

enum step {
	STEP_NEXT, /* go on with the next step at once */
	STEP_WAIT, /* an operation is under way; its answer goes on with the next step */
	STEP_DONE, /* the task is over */
};

struct task {
	struct loop *loop;
	struct arena arena; /* what the task allocates; emptied when it ends */
	uint32_t generation;
	struct event *deadline;
	/* Runs the next step. */
	enum step (*advance)(struct task *t);
	/* Ends the task because an operation gave no usable answer; `code` says why. */
	void (*fail)(struct task *t, enum code code);
	/* Called once after the last step or after fail(). */
	void (*finish)(struct task *t);
};

struct task_ref {
	struct task *task;
	uint32_t generation;
};

/* Makes a task that may be begun and ended many times. 0, or -1 when memory is out. */
int task_init(struct task *t, struct loop *l);
void task_destroy(struct task *t);

/* Runs steps until one waits or the last one is done. */
void task_run(struct task *t);

/* Arms the deadline of the operation just started and gives STEP_WAIT; task_ref_of is what the
 * operation keeps. When the deadline passes the task fails with CODE_UNAVAILABLE. */
enum step task_wait(struct task *t, const struct timeval *deadline);
enum step task_wait_ms(struct task *t, int ms);
struct task_ref task_ref_of(struct task *t);

/* Ends the task from inside a step: gives STEP_DONE after fail(). */
enum step task_failed(struct task *t, enum code code);

/* Whether the task that asked is still waiting for this answer. */
bool task_alive(struct task_ref ref);

/* Goes on with a live task: the next step on CODE_OK, fail() on anything else. */
void task_wake(struct task_ref ref, enum code outcome);

/* Ends a task: later answers to it are stale, its memory is gone. Called by finish(). */
void task_end(struct task *t);

#endif
