/* A small table of promises, by user. */
#include "api/promises.h"

#include "base/metrics.h"

static struct promise *slot(struct promises *p, uint64_t user)
{
	return &p->at[(user * 0x9e3779b97f4a7c15u) >> 50];
}

void promise_make(struct promises *p, uint64_t user, uint64_t place, int64_t due)
{
	struct promise *x = slot(p, user);

	if (x->user != user || x->place != place)
		*x = (struct promise){user, place, due};
}

void promise_kept(struct promises *p, uint64_t user, uint64_t place, int64_t now)
{
	struct promise *x = slot(p, user);

	if (x->user != user || x->place != place)
		return;
	metric_observe_eta_error(now > x->due ? now - x->due : x->due - now);
	x->user = 0;
}
