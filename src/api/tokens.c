/* /v1/tokens: entering the line and leaving it. */
#include <inttypes.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/filter.h"
#include "api/routes.h"
#include "api/standing.h"
#include "base/crash_point.h"
#include "engine/seats.h"
#include "keeper.h"
#include "store/reservations.h"

/* GET: where a client lands that follows the filter's 302. */
enum step tokens_help(struct request *r)
{
	struct json j;

	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_text(&j, "title", "Enter the line");
	json_text(&j, "method", "POST");
	json_text(&j, "path", "/v1/tokens");
	json_object(&j, "body");
	json_text(&j, "userId", "your user id, a whole number");
	json_text(&j, "queue", "the queue of the concert, see GET /v1/concerts");
	json_object_end(&j);
	json_text(&j, "then", "send the token as Authorization: Bearer and ask GET /v1/queue/position");
	json_object_end(&j);
	return reply_json(r, 200, &j);
}

struct entering {
	struct entering_body body;
	bool known;
};

enum step token_read_body(struct request *r)
{
	struct visit *v = visit_of(r);
	struct entering *e;

	if (!catalog_or_reply(r))
		return STEP_DONE;
	e = state_or_reply(r, sizeof(*e));
	if (!e || !body_or_reply(r, &entering_body, &e->body))
		return STEP_DONE;
	v->queue = engine_queue(&v->worker->engine, e->body.queue, strlen(e->body.queue));
	if (!v->queue)
		return reply_problem(r, CODE_QUEUE_NOT_FOUND, NULL);
	return users_check(&v->worker->users, &r->task, e->body.user, &e->known);
}

enum step token_check_user(struct request *r)
{
	const struct entering *e = visit_of(r)->state;

	return e->known ? STEP_NEXT : reply_problem(r, CODE_USER_NOT_FOUND, NULL);
}

/* A user's place in the lottery: 1 + the first 4 bytes, big-endian, of HMAC-SHA-256 with the
 * queue's seed as key and the user id in decimal as message. A place is never 0. */
static uint64_t draw_of(const struct catalog_queue *q, int64_t user)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	crypto_auth_hmacsha256_state state;
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRId64, user);

	crypto_auth_hmacsha256_init(&state, q->seed, SEED_BYTES);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, (size_t)n);
	crypto_auth_hmacsha256_final(&state, mac);
	return 1 + ((uint64_t)mac[0] << 24 | (uint64_t)mac[1] << 16 | (uint64_t)mac[2] << 8 | mac[3]);
}

static enum step enter(struct request *r, uint64_t draw)
{
	struct visit *v = visit_of(r);
	const struct entering *e = v->state;

	return queue_enter(&r->task, &v->worker->engine, v->queue, (uint64_t)e->body.user, keeper_may_admit(), draw,
			   &v->standing);
}

/* A draw costs as much as all the rest of entering, and is nothing once the doors are open. */
enum step token_enter(struct request *r)
{
	const struct visit *v = visit_of(r);
	const struct queue *q = v->queue;

	if (!catalog_queue(v->catalog, q->name))
		return reply_problem(r, CODE_QUEUE_NOT_FOUND, NULL);
	return q->status.known && q->status.settings.opens_at <= queue_now(q) ? enter(r, 0) : STEP_NEXT;
}

/* The doors are not open, or Redis, whose clock decides, says that they are not. */
enum step token_draw(struct request *r)
{
	struct visit *v = visit_of(r);
	const struct entering *e = v->state;

	if (v->standing.place)
		return STEP_NEXT;
	return enter(r, draw_of(catalog_queue(v->catalog, v->queue->name), e->body.user));
}

enum step token_figures(struct request *r)
{
	return standing_figures(r);
}

enum step token_answer(struct request *r)
{
	struct visit *v = visit_of(r);
	const struct entering *e = v->state;
	char text[TOKEN_TEXT];

	v->token.user = (uint64_t)e->body.user;
	v->token.place = v->standing.place;
	v->token.issued_at = v->standing.issued_at;
	snprintf(v->token.queue, sizeof(v->token.queue), "%s", v->queue->name);
	v->queue->status.waiting = v->standing.waiting; /* newer than the last refresh */
	return standing_reply(r, v->standing.created ? 201 : 200,
			      token_write(&v->worker->engine.tokens, &v->token, text));
}

enum step token_leave(struct request *r)
{
	struct visit *v = visit_of(r);
	struct leaving *l = state_or_reply(r, sizeof(*l));

	if (!l)
		return STEP_DONE;
	return queue_leave(&r->task, &v->worker->engine, v->queue, v->token.user, v->token.place, l);
}

/* Who leaves gives up what they hold: in MySQL first, so that nobody can be given a seat that
 * MySQL would still refuse. If MySQL is away the holds end by their timer. */
enum step token_cancel_holds(struct request *r)
{
	struct visit *v = visit_of(r);
	const struct leaving *l = v->state;
	struct session_cancel_job *j;

	if (l->code == CODE_TOKEN_EXPIRED)
		return reply_expired(r);
	crash_point(CRASH_after_leaving);
	r->rescue = token_left;
	if (l->hold_count == 0)
		return reply_empty(r, 204);
	j = job_or_reply(r, sizeof(*j), session_cancel_work);
	if (!j)
		return STEP_DONE;
	j->user = (int64_t)v->token.user;
	memcpy(j->queue, v->queue->name, sizeof(j->queue));
	return job_wait(r);
}

static int by_schedule(const void *a, const void *b)
{
	const struct hold_name *x = a, *y = b;

	return (x->schedule > y->schedule) - (x->schedule < y->schedule);
}

/* Sorts holds into one list of seats a schedule. Gives how many lists. */
static size_t holds_by_schedule(struct leaving *l, struct seat_list *lists)
{
	size_t n = 0;

	qsort(l->holds, l->hold_count, sizeof(*l->holds), by_schedule);
	for (size_t i = 0; i < l->hold_count; i++) {
		const struct hold_name *h = &l->holds[i];

		if (n == 0 || lists[n - 1].schedule != h->schedule || lists[n - 1].count == SEATS_MOST) {
			lists[n].concert = h->concert;
			lists[n].schedule = h->schedule;
			lists[n++].count = 0;
		}
		lists[n - 1].ids[lists[n - 1].count++] = h->seat;
	}
	return n;
}

enum step token_release_holds(struct request *r)
{
	struct visit *v = visit_of(r);
	struct leaving *l = v->state;
	struct seat_list *lists = arena_alloc(&r->task.arena, l->hold_count * sizeof(*lists));

	if (!lists)
		return token_left(r);
	return seats_release(&r->task, &v->worker->engine, v->queue, v->token.user, lists, holds_by_schedule(l, lists));
}

enum step token_left(struct request *r)
{
	return reply_empty(r, 204);
}
