/* The calls of the waiting line, and how their answers are read. */
#include "engine/queue.h"

#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "engine/functions.h"
#include "engine/reply.h"
#include "settings.h"

/* The six keys every queue function begins with, in the order of lua/lib/30-queue.lua. */
static void fcall_queue(struct fcall *f, const struct queue *q)
{
	fcall_text(f, q->keys.queue);
	fcall_text(f, q->keys.waiting);
	fcall_text(f, q->keys.active);
	fcall_text(f, q->keys.places);
	fcall_text(f, q->keys.unclaimed);
	fcall_text(f, q->keys.admitted);
}

#define QUEUE_KEYS 6

/* Sends the one call of a question and waits for it. */
static enum step call(struct task *t, struct ask *a, struct fcall *f, const struct queue *q)
{
	fcall_send(f, a, q->name);
	return ask_wait(a, t);
}

static enum code read_entry(struct ask *a, const redisReply *reply)
{
	struct standing *s = a->out;

	s->code = (enum code)reply_int(reply, 0);
	if (s->code == CODE_NO_QUEUE)
		return CODE_UNAVAILABLE;
	s->created = reply_int(reply, 1) == 1;
	s->place = (uint64_t)reply_int(reply, 2);
	s->issued_at = reply_int(reply, 3);
	s->waiting = reply_int(reply, 5);
	if (s->code == CODE_ACTIVE)
		s->session_ends_at = reply_int(reply, 4);
	else
		s->position = reply_int(reply, 4);
	return CODE_OK;
}

enum step queue_enter(struct task *t, struct engine *e, struct queue *q, uint64_t user, bool may_admit, uint64_t draw,
		      struct standing *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_entry, out);
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	fcall_begin(&f, "usher_enter", QUEUE_KEYS + 1);
	fcall_queue(&f, q);
	fcall_text(&f, q->keys.issued);
	fcall_number(&f, (int64_t)user);
	fcall_number(&f, may_admit);
	fcall_number(&f, (int64_t)draw);
	return call(t, a, &f, q);
}

/* ZRANK waiting, ZSCORE waiting. */
static enum code read_waiting(struct ask *a, const redisReply *reply)
{
	struct standing *s = a->out;

	if (a->got == 0)
		s->position = reply->type == REDIS_REPLY_INTEGER ? reply->integer + 1 : 0;
	else if (s->position && reply_number(reply) == (int64_t)s->place)
		s->code = CODE_WAITING;
	return CODE_OK;
}

static struct shown_up *shown_up_slot(struct queue *q, uint64_t user)
{
	return q->shown_up ? &q->shown_up[(user * 0x9e3779b97f4a7c15U) % SHOWN_UP] : NULL;
}

static bool has_shown_up(struct queue *q, uint64_t user, uint64_t place)
{
	const struct shown_up *x = shown_up_slot(q, user);

	return x && x->user == user && x->place == place && x->epoch == q->status.settings.epoch;
}

static void shown_up_note(struct queue *q, uint64_t user, uint64_t place)
{
	if (!q->shown_up)
		q->shown_up = calloc(SHOWN_UP, sizeof(*q->shown_up));
	if (q->shown_up)
		*shown_up_slot(q, user) = (struct shown_up){user, place, q->status.settings.epoch};
}

/* ZSCORE active, ZSCORE places, and SISMEMBER unclaimed where that is not remembered. */
static enum code read_inside(struct ask *a, const redisReply *reply)
{
	struct standing *s = a->out;

	switch (a->got) {
	case 0:
		s->session_ends_at = reply_number(reply);
		break;
	case 1:
		/* A session that is over may not have been swept yet. */
		if (s->session_ends_at > s->asked_at && reply_number(reply) == (int64_t)s->place)
			s->code = CODE_ACTIVE;
		break;
	default:
		s->claimed = reply->type == REDIS_REPLY_INTEGER && reply->integer == 0;
		if (s->claimed && s->code == CODE_ACTIVE)
			shown_up_note(s->queue, s->user, s->place);
	}
	return CODE_OK;
}

static void command(struct ask *a, const struct queue *q, const char *verb, const char *key, const char *member)
{
	const char *argv[] = {verb, key, member};
	const size_t lens[] = {strlen(verb), strlen(key), strlen(member)};

	ask_command(a, q->name, 3, argv, lens);
}

enum step queue_find_waiting(struct task *t, struct engine *e, struct queue *q, uint64_t user, uint64_t place,
			     struct standing *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_waiting, out);
	char member[DECIMAL_TEXT];

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	*out = (struct standing){.code = CODE_TOKEN_EXPIRED, .place = place};
	decimal_write(member, (int64_t)user);
	command(a, q, "ZRANK", q->keys.waiting, member);
	command(a, q, "ZSCORE", q->keys.waiting, member);
	return ask_wait(a, t);
}

enum step queue_find_inside(struct task *t, struct engine *e, struct queue *q, uint64_t user, uint64_t place,
			    struct standing *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_inside, out);
	char member[DECIMAL_TEXT];

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	*out = (struct standing){.code = CODE_TOKEN_EXPIRED,
				 .queue = q,
				 .user = user,
				 .place = place,
				 .claimed = has_shown_up(q, user, place),
				 .asked_at = q->status.known ? queue_now(q) : 0};
	decimal_write(member, (int64_t)user);
	command(a, q, "ZSCORE", q->keys.active, member);
	command(a, q, "ZSCORE", q->keys.places, member);
	if (!out->claimed)
		command(a, q, "SISMEMBER", q->keys.unclaimed, member);
	return ask_wait(a, t);
}

static enum code read_claim(struct ask *a, const redisReply *reply)
{
	struct standing *s = a->out;

	s->code = (enum code)reply_int(reply, 0);
	if (s->code == CODE_NO_QUEUE)
		return CODE_UNAVAILABLE;
	if (s->code == CODE_ACTIVE)
		s->session_ends_at = reply_int(reply, 1);
	else
		s->position = reply_int(reply, 1);
	s->claimed = true;
	return CODE_OK;
}

enum step queue_claim(struct task *t, struct engine *e, struct queue *q, const struct token *token,
		      struct standing *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_claim, out);
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	fcall_begin(&f, "usher_claim", QUEUE_KEYS + 2);
	fcall_queue(&f, q);
	fcall_text(&f, q->keys.through);
	fcall_text(&f, q->keys.gone);
	fcall_number(&f, (int64_t)token->user);
	fcall_number(&f, (int64_t)token->place);
	fcall_number(&f, token->issued_at);
	return call(t, a, &f, q);
}

static bool hold_read(const redisReply *reply, struct hold_name *h)
{
	return reply->type == REDIS_REPLY_STRING &&
	       sscanf(reply->str, "%" SCNd64 ":%" SCNd64 ":%" SCNd64, &h->concert, &h->schedule, &h->seat) == 3;
}

static enum code read_leaving(struct ask *a, const redisReply *reply)
{
	struct leaving *l = a->out;

	l->code = (enum code)reply_int(reply, 0);
	l->hold_count = 0;
	if (reply->elements < 2)
		return CODE_OK;
	l->holds = arena_alloc(&a->ref.task->arena, (reply->elements - 1) * sizeof(*l->holds));
	for (size_t i = 1; l->holds && i < reply->elements; i++)
		if (hold_read(reply->element[i], &l->holds[l->hold_count]))
			l->hold_count++;
	return l->holds ? CODE_OK : CODE_INTERNAL;
}

enum step queue_leave(struct task *t, struct engine *e, struct queue *q, uint64_t user, uint64_t place,
		      struct leaving *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_leaving, out);
	char holds[KEY_TEXT];
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	fcall_begin(&f, "usher_leave", QUEUE_KEYS + 3);
	fcall_queue(&f, q);
	fcall_text(&f, q->keys.through);
	fcall_text(&f, q->keys.gone);
	fcall_text(&f, holds_key(holds, q->name, (int64_t)user));
	fcall_number(&f, (int64_t)user);
	fcall_number(&f, (int64_t)place);
	return call(t, a, &f, q);
}

static void status_field(struct queue_status *s, const char *name, int64_t value)
{
	const struct {
		const char *name;
		int64_t *to;
	} fields[] = {
		{"version", &s->settings.version},
		{"epoch", &s->settings.epoch},
		{"capacity", &s->settings.capacity},
		{"ratePerSecond", &s->settings.rate_per_second},
		{"sessionSeconds", &s->settings.session_seconds},
		{"claimSeconds", &s->settings.claim_seconds},
		{"opensAt", &s->settings.opens_at},
		{"createdAt", &s->settings.created_at},
		{"entered", &s->entered},
		{"admitted", &s->admitted},
		{"noShows", &s->no_shows},
		{"left", &s->left},
		{"paid", &s->paid},
		{"next", &s->next},
		{"reach", &s->reach},
		{"ceiling", &s->ceiling},
	};

	if (strcmp(name, "paused") == 0)
		s->settings.paused = value != 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (strcmp(name, fields[i].name) == 0)
			*fields[i].to = value;
}

static enum code read_status(struct ask *a, const redisReply *reply)
{
	struct queue_status *s = a->out;
	int64_t seats_total = s->seats_total; /* counted when the question was asked */
	const redisReply *fields, *taken;

	memset(s, 0, sizeof(*s));
	s->seats_total = seats_total;
	if (reply_int(reply, 0) != CODE_OK || reply->elements < 10)
		return CODE_OK;
	functions_check_age(reply_int(reply, 1));
	s->known = true;
	s->now = reply_int(reply, 2);
	s->waiting = reply_int(reply, 3);
	s->inside = reply_int(reply, 4);
	s->unclaimed = reply_int(reply, 5);
	s->admitted_minute = reply_int(reply, 6);
	s->admitted_span_ms = reply_int(reply, 7);
	s->reach = REACH_UNKNOWN;
	fields = reply->element[8];
	for (size_t i = 0; i + 1 < fields->elements; i += 2)
		status_field(s, fields->element[i]->str, reply_int(fields, i + 1));
	taken = reply->element[9];
	for (size_t i = 0; i < taken->elements; i++)
		s->seats_taken += reply_int(taken, i);
	return CODE_OK;
}

enum step queue_ask_status(struct task *t, struct engine *e, struct queue *q, struct queue_status *out)
{
	const size_t most = FCALL_ARGS - QUEUE_KEYS;
	struct ask *a = redis_ask_for(e->redis, t, read_status, out);
	const char *coming[FCALL_ARGS];
	size_t n = 0;
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	out->seats_total = 0;
	for (size_t i = 0; i < q->schedule_count && n < most; i++) {
		if (q->schedules[i].starts_at <= q->status.now)
			continue;
		out->seats_total += q->schedules[i].seats;
		coming[n++] = q->schedules[i].key;
	}
	fcall_read_begin(&f, "usher_status", QUEUE_KEYS + (int)n);
	fcall_queue(&f, q);
	for (size_t i = 0; i < n; i++)
		fcall_text(&f, coming[i]);
	return call(t, a, &f, q);
}

enum step queue_ask_figures(struct task *t, struct queue *q)
{
	q->refreshed_at = clock_ms();
	return queue_ask_status(t, q->engine, q, &q->status);
}

static enum code read_number(struct ask *a, const redisReply *reply)
{
	*(int64_t *)a->out = reply_number(reply);
	return CODE_OK;
}

enum step queue_count_both(struct task *t, struct engine *e, struct queue *q, int64_t *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_number, out);
	const char *argv[] = {"ZINTERCARD", "2", q->keys.waiting, q->keys.active};
	const size_t lens[] = {10, 1, strlen(q->keys.waiting), strlen(q->keys.active)};

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	ask_command(a, q->name, 4, argv, lens);
	return ask_wait(a, t);
}

static enum code read_admission(struct ask *a, const redisReply *reply)
{
	struct admission *m = a->out;

	m->code = (enum code)reply_int(reply, 0);
	m->ended = reply_int(reply, 1);
	m->admitted = reply_int(reply, 2);
	m->more = reply_int(reply, 3) == 1;
	return CODE_OK;
}

enum step queue_admit(struct task *t, struct engine *e, struct queue *q, int batch, bool may_admit,
		      struct admission *out)
{
	struct ask *a = redis_ask_for(e->redis, t, read_admission, out);
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	fcall_begin(&f, may_admit ? "usher_admit" : "usher_sweep", QUEUE_KEYS + may_admit);
	fcall_queue(&f, q);
	if (may_admit)
		fcall_text(&f, q->keys.through);
	fcall_number(&f, batch);
	if (may_admit)
		fcall_number(&f, true);
	return call(t, a, &f, q);
}

enum step queue_configure(struct task *t, struct engine *e, struct queue *q, const struct queue_settings *s)
{
	struct ask *a = redis_ask(e->redis, t);
	struct fcall f;

	if (!a)
		return task_failed(t, redis_refusal(e->redis));
	fcall_begin(&f, "usher_configure", 3);
	fcall_text(&f, q->keys.queue);
	fcall_text(&f, q->keys.active);
	fcall_text(&f, q->keys.rebuild);
	fcall_number(&f, s->version);
	fcall_number(&f, s->epoch);
	fcall_number(&f, s->capacity);
	fcall_number(&f, s->rate_per_second);
	fcall_number(&f, s->session_seconds);
	fcall_number(&f, s->claim_seconds);
	fcall_number(&f, s->paused);
	fcall_number(&f, s->opens_at);
	fcall_number(&f, s->created_at);
	fcall_number(&f, settings.return_seconds * 1000);
	return call(t, a, &f, q);
}

/* Every move of a user is counted by one of these, and none of them ever counts down in an epoch. */
static int64_t moves(const struct queue_status *s)
{
	return s->entered + s->admitted + s->no_shows + s->left + s->paid;
}

void queue_note(struct queue *q, const struct queue_status *s)
{
	if (!s->known || queue_went_back(q, s))
		return;
	q->seen_epoch = s->settings.epoch;
	q->seen_moves = moves(s);
}

bool queue_went_back(const struct queue *q, const struct queue_status *s)
{
	if (s->settings.epoch != q->seen_epoch)
		return s->settings.epoch < q->seen_epoch;
	return moves(s) < q->seen_moves;
}

int64_t queue_now(const struct queue *q)
{
	return q->status.now + clock_ms() - q->refreshed_at;
}

int64_t queue_eta_seconds(const struct queue_status *s, int64_t position)
{
	/* The first of them came out of a second that was measured to its end only. */
	int64_t span = s->admitted_span_ms + 1000;

	if (s->settings.paused || s->admitted_minute <= 0)
		return -1;
	return (position * span + s->admitted_minute * 1000 - 1) / (s->admitted_minute * 1000);
}
