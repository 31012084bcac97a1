/* Reading samples of the line and the list of those who have gone, and interpolating between them. */
#include "engine/snapshot.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/text.h"
#include "engine/functions.h"
#include "engine/queue.h"
#include "engine/reply.h"

#define GONE_BITS 20
#define GONE_PAGE 1000
#define SAMPLE_PAGE 250
#define OTHERS_MOST 10
#define TOLERANCE_LEAST 50
#define TOLERANCE_SHARE 100
#define SAMPLE_SHARE 128 /* as in lua/queue/sample.lua */
#define EPOCH_BITS 36    /* as in lua/lib/30-queue.lua: a place is epoch * 2^36 + number */

/* Who stands between two samples is off by less than the ranks between them, and by the others. From where a
 * hundredth is more than 50 on, it grows faster than those do. */
_Static_assert(TOLERANCE_LEAST *TOLERANCE_SHARE / SAMPLE_SHARE + OTHERS_MOST < TOLERANCE_LEAST, "too far apart");

static uint64_t gone_bit(int64_t place)
{
	return ((uint64_t)place * 0x9e3779b97f4a7c15u) >> (64 - GONE_BITS);
}

static bool gone_has(const struct snapshot *s, int64_t place)
{
	uint64_t bit = gone_bit(place);

	return s->gone && (s->gone[bit / 64] >> (bit % 64) & 1);
}

static bool gone_add(struct snapshot *s, int64_t place)
{
	uint64_t bit = gone_bit(place);

	if (!s->gone)
		s->gone = calloc((size_t)1 << (GONE_BITS - 6), sizeof(*s->gone));
	if (!s->gone)
		return false;
	s->gone[bit / 64] |= (uint64_t)1 << (bit % 64);
	s->gone_count++;
	return true;
}

/* All begins anew with an epoch. The list of those who have gone also gets shorter as the line passes those on it,
 * and what is too full sends everybody to Redis: then all of it is read once more. */
static void snapshot_reset(struct snapshot *s)
{
	s->samples.count = 0;
	free(s->gone);
	s->gone = NULL;
	s->gone_count = 0;
	s->gone_seen = 0;
	s->asked_at = 0;
}

/* place, number, place, number, ... */
static enum code read_gone(struct ask *a, const redisReply *reply)
{
	struct snapshot *s = a->out;

	for (size_t i = 0; i + 1 < reply->elements; i += 2) {
		if (!gone_add(s, reply_int(reply, i)))
			return CODE_OVERLOADED;
		s->gone_seen = reply_int(reply, i + 1);
	}
	s->page_full = reply->elements >= 2 * (size_t)GONE_PAGE;
	return CODE_OK;
}

static enum step gone_ask(struct task *t, struct queue *q)
{
	struct ask *a = redis_ask_for(q->engine->redis, t, read_gone, &q->snapshot);
	char after[24];
	const char *argv[] = {"ZRANGEBYSCORE", q->keys.gone, after, "+inf",
			      "WITHSCORES",    "LIMIT",      "0",   TEXT(GONE_PAGE)};
	size_t lens[sizeof(argv) / sizeof(argv[0])];

	if (!a)
		return task_failed(t, redis_refusal(q->engine->redis));
	snprintf(after, sizeof(after), "(%lld", (long long)q->snapshot.gone_seen);
	for (size_t i = 0; i < sizeof(argv) / sizeof(argv[0]); i++)
		lens[i] = strlen(argv[i]);
	ask_command(a, q->name, sizeof(argv) / sizeof(argv[0]), argv, lens);
	return ask_wait(a, t);
}

static bool samples_add(struct samples *l, int64_t place, int64_t ordinal)
{
	/* The line may have changed between two pages: what does not rise is left out. */
	if (l->count && (place <= l->at[l->count - 1].place || ordinal < l->at[l->count - 1].ordinal))
		return true;
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		struct sample *larger = realloc(l->at, room * sizeof(*larger));

		if (!larger)
			return false;
		l->at = larger;
		l->room = room;
	}
	l->at[l->count++] = (struct sample){place, ordinal};
	return true;
}

static enum code read_samples(struct ask *a, const redisReply *reply)
{
	struct snapshot *s = a->out;
	int64_t admitted = reply_int(reply, 1);

	s->from = reply_int(reply, 2);
	for (size_t i = 3; i + 1 < reply->elements; i += 2)
		if (!samples_add(&s->coming, reply_int(reply, i + 1), reply_int(reply, i) + admitted))
			return CODE_OVERLOADED;
	return CODE_OK;
}

static enum step samples_ask(struct task *t, struct queue *q)
{
	struct ask *a = redis_ask_for(q->engine->redis, t, read_samples, &q->snapshot);
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(q->engine->redis));
	fcall_read_begin(&f, "usher_sample", 2);
	fcall_text(&f, q->keys.queue);
	fcall_text(&f, q->keys.waiting);
	fcall_number(&f, q->snapshot.from);
	fcall_number(&f, SAMPLE_PAGE);
	fcall_send(&f, a, q->name);
	return ask_wait(a, t);
}

static void samples_swap(struct snapshot *s)
{
	struct samples old = s->samples;

	s->samples = s->coming;
	s->coming = old;
}

/* Most that may be let in during the next second: whom there is room for now, and as many as were of late. */
static int64_t soon_admitted(const struct queue_status *q)
{
	int64_t room = q->ceiling - q->inside;
	int64_t soon = (room > 0 ? room : 0) + q->admitted_minute * 1000 / (q->admitted_span_ms + 1000);

	if (q->settings.paused)
		return 0;
	return soon < q->settings.rate_per_second ? soon : q->settings.rate_per_second;
}

static void figures_take(struct snapshot *s, const struct queue_status *q, int64_t began)
{
	s->asked_at = began;
	s->admitted = q->admitted;
	s->end = (struct sample){(q->settings.epoch << EPOCH_BITS) + q->next, q->waiting - 1 + q->admitted};
	/* A queue that the version before set up does not say: anybody may have been let in. */
	s->reach = q->reach == REACH_UNKNOWN ? s->end.place : q->reach;
	s->moving = soon_admitted(q);
}

/* Stays as it is while people join at the end of the line and are let in from its front. Who leaves changes it. */
static int64_t others_of(const struct queue_status *q)
{
	return q->waiting + q->admitted - q->entered;
}

/* After a loss who comes back to an old place makes up for one who leaves elsewhere, and with other settings the
 * doors may have been closed in between, and draws have come in anywhere. */
static bool samples_hold(const struct samples *l, const struct queue_status *q)
{
	return l->count && q->settings.epoch == 1 && q->settings.version == l->version &&
	       clock_ms() - l->taken_at < SAMPLES_MOST_MS && llabs(others_of(q) - l->others) <= OTHERS_MOST;
}

static enum step samples_begin(struct task *t, struct queue *q)
{
	struct snapshot *s = &q->snapshot;

	s->state = SNAPSHOT_SAMPLES;
	s->from = 0;
	s->coming.count = 0;
	s->coming.taken_at = s->coming.true_at = clock_ms();
	s->coming.version = q->fresh.settings.version;
	s->coming.others = others_of(&q->fresh);
	return samples_ask(t, q);
}

static enum step refresh_begin(struct task *t, struct queue *q)
{
	const struct queue_status *now = &q->fresh;
	struct snapshot *s = &q->snapshot;

	if (!now->known || queue_went_back(q, now) || now->waiting <= FAR_LEAST) {
		s->asked_at = 0;
		return STEP_DONE;
	}
	if (now->settings.epoch != s->epoch || s->gone_count > s->gone_most) {
		snapshot_reset(s);
		s->gone_most = (size_t)1 << (GONE_BITS - 2);
	}
	s->epoch = now->settings.epoch;
	s->state = SNAPSHOT_GONE;
	return gone_ask(t, q);
}

static enum step gone_read(struct task *t, struct queue *q, int64_t began)
{
	struct snapshot *s = &q->snapshot;

	if (s->page_full)
		return gone_ask(t, q);
	if (s->asked_at == 0 && s->gone_most < 2 * s->gone_count)
		s->gone_most = 2 * s->gone_count; /* the list is as long as that */
	figures_take(s, &q->fresh, began);
	s->state = SNAPSHOT_BEGIN;
	/* Before the doors no position is told, and every draw that comes changes them. */
	if (q->fresh.settings.opens_at > q->fresh.now)
		s->samples.count = 0;
	else if (samples_hold(&s->samples, &q->fresh))
		s->samples.true_at = began;
	else if (s->samples.count == 0 || clock_ms() - s->samples.taken_at >= SAMPLES_MS)
		return samples_begin(t, q);
	return STEP_DONE;
}

enum step snapshot_refresh(struct task *t, struct queue *q, int64_t began)
{
	struct snapshot *s = &q->snapshot;

	switch (s->state) {
	case SNAPSHOT_BEGIN:
		return refresh_begin(t, q);
	case SNAPSHOT_GONE:
		return gone_read(t, q, began);
	default:
		if (s->from)
			return samples_ask(t, q);
		samples_swap(s);
		metric_add(METRIC_snapshots, 1);
		return STEP_DONE;
	}
}

/* The last sample whose place is not above `place`; NULL: it stands in front of all of them. */
static const struct sample *sample_below(const struct samples *l, int64_t place)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->at[middle].place <= place)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &l->at[low - 1] : NULL;
}

/* Between two places, linear; nobody stands between the last place of an epoch and the first of the next. A place
 * is one person's, so there are never more people than places between two: from either side this bounds it, and
 * in a line that nobody has left it is exact. */
static int64_t ordinal_between(const struct sample *a, const struct sample *b, int64_t place)
{
	int64_t epoch = place & -(INT64_C(1) << EPOCH_BITS), from = a->place > epoch ? a->place : epoch;
	double part = (double)(place - from) / (double)(b->place - from);
	int64_t ordinal = a->ordinal + (int64_t)(part * (double)(b->ordinal - a->ordinal));
	int64_t most = a->ordinal + (place - a->place), least = b->ordinal - (b->place - place);

	if (ordinal > most)
		ordinal = most;
	return ordinal < least ? least : ordinal;
}

/* -1: not known. */
static int64_t ordinal_of(const struct snapshot *s, int64_t place)
{
	const struct sample *a = sample_below(&s->samples, place), *last = &s->samples.at[s->samples.count - 1];

	if (!a)
		return -1;
	if (a != last)
		return ordinal_between(a, a + 1, place);
	/* Behind the last sample stand those who came since, and behind the end nobody of whom is known. */
	if (place < s->end.place)
		return ordinal_between(last, &s->end, place);
	return place == s->end.place ? s->end.ordinal : -1;
}

static bool close_enough(const struct snapshot *s, int64_t rank)
{
	int64_t tolerance = rank / TOLERANCE_SHARE;

	return rank >= FAR_LEAST && s->moving <= (tolerance > TOLERANCE_LEAST ? tolerance : TOLERANCE_LEAST);
}

static bool may_have_gone(const struct snapshot *s, int64_t place)
{
	bool old = s->epoch > 1 && place >> EPOCH_BITS < s->epoch;

	return old || place <= s->reach || gone_has(s, place);
}

bool snapshot_tells(const struct queue *q, uint64_t place, struct standing *out)
{
	const struct snapshot *s = &q->snapshot;
	int64_t now = clock_ms(), ordinal;

	if (now - s->asked_at >= SNAPSHOT_MS || may_have_gone(s, (int64_t)place))
		return false;
	*out = (struct standing){.code = CODE_WAITING, .place = place, .estimated = true};
	if (q->status.settings.opens_at > queue_now(q) + SNAPSHOT_MS)
		return true;
	if (now - s->samples.true_at > SNAPSHOT_MS || s->samples.count == 0)
		return false;
	ordinal = ordinal_of(s, (int64_t)place);
	out->position = ordinal - s->admitted + 1;
	return ordinal >= 0 && close_enough(s, ordinal - s->admitted);
}

void snapshot_free(struct snapshot *s)
{
	free(s->samples.at);
	free(s->coming.at);
	free(s->gone);
}
