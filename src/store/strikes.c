/* Collects what Redis was told of and strikes it off in batches. */
#include "store/strikes.h"

#include <event2/event.h>
#include <string.h>

#define STRIKE_MS 100 /* well before a keeper looks: SETTLE_AFTER_MS */

/* If the job is not taken the lines stay, and a keeper finds them. */
static void strike(struct strikes *s)
{
	struct strike_job *j = job_new_alone(s->loop, sizeof(*j), strike_work);

	if (j) {
		j->count = s->count;
		memcpy(j->reservations, s->reservations, s->count * sizeof(s->reservations[0]));
		if (job_hand_in(&j->job, MYSQL_DEADLINE_MS) != 0)
			job_free(&j->job);
	}
	s->count = 0;
	event_del(s->timer);
}

static void strike_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	strike(arg);
}

int strikes_init(struct strikes *s, struct loop *l)
{
	s->loop = l;
	s->count = 0;
	s->timer = evtimer_new(l->base, strike_due, s);
	return s->timer ? 0 : -1;
}

void strikes_destroy(struct strikes *s)
{
	if (s->timer)
		event_free(s->timer);
}

void strikes_add(struct strikes *s, int64_t reservation)
{
	const struct timeval tv = {0, STRIKE_MS * 1000};

	if (s->count == 0)
		event_add(s->timer, &tv);
	s->reservations[s->count++] = reservation;
	if (s->count == SETTLE_BATCH)
		strike(s);
}
