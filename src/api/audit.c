/* GET /admin/v1/audit: the invariants, counted on the running system. */
#include "store/audit.h"

#include <stdlib.h>
#include <string.h>

#include "api/routes.h"
#include "base/order.h"
#include "engine/seats.h"

/* A schedule of the catalogue and the seats Redis has as paid. */
struct audited {
	const struct catalog_schedule *schedule;
	struct paid_seats paid;
};

/*
 * MySQL is read first: a payment that is in it and not on the list of the unsettled has been told
 * to Redis before. Then Redis, then MySQL again: what Redis has as paid was committed before.
 * So a disagreement is a fault and never a moment in between. The queues are looked at before and after:
 * what was read of a Redis that lost its data on the way, and is being made anew, says nothing.
 */
struct auditing {
	const struct audit_job *first;
	struct queue_status *queues, *queues_again; /* of each queue of the catalogue */
	int64_t *both;                              /* how many users are waiting and inside */
	size_t queues_asked, seats_asked, queues_asked_again;
	struct audited *schedules;
};

enum step audit_mysql(struct request *r)
{
	struct visit *v = visit_of(r);
	struct auditing *a = state_or_reply(r, sizeof(*a));
	const struct catalog *c = a ? catalog_or_reply(r) : NULL;

	if (!c)
		return STEP_DONE;
	a->queues = arena_alloc(&r->task.arena, (c->queue_count + 1) * sizeof(*a->queues));
	a->queues_again = arena_alloc(&r->task.arena, (c->queue_count + 1) * sizeof(*a->queues_again));
	a->both = arena_alloc(&r->task.arena, (c->queue_count + 1) * sizeof(*a->both));
	a->schedules = arena_alloc(&r->task.arena, (c->schedule_count + 1) * sizeof(*a->schedules));
	if (!a->queues || !a->queues_again || !a->both || !a->schedules)
		return reply_problem(r, CODE_OVERLOADED, NULL);
	if (!job_or_reply(r, sizeof(struct audit_job), audit_work))
		return STEP_DONE;
	a->first = v->job;
	return job_wait(r);
}

/* A queue the catalogue names; NULL after a 503. */
static struct queue *queue_or_reply(struct request *r, const char *name)
{
	struct queue *q = engine_queue(&visit_of(r)->worker->engine, name, strlen(name));

	if (!q)
		reply_problem(r, CODE_UNAVAILABLE, NULL);
	return q;
}

/* Two questions a queue: its figures, and who is in both sets. */
enum step audit_queues(struct request *r)
{
	struct visit *v = visit_of(r);
	struct auditing *a = v->state;
	struct queue *q;
	size_t i = a->queues_asked / 2;

	if (i == v->catalog->queue_count)
		return STEP_NEXT;
	request_repeat(r);
	q = queue_or_reply(r, v->catalog->queues[i].name);
	if (!q)
		return STEP_DONE;
	if (a->queues_asked++ % 2 == 0)
		return queue_ask_status(&r->task, &v->worker->engine, q, &a->queues[i]);
	return queue_count_both(&r->task, &v->worker->engine, q, &a->both[i]);
}

enum step audit_seats(struct request *r)
{
	struct visit *v = visit_of(r);
	struct auditing *a = v->state;
	struct audited *s = &a->schedules[a->seats_asked];
	struct queue *q;

	if (a->seats_asked == v->catalog->schedule_count)
		return STEP_NEXT;
	request_repeat(r);
	s->schedule = &v->catalog->schedules[a->seats_asked++];
	q = queue_or_reply(r, s->schedule->concert->queue->name);
	if (!q)
		return STEP_DONE;
	return seats_paid(&r->task, &v->worker->engine, q, s->schedule->id, &s->paid);
}

enum step audit_queues_again(struct request *r)
{
	struct visit *v = visit_of(r);
	struct auditing *a = v->state;
	size_t i = a->queues_asked_again;
	struct queue *q;

	if (i == v->catalog->queue_count)
		return STEP_NEXT;
	request_repeat(r);
	a->queues_asked_again++;
	q = queue_or_reply(r, v->catalog->queues[i].name);
	return q ? queue_ask_status(&r->task, &v->worker->engine, q, &a->queues_again[i]) : STEP_DONE;
}

/* Whether every queue was there the whole time. */
static bool queues_stood(const struct auditing *a, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!a->queues[i].known || !a->queues_again[i].known ||
		    a->queues[i].settings.epoch != a->queues_again[i].settings.epoch)
			return false;
	return true;
}

enum step audit_mysql_again(struct request *r)
{
	if (!job_or_reply(r, sizeof(struct audit_job), audit_work))
		return STEP_DONE;
	return job_wait(r);
}

static int by_seat(const void *a, const void *b)
{
	const struct audit_seat *x = a, *y = b;

	if (x->schedule != y->schedule)
		return x->schedule < y->schedule ? -1 : 1;
	return (x->seat > y->seat) - (x->seat < y->seat);
}

static bool listed(const struct audit_seat *list, size_t count, const struct audit_seat *s)
{
	return count && bsearch(s, list, count, sizeof(*s), by_seat);
}

static int by_schedule(const void *key, const void *element)
{
	const struct audited *x = element;

	return order_int64(key, &x->schedule->id);
}

/* Whether Redis has a seat as paid. A schedule outside the catalogue was not asked about. */
static bool redis_has(const struct auditing *a, const struct audit_seat *s)
{
	const struct audited *x =
		a->seats_asked ? bsearch(&s->schedule, a->schedules, a->seats_asked, sizeof(*x), by_schedule) : NULL;

	if (!x)
		return true;
	return x->paid.count && bsearch(&s->seat, x->paid.ids, x->paid.count, sizeof(*x->paid.ids), order_int64);
}

static struct audit_count paid_compare(const struct auditing *a, const struct audit_job *again)
{
	const struct audit_job *first = a->first;
	struct audit_count c = {.counted = (int64_t)first->paid_count};

	for (size_t i = 0; i < first->paid_count; i++)
		if (!redis_has(a, &first->paid[i]) &&
		    !listed(first->unsettled, first->unsettled_count, &first->paid[i]))
			c.violations++;
	for (size_t i = 0; i < a->seats_asked; i++) {
		const struct audited *x = &a->schedules[i];

		for (size_t k = 0; k < x->paid.count; k++) {
			struct audit_seat s = {x->schedule->id, x->paid.ids[k]};

			c.violations += !listed(again->paid, again->paid_count, &s);
		}
	}
	return c;
}

/* Gives whether it holds, so that the answer as a whole can say so. */
static bool write_invariant(struct json *j, const char *name, struct audit_count c)
{
	json_object(j, NULL);
	json_text(j, "name", name);
	json_int(j, "counted", c.counted);
	json_int(j, "violations", c.violations);
	json_bool(j, "holds", c.violations == 0);
	json_object_end(j);
	return c.violations == 0;
}

static struct audit_count capacity_count(const struct auditing *a, size_t queues)
{
	struct audit_count c = {0};

	for (size_t i = 0; i < queues; i++) {
		c.counted += a->queues[i].inside;
		/* Lowering the capacity throws nobody out: who was inside then may stay. */
		c.violations += a->queues[i].inside > a->queues[i].ceiling;
	}
	return c;
}

static struct audit_count both_count(const struct auditing *a, size_t queues)
{
	struct audit_count c = {0};

	for (size_t i = 0; i < queues; i++) {
		c.counted += a->queues[i].waiting + a->queues[i].inside;
		c.violations += a->both[i];
	}
	return c;
}

enum step audit_answer(struct request *r)
{
	const struct visit *v = visit_of(r);
	const struct auditing *a = v->state;
	const struct audit_job *m = a->first;
	size_t queues = v->catalog->queue_count;
	bool holds = true;
	struct json j;

	if (!queues_stood(a, queues))
		return reply_problem(r, CODE_NO_QUEUE, "Redis lost its data a moment ago and is being made anew");
	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_array(&j, "invariants");
	holds &= write_invariant(&j, "each seat has at most one live reservation", m->seat_live);
	holds &= write_invariant(&j, "Redis and MySQL agree on every paid seat", paid_compare(a, v->job));
	holds &= write_invariant(&j, "every paid reservation has one payment of its price", m->paid_payment);
	holds &= write_invariant(&j, "each balance equals its ledger and is not negative", m->balance_ledger);
	holds &= write_invariant(&j, "inside is at most capacity", capacity_count(a, queues));
	holds &= write_invariant(&j, "nobody is both waiting and inside", both_count(a, queues));
	json_array_end(&j);
	json_bool(&j, "holds", holds);
	json_object_end(&j);
	return reply_json(r, 200, &j);
}
