/* A small table of promises, by user. */
#include "api/promises.h"

#include "base/histogram.h"

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
	histogram_observe(HISTOGRAM_eta_error, 0, 0, (now > x->due ? now - x->due : x->due - now) * 1000);
	x->user = 0;
}
