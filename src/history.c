/* A ring of samples for each queue. The lock is taken for a copy, by the keeper and by operators only. */
#include "history.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "engine/token.h"

#define QUEUE_NAME_SIZE (QUEUE_NAME_MAX + 1)

struct sample {
	int64_t at;
	double value[HISTORY_COLUMNS];
};

/* One queue's samples: number n stands at n % HISTORY_SAMPLES. */
struct ring {
	char name[QUEUE_NAME_SIZE];
	bool seen; /* in the sample that is being taken */
	struct history_queue last;
	int64_t last_ms; /* the steady clock then */
	size_t count;
	struct sample samples[HISTORY_SAMPLES];
	struct ring *next;
};

struct history {
	pthread_mutex_t lock;
	struct ring *rings;
	bool begun;
	int64_t last_ms;
	struct times_all last;
};

struct history *history_new(void)
{
	struct history *h = calloc(1, sizeof(*h));

	if (h && pthread_mutex_init(&h->lock, NULL) == 0)
		return h;
	free(h);
	return NULL;
}

void history_free(struct history *h)
{
	while (h && h->rings) {
		struct ring *r = h->rings;

		h->rings = r->next;
		free(r);
	}
	if (h)
		pthread_mutex_destroy(&h->lock);
	free(h);
}

static struct ring *ring_find(struct history *h, const char *name)
{
	struct ring *r = h->rings;

	while (r && strcmp(r->name, name) != 0)
		r = r->next;
	return r;
}

/* The ring of a queue; made when Redis first tells the time. */
static struct ring *ring_of(struct history *h, const struct history_queue *q)
{
	struct ring *r = ring_find(h, q->name);

	if (r || !q->known || strlen(q->name) > QUEUE_NAME_MAX)
		return r;
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	strcpy(r->name, q->name);
	r->next = h->rings;
	h->rings = r;
	return r;
}

/* So many a second, from two readings of a counter that only ever grows. */
static double rate(int64_t now, int64_t before, int64_t ms)
{
	return now < before || ms <= 0 ? NAN : (double)(now - before) * 1000 / (double)ms;
}

/* What this daemon did since the sample before. */
static void daemon_values(const struct history *h, int64_t steady_ms, const struct times_all *times,
			  double value[HISTORY_COLUMNS])
{
	int64_t ms = h->begun ? steady_ms - h->last_ms : 0;
	struct histogram_counts since = histogram_since(&times->times, &h->last.times);
	double p99 = histogram_quantile(HISTOGRAM_http_request, &since, 0.99);

	value[HISTORY_REQUESTS] = rate((int64_t)histogram_total(&since), 0, ms);
	value[HISTORY_ERRORS] = rate((int64_t)times->errors, (int64_t)h->last.errors, ms);
	value[HISTORY_P99] = ms > 0 && p99 >= 0 ? p99 : NAN;
}

/* A counter says something only beside the sample before: over a gap nobody knows when it rose, and another epoch
 * counts anew. */
static void queue_values(const struct ring *r, int64_t steady_ms, const struct history_queue *q,
			 double value[HISTORY_COLUMNS])
{
	bool follows = r->last.known && r->last.epoch == q->epoch;
	int64_t ms = follows ? steady_ms - r->last_ms : 0;

	value[HISTORY_WAITING] = (double)q->waiting;
	value[HISTORY_INSIDE] = (double)q->inside;
	value[HISTORY_SEATS_LEFT] = (double)q->seats_left;
	value[HISTORY_ADMITTED] = rate(q->admitted, r->last.admitted, ms);
	value[HISTORY_NO_SHOWS] = rate(q->no_shows, r->last.no_shows, ms);
	value[HISTORY_PAYMENTS] = rate(q->paid, r->last.paid, ms);
}

static void ring_add(struct ring *r, int64_t steady_ms, const struct history_queue *q,
		     const double daemon[HISTORY_COLUMNS])
{
	struct sample *s = &r->samples[r->count % HISTORY_SAMPLES];
	int64_t now = q->known ? q->now : r->last.now + steady_ms - r->last_ms;

	memcpy(s->value, daemon, sizeof(s->value));
	s->at = now;
	if (q->known)
		queue_values(r, steady_ms, q, s->value);
	r->last = *q;
	r->last.name = r->name;
	r->last.now = now;
	r->last_ms = steady_ms;
	r->seen = true;
	r->count++;
}

/* Forgets the queues that were not in the sample. */
static void rings_sweep(struct history *h)
{
	struct ring **at = &h->rings;

	while (*at) {
		struct ring *r = *at;

		if (r->seen) {
			r->seen = false;
			at = &r->next;
		} else {
			*at = r->next;
			free(r);
		}
	}
}

void history_sample(struct history *h, int64_t steady_ms, const struct times_all *times,
		    const struct history_queue *queues, size_t count)
{
	double daemon[HISTORY_COLUMNS];

	for (int i = 0; i < HISTORY_COLUMNS; i++)
		daemon[i] = NAN;
	pthread_mutex_lock(&h->lock);
	daemon_values(h, steady_ms, times, daemon);
	for (size_t i = 0; i < count; i++) {
		struct ring *r = ring_of(h, &queues[i]);

		if (r)
			ring_add(r, steady_ms, &queues[i], daemon);
	}
	rings_sweep(h);
	h->begun = true;
	h->last = *times;
	h->last_ms = steady_ms;
	pthread_mutex_unlock(&h->lock);
}

static bool view_alloc(struct history_view *v, struct arena *a)
{
	v->at = arena_alloc(a, HISTORY_SAMPLES * sizeof(*v->at));
	for (int i = 0; i < HISTORY_COLUMNS; i++)
		v->column[i] = arena_alloc(a, HISTORY_SAMPLES * sizeof(*v->column[i]));
	for (int i = 0; i < HISTORY_COLUMNS; i++)
		if (!v->column[i])
			return false;
	return v->at != NULL;
}

static void view_fill(struct history_view *v, const struct ring *r)
{
	size_t first = r->count > HISTORY_SAMPLES ? r->count - HISTORY_SAMPLES : 0;

	for (size_t n = first; n < r->count; n++, v->count++) {
		const struct sample *s = &r->samples[n % HISTORY_SAMPLES];

		v->at[v->count] = s->at;
		for (int i = 0; i < HISTORY_COLUMNS; i++)
			v->column[i][v->count] = s->value[i];
	}
}

bool history_read(struct history *h, const char *queue, struct arena *a, struct history_view *out)
{
	const struct ring *r;

	*out = (struct history_view){0};
	if (!view_alloc(out, a))
		return false;
	pthread_mutex_lock(&h->lock);
	r = ring_find(h, queue);
	if (r)
		view_fill(out, r);
	pthread_mutex_unlock(&h->lock);
	return true;
}
