/* /v1/users/{id}/balance: reading and charging it. */
#include "api/routes.h"
#include "store/ledger.h"

enum step balance_ask(struct request *r)
{
	struct balance_job *j;
	int64_t user;

	if (!path_id_or_reply(r, 0, "userId", &user))
		return STEP_DONE;
	j = job_or_reply(r, sizeof(*j), balance_read_work);
	if (!j)
		return STEP_DONE;
	j->user = user;
	return job_wait(r);
}

enum step balance_charge(struct request *r)
{
	struct charging_body c = {0};
	struct balance_job *j;
	int64_t user;

	if (!path_id_or_reply(r, 0, "userId", &user) || !body_or_reply(r, &charging_body, &c) ||
	    !idempotency_or_reply(r))
		return STEP_DONE;
	j = job_or_reply(r, sizeof(*j), balance_charge_work);
	if (!j)
		return STEP_DONE;
	j->user = user;
	j->amount = c.amount;
	j->idempotency = visit_of(r)->idempotency;
	return job_wait(r);
}

enum step balance_answer(struct request *r)
{
	const struct balance_job *j = visit_of(r)->job;
	struct json out;

	if (j->code != CODE_OK)
		return reply_problem(r, j->code, NULL);
	if (j->replayed)
		reply_header(r, "Idempotent-Replay", "true");
	json_begin(&out, &r->task.arena);
	json_object(&out, NULL);
	json_int(&out, "userId", j->user);
	json_int(&out, "balance", j->balance);
	json_object_end(&out);
	return reply_json(r, 200, &out);
}
