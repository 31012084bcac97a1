/* Who may pass. */
#include "api/filter.h"

#include <sodium.h>
#include <string.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "settings.h"

#define NEED_ANY_TOKEN (NEED_TOKEN | NEED_ACTIVE)

/* The credentials of an "Authorization: Bearer ..." header, or NULL. */
static const char *bearer(const struct request *r)
{
	const char *value = request_header(r, "Authorization");

	if (!value || strncasecmp(value, "Bearer ", 7) != 0)
		return NULL;
	value += 7;
	while (*value == ' ')
		value++;
	return value;
}

static enum step admin_check(struct request *r)
{
	unsigned char want[32], got[32];
	const char *key = bearer(r);

	if (!key)
		key = "";
	/* Hashes have one length, so the comparison tells nothing of the key's. */
	crypto_generichash(want, sizeof(want), (const unsigned char *)settings.admin_key, strlen(settings.admin_key),
			   NULL, 0);
	crypto_generichash(got, sizeof(got), (const unsigned char *)key, strlen(key), NULL, 0);
	if (sodium_memcmp(want, got, sizeof(want)) != 0)
		return reply_problem(r, CODE_INVALID_ADMIN_KEY, NULL);
	return STEP_NEXT;
}

static enum step token_check(struct request *r)
{
	struct visit *v = visit_of(r);
	const char *text = bearer(r);

	if (!v->worker->catalog)
		return reply_problem(r, CODE_UNAVAILABLE, "the service is starting");
	if (text && token_read(&v->worker->engine.tokens, text, strlen(text), &v->token))
		v->queue = engine_queue(&v->worker->engine, v->token.queue, strlen(v->token.queue));
	if (!v->queue)
		return reply_problem(r, CODE_INVALID_TOKEN, NULL);
	return STEP_NEXT;
}

/* Whoever passes a route for those inside is inside: that is asked first. */
static enum step token_find_inside(struct request *r)
{
	struct visit *v = visit_of(r);

	return queue_find_inside(&r->task, &v->worker->engine, v->queue, v->token.user, v->token.place, &v->standing);
}

static enum step token_find_waiting(struct request *r)
{
	struct visit *v = visit_of(r);

	if (v->standing.code == CODE_ACTIVE)
		return STEP_NEXT;
	if ((r->route->needs & MAY_ESTIMATE) && snapshot_tells(v->queue, v->token.place, &v->standing)) {
		metric_add(METRIC_estimated, 1);
		return STEP_NEXT;
	}
	return queue_find_waiting(&r->task, &v->worker->engine, v->queue, v->token.user, v->token.place, &v->standing);
}

/* The plain reads know those in line and those who showed up before; the function knows the rest, such as who
 * moved from the line to the inside while it was asked. */
static enum step token_claim(struct request *r)
{
	struct visit *v = visit_of(r);
	const struct standing *s = &v->standing;

	if (s->code == CODE_WAITING || (s->code == CODE_ACTIVE && s->claimed))
		return STEP_NEXT;
	return queue_claim(&r->task, &v->worker->engine, v->queue, &v->token, &v->standing);
}

enum step reply_expired(struct request *r)
{
	reply_header(r, "Location", "/v1/tokens");
	return reply_problem(r, CODE_TOKEN_EXPIRED, "enter the line again with POST /v1/tokens");
}

enum code standing_code(const struct queue *q, const struct standing *s)
{
	if (s->code != CODE_WAITING || !q->status.known)
		return s->code;
	return q->status.settings.opens_at > queue_now(q) ? CODE_SCHEDULED : CODE_WAITING;
}

static enum step reply_not_active(struct request *r)
{
	const struct visit *v = visit_of(r);
	struct json j;

	reply_header(r, "Retry-After", "1");
	problem_begin(r, &j, CODE_TOKEN_NOT_ACTIVE, "ask GET /v1/queue/position until status is ACTIVE");
	if (standing_code(v->queue, &v->standing) == CODE_WAITING)
		json_int(&j, "position", v->standing.position);
	return problem_end(r, &j, CODE_TOKEN_NOT_ACTIVE);
}

enum step reply_not_inside(struct request *r)
{
	return visit_of(r)->standing.code == CODE_TOKEN_EXPIRED ? reply_expired(r) : reply_not_active(r);
}

static enum step token_judge(struct request *r)
{
	enum code code = visit_of(r)->standing.code;
	unsigned needs = r->route->needs;

	if (code == CODE_ACTIVE || (code != CODE_TOKEN_EXPIRED && !(needs & NEED_ACTIVE)))
		return STEP_NEXT;
	if ((needs & NEED_ACTIVE_OR_REPLAY) && request_header(r, "Idempotency-Key"))
		return STEP_NEXT;
	return reply_not_inside(r);
}

const struct prelude filter_preludes[] = {
	{NEED_ADMIN, admin_check},        {NEED_ANY_TOKEN, token_check},        {NEED_SEATS, seats_look},
	{NEED_ACTIVE, token_find_inside}, {NEED_ANY_TOKEN, token_find_waiting}, {NEED_ANY_TOKEN, token_claim},
	{NEED_ANY_TOKEN, token_judge},    {NEED_JSON, server_read_json},
};
const size_t filter_prelude_count = sizeof(filter_preludes) / sizeof(filter_preludes[0]);
