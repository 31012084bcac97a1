/* Helpers that give a value, or have already sent the error. */
#include "api/visit.h"

#include <cjson/cJSON.h>
#include <sodium.h>
#include <string.h>

bool visit_begin(struct request *r)
{
	struct visit *v = arena_alloc(&r->task.arena, sizeof(*v));

	if (!v)
		return false;
	v->worker = server_owner(r->server);
	worker_catalog(v->worker);
	r->context = v;
	return true;
}

void *state_or_reply(struct request *r, size_t size)
{
	struct visit *v = visit_of(r);

	v->state = arena_alloc(&r->task.arena, size);
	if (!v->state)
		reply_problem(r, CODE_OVERLOADED, NULL);
	return v->state;
}

static void catalog_release(void *c)
{
	catalog_drop(c);
}

struct catalog *catalog_or_reply(struct request *r)
{
	struct visit *v = visit_of(r);

	if (v->catalog)
		return v->catalog;
	if (!v->worker->catalog) {
		reply_problem(r, CODE_UNAVAILABLE, "the service is starting");
		return NULL;
	}
	v->catalog = catalog_take(v->worker->catalog);
	if (arena_on_reset(&r->task.arena, catalog_release, v->catalog) != 0) {
		v->catalog = NULL;
		reply_problem(r, CODE_OVERLOADED, NULL);
	}
	return v->catalog;
}

/* Whether a concert belongs to the token's queue; false after a 403. */
static bool same_queue_or_reply(struct request *r, const struct catalog_concert *c)
{
	if (strcmp(c->queue->name, visit_of(r)->queue->name) == 0)
		return true;
	reply_problem(r, CODE_WRONG_QUEUE, NULL);
	return false;
}

const struct catalog_concert *concert_or_reply(struct request *r, int64_t id)
{
	struct catalog *c = catalog_or_reply(r);
	const struct catalog_concert *concert = c ? catalog_concert(c, id) : NULL;

	if (c && !concert)
		reply_problem(r, CODE_CONCERT_NOT_FOUND, NULL);
	return concert && same_queue_or_reply(r, concert) ? concert : NULL;
}

const struct catalog_schedule *schedule_or_reply(struct request *r, int64_t id)
{
	struct catalog *c = catalog_or_reply(r);
	const struct catalog_schedule *schedule = c ? catalog_schedule(c, id) : NULL;

	if (c && !schedule)
		reply_problem(r, CODE_SCHEDULE_NOT_FOUND, NULL);
	return schedule && same_queue_or_reply(r, schedule->concert) ? schedule : NULL;
}

void *job_or_reply(struct request *r, size_t size, enum code (*work)(struct db *, struct job *))
{
	void *job = job_new(&r->task, size, work);

	visit_of(r)->job = job;
	if (!job)
		reply_problem(r, CODE_OVERLOADED, NULL);
	return job;
}

enum step job_wait(struct request *r)
{
	return job_submit(&r->task, visit_of(r)->job, MYSQL_DEADLINE_MS);
}

bool query_or_reply(struct request *r, const char *name, const char **value)
{
	*value = NULL;
	switch (request_query(r, name, value)) {
	case QUERY_NONE:
	case QUERY_ONE:
		return true;
	case QUERY_TWICE:
		reply_problem_fmt(r, CODE_INVALID_FIELD, "%s: stands twice", name);
		return false;
	default:
		reply_problem_fmt(r, CODE_INVALID_FIELD, "%s: must be percent-encoded UTF-8", name);
		return false;
	}
}

static void fingerprint(struct request *r, unsigned char out[FINGERPRINT_BYTES])
{
	crypto_generichash_state state;
	char *text = cJSON_PrintUnformatted(r->body);
	size_t path_len = strcspn(r->path, "?#");

	/* The body as parsed, so that white space does not make it another request. */
	crypto_generichash_init(&state, NULL, 0, FINGERPRINT_BYTES);
	crypto_generichash_update(&state, (const unsigned char *)r->path, path_len);
	crypto_generichash_update(&state, (const unsigned char *)"\n", 1);
	if (text)
		crypto_generichash_update(&state, (const unsigned char *)text, strlen(text));
	crypto_generichash_final(&state, out, FINGERPRINT_BYTES);
	cJSON_free(text);
}

bool idempotency_or_reply(struct request *r)
{
	const char *key = request_header(r, "Idempotency-Key");
	struct idempotency *i = &visit_of(r)->idempotency;
	size_t n = key ? strlen(key) : 0;

	if (!key)
		return true;
	for (size_t k = 0; k < n; k++)
		if (key[k] <= ' ' || key[k] > '~')
			n = 0;
	if (n < 1 || n > IDEMPOTENCY_KEY_MOST) {
		reply_problem(r, CODE_INVALID_FIELD, "Idempotency-Key: must be 1 to 64 visible ASCII characters");
		return false;
	}
	memcpy(i->key, key, n + 1);
	fingerprint(r, i->fingerprint);
	return true;
}

bool body_or_reply(struct request *r, const struct body *shape, void *out)
{
	const char *why;

	if (body_read(&r->task.arena, shape, r->body, out, &why))
		return true;
	reply_problem(r, CODE_INVALID_FIELD, why);
	return false;
}
