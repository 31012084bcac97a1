/* Recording holds and giving them up; nobody waits for either. */
#include "api/holds.h"

#include <stdlib.h>
#include <string.h>

#include "base/metrics.h"
#include "engine/unrecorded.h"
#include "store/recovery.h"

/* Whose holds may have been dropped while this daemon was slow. */
struct holder {
	struct engine *engine;
	struct queue *queue;
	int64_t user;
};

struct restoring_job {
	struct lost_holds_job lost;
	struct holder holder;
};

static void restore(struct job *job)
{
	const struct restoring_job *j = (struct restoring_job *)job;
	size_t n;

	for (size_t i = 0; job->outcome == CODE_OK && i < j->lost.count; i += n) {
		n = j->lost.count - i < LOST_HOLDS_MOST ? j->lost.count - i : LOST_HOLDS_MOST;
		queue_readmit(NULL, j->holder.engine, j->holder.queue, j->lost.holds + i, n);
		metric_add(METRIC_restored, (int64_t)n);
	}
}

/* The reservation stands, but its hold was not on the list: somebody took it for abandoned, or Redis was
 * lost. What MySQL says now is what Redis is told. */
static void hold_missing(void *kept)
{
	const struct holder *h = kept;
	struct restoring_job *j = job_new_alone(h->engine->loop, sizeof(*j), lost_holds_work);

	if (!j)
		return;
	j->holder = *h;
	j->lost.user = h->user;
	memcpy(j->lost.queue, h->queue->name, sizeof(j->lost.queue));
	j->lost.job.unused = restore;
	if (job_hand_in(&j->lost.job, MYSQL_DEADLINE_MS) != 0)
		job_free(&j->lost.job);
}

static void hold_record(const struct reserve_job *j)
{
	struct holder *h = malloc(sizeof(*h));

	if (!h)
		return; /* a keeper finds it on the list */
	*h = (struct holder){j->engine, j->line, j->user};
	if (!unrecorded_strike(h->engine, h->queue, (uint64_t)h->user, &j->seats, hold_missing, h, free))
		free(h);
}

/* Of two equal requests at once the one may take the hold and the other write the reservation. So what
 * counts is whether it was written, and the list says whether the hold is there still. */
void hold_conclude(struct job *job)
{
	const struct reserve_job *j = (struct reserve_job *)job;
	bool kept = job->outcome == CODE_OK && j->code == CODE_OK && (!j->replayed || j->stands);
	bool written = kept && !j->replayed && !j->existed;

	if (j->unsure)
		return;
	if (written || (kept && j->took_hold))
		hold_record(j);
	else if (j->took_hold)
		unrecorded_drop(j->engine, j->line, (uint64_t)j->user, &j->seats, j->held_since);
}
