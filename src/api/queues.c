/* GET /v1/queues/{name}: the figures everybody may see. */
#include <sodium.h>
#include <string.h>

#include "api/routes.h"

/* Fresh figures of the queue in the path, into visit->state. */
enum step queue_figures(struct request *r)
{
	struct visit *v = visit_of(r);
	struct queue_status *s;

	if (!catalog_or_reply(r))
		return STEP_DONE;
	v->queue = engine_queue(&v->worker->engine, r->params[0].text, r->params[0].len);
	if (!v->queue)
		return reply_problem(r, CODE_QUEUE_NOT_FOUND, NULL);
	s = state_or_reply(r, sizeof(*s));
	if (!s)
		return STEP_DONE;
	return queue_ask_status(&r->task, &v->worker->engine, v->queue, s);
}

/* The commitment is published with the queue; the seed itself once the doors are open. */
static void write_lottery(struct json *j, const struct catalog_queue *q, const struct queue_status *s)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char hex[2 * crypto_hash_sha256_BYTES + 1];

	json_time(j, "opensAt", s->settings.opens_at);
	crypto_hash_sha256(hash, q->seed, SEED_BYTES);
	json_text(j, "commitment", sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)));
	if (s->settings.opens_at > s->now)
		json_null(j, "seed");
	else
		json_text(j, "seed", sodium_bin2hex(hex, sizeof(hex), q->seed, SEED_BYTES));
}

enum step queue_answer(struct request *r)
{
	const struct visit *v = visit_of(r);
	const struct queue_status *s = v->state;
	const struct catalog_queue *q = catalog_queue(v->catalog, v->queue->name);
	struct json j;

	if (!s->known || !q)
		return reply_problem(r, CODE_NO_QUEUE, NULL);
	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_text(&j, "queue", v->queue->name);
	json_int(&j, "waiting", s->waiting);
	json_int(&j, "inside", s->inside);
	json_int(&j, "capacity", s->settings.capacity);
	json_bool(&j, "paused", s->settings.paused);
	write_lottery(&j, q, s);
	json_object_end(&j);
	return reply_json(r, 200, &j);
}
