/* Where a user stands, as JSON, and when to ask again. */
#include "api/standing.h"

#include "api/filter.h"
#include "base/clock.h"

#define FIGURES_AGE_MS 1000
#define POLL_LEAST_MS 1000
#define POLL_MOST_MS 30000
#define POLL_A_PLACE_MS 4 /* near the front every second, from 7,250 back every 30 */
#define POLL_INSIDE_MS 10000
#define OPENING_SPREAD_MS 20000

static bool doors_open(const struct queue *q)
{
	return q->status.settings.opens_at <= queue_now(q);
}

/* A queue that has got doors since the figures were asked for is asked about anew: who is in the draw is told
 * when they open. */
enum step standing_figures(struct request *r)
{
	const struct visit *v = visit_of(r);
	struct queue *q = v->queue;
	bool behind = v->standing.code == CODE_SCHEDULED && doors_open(q);

	if (q->status.known && !behind && clock_ms() - q->refreshed_at < FIGURES_AGE_MS)
		return STEP_NEXT;
	return queue_ask_figures(&r->task, q);
}

/* Spreads a wait by a tenth either way, so that those who came together do not ask together. */
static int64_t jittered(struct request *r, int64_t ms)
{
	return ms * 9 / 10 + loop_random(r->task.loop, (uint32_t)(ms / 5) + 1);
}

static int64_t poll_after(struct request *r, int64_t position)
{
	int64_t ms = POLL_LEAST_MS + position * POLL_A_PLACE_MS;

	return jittered(r, ms > POLL_MOST_MS ? POLL_MOST_MS : ms);
}

static void write_waiting(struct request *r, struct json *j)
{
	const struct visit *v = visit_of(r);
	const struct queue_status *q = &v->queue->status;
	int64_t position = v->standing.position, eta = queue_eta_seconds(q, position);
	int64_t waiting = v->standing.waiting ? v->standing.waiting : q->waiting;

	json_int(j, "position", position);
	json_bool(j, "exact", !v->standing.estimated);
	json_int(j, "waiting", waiting > position ? waiting : position);
	if (eta < 0) {
		json_null(j, "etaSeconds");
	} else {
		json_int(j, "etaSeconds", eta);
		promise_make(&v->worker->promises, v->token.user, v->token.place, queue_now(v->queue) + eta * 1000);
	}
	json_int(j, "pollAfterMs", poll_after(r, position));
}

/* Before the doors: now and then, and the last time after the opening, those with a low draw first.
 * A draw is even over 1..2^32, so a million waiting users ask spread over OPENING_SPREAD_MS. */
static void write_scheduled(struct request *r, struct json *j)
{
	const struct visit *v = visit_of(r);
	const struct queue_status *q = &v->queue->status;
	int64_t left = q->settings.opens_at - q->now, spread = (int64_t)((v->token.place * OPENING_SPREAD_MS) >> 32);

	json_time(j, "opensAt", q->settings.opens_at);
	if (left > POLL_MOST_MS * 5 / 4)
		json_int(j, "pollAfterMs", jittered(r, POLL_MOST_MS));
	else
		json_int(j, "pollAfterMs", (left > 0 ? left : 0) + 1 + spread);
}

enum step standing_reply(struct request *r, int status, const char *token)
{
	const struct visit *v = visit_of(r);
	const struct queue_status *q = &v->queue->status;
	bool opened = v->standing.code == CODE_SCHEDULED && doors_open(v->queue); /* between the two questions */
	enum code code = opened ? CODE_WAITING : standing_code(v->queue, &v->standing);
	int64_t seats_left = q->seats_total - q->seats_taken;
	struct json j;

	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	if (token)
		json_text(&j, "token", token);
	json_int(&j, "userId", (int64_t)v->token.user);
	json_text(&j, "queue", v->queue->name);
	json_text(&j, "status", code_name(code));
	if (code == CODE_ACTIVE) {
		promise_kept(&v->worker->promises, v->token.user, v->token.place, queue_now(v->queue));
		json_time(&j, "sessionExpiresAt", v->standing.session_ends_at);
		json_int(&j, "pollAfterMs", jittered(r, POLL_INSIDE_MS));
	} else {
		if (code == CODE_SCHEDULED)
			write_scheduled(r, &j);
		else
			write_waiting(r, &j);
		json_int(&j, "seatsLeft", seats_left);
		json_bool(&j, "soldOut", q->seats_total > 0 && seats_left <= 0);
	}
	json_object_end(&j);
	return reply_json(r, status, &j);
}
