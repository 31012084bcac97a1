/* Is the process alive, can it serve, what is its contract. */
#include <stdio.h>

#include "api/routes.h"
#include "embedded.h"
#include "keeper.h"

enum step health_live(struct request *r)
{
	struct json j;

	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_text(&j, "status", "ok");
	json_object_end(&j);
	return reply_json(r, 200, &j);
}

/* Who answers and writes nothing is named, and is no reason to send nobody here any more: those inside
 * can pay when Redis is full, and the line goes on when MySQL is. */
static const char *redis_state(struct request *r)
{
	const char *word = redis_refuses();
	char *text = word ? arena_alloc(&r->task.arena, 32) : NULL;

	if (!word)
		return "ok";
	if (text)
		snprintf(text, 32, "not writing (%s)", word);
	return text ? text : "not writing";
}

enum step health_ready(struct request *r)
{
	const struct visit *v = visit_of(r);
	bool redis = keeper_redis_answers() && redis_ready(v->worker->engine.redis), mysql = keeper_mysql_answers();
	bool catalog = v->worker->catalog != NULL;
	struct json j;

	if (!redis || !mysql || !catalog)
		return reply_problem_fmt(r, CODE_UNAVAILABLE, "not answering:%s%s%s", redis ? "" : " Redis",
					 mysql ? "" : " MySQL", redis && mysql ? " the catalogue is being read" : "");
	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_text(&j, "status", "ready");
	json_text(&j, "redis", redis_state(r));
	json_text(&j, "mysql", pool_takes_writes() ? "ok" : "not writing");
	json_object_end(&j);
	return reply_json(r, 200, &j);
}

enum step openapi_answer(struct request *r)
{
	return reply_text(r, 200, "application/json", embedded_openapi, embedded_openapi_len);
}
