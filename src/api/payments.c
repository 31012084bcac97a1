/* POST /v1/payments: the money is taken in MySQL, then Redis lets the buyer out. */
#include "store/payments.h"

#include <string.h>

#include "api/filter.h"
#include "api/routes.h"
#include "api/seat_json.h"
#include "base/metrics.h"

enum step payment_ask(struct request *r)
{
	struct visit *v = visit_of(r);
	struct payment_job *j;
	struct paying_body p = {0};

	if (!body_or_reply(r, &paying_body, &p) || !idempotency_or_reply(r))
		return STEP_DONE;
	j = job_or_reply(r, sizeof(*j), payment_work);
	if (!j)
		return STEP_DONE;
	j->user = (int64_t)v->token.user;
	j->reservation = p.reservation;
	j->place = v->token.place;
	memcpy(j->queue, v->queue->name, sizeof(j->queue));
	j->idempotency = v->idempotency;
	j->replay_only = v->standing.code != CODE_ACTIVE;
	return job_wait(r);
}

/* From here on the payment stands: if Redis does not answer, any daemon's keeper tells it later. */
enum step payment_settle(struct request *r)
{
	struct visit *v = visit_of(r);
	const struct payment_job *j = v->job;
	const struct reservation *x = &j->payment.reservation;
	struct settlement s = {.user = (uint64_t)j->user, .place = x->place, .seats = x->seats};
	struct queue *q;

	if (j->code == CODE_TOKEN_EXPIRED)
		return reply_not_inside(r);
	if (j->code != CODE_OK)
		return reply_problem(r, j->code, NULL);
	metric_add(METRIC_payments, !j->replayed);
	r->rescue = payment_answer;
	q = engine_queue(&v->worker->engine, x->queue, strlen(x->queue));
	return q ? seats_settle(&r->task, &v->worker->engine, q, &s) : payment_answer(r);
}

/* Not reached when Redis did not answer: then the payment stays on the list. */
enum step payment_strike(struct request *r)
{
	const struct payment_job *j = visit_of(r)->job;

	strikes_add(&visit_of(r)->worker->strikes, j->payment.reservation.id);
	return STEP_NEXT;
}

enum step payment_answer(struct request *r)
{
	const struct payment_job *j = visit_of(r)->job;
	const struct payment *p = &j->payment;
	const struct catalog *c = catalog_or_reply(r);
	struct json out;

	if (!c)
		return STEP_DONE;
	if (j->replayed)
		reply_header(r, "Idempotent-Replay", "true");
	json_begin(&out, &r->task.arena);
	json_object(&out, NULL);
	json_int(&out, "paymentId", p->id);
	json_int(&out, "reservationId", p->reservation.id);
	json_int(&out, "userId", p->reservation.user);
	json_int(&out, "amount", p->reservation.amount);
	json_int(&out, "balance", p->balance);
	reservation_seats_json(&out, c, &p->reservation);
	json_time(&out, "paidAt", p->paid_at);
	json_object_end(&out);
	return reply_json(r, 201, &out);
}
