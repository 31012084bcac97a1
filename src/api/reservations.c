/* /v1/reservations: holding seats, looking at a reservation, giving it up. */
#include "store/reservations.h"

#include <stddef.h>
#include <string.h>

#include "api/filter.h"
#include "api/holds.h"
#include "api/routes.h"
#include "api/seat_json.h"
#include "base/crash_point.h"
#include "base/metrics.h"
#include "engine/unrecorded.h"

/* What a reservation is being made of. */
struct reserving {
	struct reserving_body body;
	const struct catalog_concert *concert;
	struct seat_list seats; /* by rising id */
	struct holding holding;
};

/* The seats of the body, sorted; false after a 400. */
static bool seats_or_reply(struct request *r, struct reserving *s)
{
	const char *why;

	if (body_seats(&r->task.arena, &s->body, &s->seats, &why))
		return true;
	reply_problem(r, CODE_INVALID_FIELD, why);
	return false;
}

static enum step reply_seats(struct request *r, enum code code, const struct seat_list *seats, const char *detail)
{
	struct json j;

	problem_begin(r, &j, code, detail);
	json_array(&j, "seatIds");
	for (size_t i = 0; i < seats->count; i++)
		json_int(&j, NULL, seats->ids[i]);
	json_array_end(&j);
	return problem_end(r, &j, code);
}

/* Whether the catalogue has the seats; false after a 404. */
static bool seats_exist_or_reply(struct request *r, const struct catalog_schedule *schedule, struct reserving *s)
{
	struct seat_list unknown = {0};

	for (size_t i = 0; i < s->seats.count; i++)
		if (!schedule_seat(schedule, s->seats.ids[i]))
			unknown.ids[unknown.count++] = s->seats.ids[i];
	if (unknown.count == 0)
		return true;
	reply_seats(r, CODE_SEAT_NOT_FOUND, &unknown, "seatIds lists the unknown ones");
	return false;
}

enum step reserve_read(struct request *r)
{
	struct reserving *s = state_or_reply(r, sizeof(*s));
	const struct catalog_schedule *schedule;

	if (!s || !body_or_reply(r, &reserving_body, &s->body) || !seats_or_reply(r, s) || !idempotency_or_reply(r))
		return STEP_DONE;
	schedule = schedule_or_reply(r, s->body.schedule);
	if (!schedule || !seats_exist_or_reply(r, schedule, s))
		return STEP_DONE;
	s->concert = schedule->concert;
	s->seats.concert = s->concert->id;
	s->seats.schedule = schedule->id;
	return STEP_NEXT;
}

enum step reserve_hold(struct request *r)
{
	struct visit *v = visit_of(r);
	struct reserving *s = v->state;

	return seats_hold(&r->task, &v->worker->engine, v->queue, v->token.user, v->token.place, &s->seats,
			  s->concert->seat_limit, s->concert->hold_seconds * 1000, &s->holding);
}

/* Redis said no. */
static enum step reply_refused(struct request *r, const struct reserving *s)
{
	switch (s->holding.code) {
	case CODE_SEAT_TAKEN:
		return reply_seats(r, CODE_SEAT_TAKEN, &s->holding.taken, "seatIds lists those that are not free");
	case CODE_SEAT_LIMIT:
		return reply_problem_fmt(r, CODE_SEAT_LIMIT, "at most %lld seats of this concert for one user",
					 (long long)s->concert->seat_limit);
	default:
		return reply_expired(r);
	}
}

/* A loser costs MySQL nothing, unless a key says that the answer may have been given before. */
enum step reserve_record(struct request *r)
{
	struct visit *v = visit_of(r);
	struct reserving *s = v->state;
	bool held = s->holding.code == CODE_OK, may = held || s->holding.code == CODE_HELD_ALREADY;
	struct reserve_job *j;

	if (!may && !*v->idempotency.key)
		return reply_refused(r, s);
	if (held)
		crash_point(CRASH_after_hold);
	j = job_or_reply(r, sizeof(*j), reserve_work);
	if (!j) {
		if (held)
			unrecorded_drop(&v->worker->engine, v->queue, v->token.user, &s->seats, s->holding.since);
		return STEP_DONE;
	}
	j->job.unused = hold_conclude;
	j->code = CODE_OVERLOADED; /* unless it is begun */
	j->user = (int64_t)v->token.user;
	j->place = v->token.place;
	memcpy(j->queue, v->queue->name, sizeof(j->queue));
	j->took_hold = held;
	j->held_at = s->holding.held_at;
	j->held_since = s->holding.since;
	j->hold_ms = s->concert->hold_seconds * 1000;
	j->seat_limit = s->concert->seat_limit;
	j->seats = s->seats;
	j->idempotency = v->idempotency;
	j->replay_only = !may;
	j->engine = &v->worker->engine;
	j->line = v->queue;
	return job_wait(r);
}

static enum step reply_reservation(struct request *r, int status, const struct reservation *x)
{
	const struct catalog *c = catalog_or_reply(r);
	struct json j;

	if (!c)
		return STEP_DONE;
	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_int(&j, "reservationId", x->id);
	json_int(&j, "userId", x->user);
	json_int(&j, "scheduleId", x->seats.schedule);
	reservation_seats_json(&j, c, x);
	json_int(&j, "amount", x->amount);
	json_text(&j, "status", reservation_status_name(x->status));
	json_time(&j, "expiresAt", x->expires_at);
	json_object_end(&j);
	return reply_json(r, status, &j);
}

/* Redis is told of a seat that it did not know to be taken, with its owner, who can release it then. */
static void tell_taken(const struct visit *v, const struct lost_hold *h)
{
	if (h->remaining_ms < 0) {
		seats_correct(NULL, &v->worker->engine, v->queue, h->schedule, &h->seat, 1);
		return;
	}
	queue_readmit(NULL, &v->worker->engine, v->queue, h, 1);
	metric_add(METRIC_corrected, 1);
}

/* MySQL has the last word. Seats that are free in MySQL may be held by somebody else by now, and are
 * left alone. */
static enum step reply_taken(struct request *r, const struct reserve_job *j)
{
	struct seat_list taken = {0};

	for (size_t i = 0; i < j->seats.count; i++) {
		if (j->truth[i].remaining_ms == 0)
			continue;
		tell_taken(visit_of(r), &j->truth[i]);
		taken.ids[taken.count++] = j->truth[i].seat;
	}
	return reply_seats(r, CODE_SEAT_TAKEN, taken.count ? &taken : &j->seats,
			   "seatIds lists those that are not free");
}

enum step reserve_answer(struct request *r)
{
	struct visit *v = visit_of(r);
	struct reserve_job *j = v->job;

	hold_conclude(&j->job);
	if (j->code == CODE_OK && j->replayed)
		reply_header(r, "Idempotent-Replay", "true");
	else if (j->code == CODE_OK && j->replay_only)
		return reply_refused(r, v->state);
	switch (j->code) {
	case CODE_OK:
		metric_add(METRIC_reservations, !j->existed && !j->replayed);
		return reply_reservation(r, j->existed ? 200 : 201, &j->reservation);
	case CODE_SEAT_TAKEN:
		return reply_taken(r, j);
	case CODE_SEAT_LIMIT:
		return reply_problem_fmt(r, CODE_SEAT_LIMIT, "at most %lld seats of this concert for one user",
					 (long long)j->seat_limit);
	default:
		return reply_problem(r, j->code, NULL);
	}
}

static enum step reservation_job(struct request *r, enum code (*work)(struct db *, struct job *))
{
	struct reservation_job *j;
	int64_t id;

	if (!path_id_or_reply(r, 0, "reservationId", &id))
		return STEP_DONE;
	j = job_or_reply(r, sizeof(*j), work);
	if (!j)
		return STEP_DONE;
	j->id = id;
	j->user = (int64_t)visit_of(r)->token.user;
	memcpy(j->queue, visit_of(r)->queue->name, sizeof(j->queue));
	return job_wait(r);
}

enum step reservation_ask(struct request *r)
{
	return reservation_job(r, reservation_read_work);
}

enum step reservation_answer(struct request *r)
{
	const struct reservation_job *j = visit_of(r)->job;

	if (j->code != CODE_OK)
		return reply_problem(r, j->code, NULL);
	return reply_reservation(r, 200, &j->reservation);
}

enum step reservation_cancel(struct request *r)
{
	return reservation_job(r, reservation_cancel_work);
}

enum step reservation_release(struct request *r)
{
	struct visit *v = visit_of(r);
	const struct reservation_job *j = v->job;
	const struct reservation *x = &j->reservation;
	struct queue *q;

	if (j->code != CODE_OK)
		return reply_problem(r, j->code, NULL);
	/* A later reservation may hold the same seats by now: only what this request ended is freed. */
	if (!j->ended)
		return STEP_NEXT;
	crash_point(CRASH_cancel_after_commit);
	r->rescue = reservation_released; /* the hold ends by its own timer then */
	q = engine_queue(&v->worker->engine, x->queue, strlen(x->queue));
	if (!q)
		return STEP_NEXT;
	return seats_release(&r->task, &v->worker->engine, q, v->token.user, &x->seats, 1);
}

enum step reservation_released(struct request *r)
{
	return reply_empty(r, 204);
}
