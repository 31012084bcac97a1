/* /admin/v1/catalog: loading a catalogue, or seeing what loading it would change. */
#include <string.h>

#include "api/routes.h"
#include "keeper.h"
#include "store/catalog_file.h"

static const char *const kinds[CHANGED_KINDS] = {[CHANGED_QUEUES] = "queues",
						 [CHANGED_USERS] = "users",
						 [CHANGED_CONCERTS] = "concerts",
						 [CHANGED_SCHEDULES] = "schedules",
						 [CHANGED_SEATS] = "seats"};

static const char *const ways[CHANGE_WAYS] = {
	[CHANGE_ADDED] = "added", [CHANGE_CHANGED] = "changed", [CHANGE_REMOVED] = "removed"};

static bool dry_run_or_reply(struct request *r, bool *dry_run)
{
	const char *value;

	if (!query_or_reply(r, "dryRun", &value))
		return false;
	*dry_run = value && strcmp(value, "true") == 0;
	if (!value || *dry_run || strcmp(value, "false") == 0)
		return true;
	reply_problem(r, CODE_INVALID_FIELD, "dryRun: must be true or false");
	return false;
}

/* Not NEED_JSON: the file has a reader of its own that names the path of what is wrong, and it runs on a
 * database thread. */
enum step catalog_import(struct request *r)
{
	struct catalog_import_job *j;
	const char *text;
	bool dry_run;

	if (!json_type_or_reply(r) || !dry_run_or_reply(r, &dry_run))
		return STEP_DONE;
	j = job_or_reply(r, sizeof(*j), catalog_import_work);
	if (!j)
		return STEP_DONE;
	j->dry_run = dry_run;
	j->len = request_body(r, &text);
	j->text = arena_copy(&j->job.arena, text, j->len);
	if (j->text)
		return job_submit(&r->task, &j->job, CATALOG_IMPORT_MS);
	job_free(&j->job);
	return reply_problem(r, CODE_OVERLOADED, NULL);
}

enum step catalog_sync(struct request *r)
{
	const struct catalog_import_job *j = visit_of(r)->job;

	if (j->code != CODE_OK)
		return reply_problem(r, j->code, j->why);
	return j->dry_run ? STEP_NEXT : keeper_sync(&r->task, CATALOG_IMPORT_MS);
}

static void value_json(struct json *j, const char *name, const struct change_field *f, int64_t value, const char *text)
{
	switch (f->kind) {
	case FIELD_NUMBER:
		json_int(j, name, value);
		break;
	case FIELD_TRUTH:
		json_bool(j, name, value != 0);
		break;
	case FIELD_TIME:
		json_time(j, name, value);
		break;
	case FIELD_TEXT:
		json_text(j, name, text);
		break;
	}
}

static void field_json(struct json *j, const struct change *x, const struct change_field *f)
{
	json_object(j, NULL);
	json_text(j, "field", f->name);
	if (x->how == CHANGE_ADDED)
		json_null(j, "from");
	else
		value_json(j, "from", f, f->from, f->from_text);
	value_json(j, "to", f, f->to, f->to_text);
	json_object_end(j);
}

static void change_json(struct json *j, const struct change *x)
{
	json_object(j, NULL);
	json_text(j, "change", ways[x->how]);
	if (x->id)
		json_int(j, "id", x->id);
	else
		json_null(j, "id");
	if (x->last_id)
		json_int(j, "lastId", x->last_id);
	json_text(j, "name", x->name);
	json_int(j, "count", x->count);
	json_array(j, "fields");
	for (size_t i = 0; i < x->field_count; i++)
		field_json(j, x, &x->fields[i]);
	json_array_end(j);
	json_object_end(j);
}

static void changes_json(struct json *j, const struct changes *c)
{
	json_object(j, "changes");
	for (int kind = 0; kind < CHANGED_KINDS; kind++) {
		const struct change_list *l = &c->lists[kind];

		json_object(j, kinds[kind]);
		for (int how = 0; how < CHANGE_WAYS; how++)
			json_int(j, ways[how], l->total[how]);
		json_array(j, "listed");
		for (size_t i = 0; i < l->count; i++)
			change_json(j, &l->at[i]);
		json_array_end(j);
		json_object_end(j);
	}
	json_object_end(j);
}

enum step catalog_answer(struct request *r)
{
	const struct catalog_import_job *j = visit_of(r)->job;
	struct json out;

	json_begin(&out, &r->task.arena);
	json_object(&out, NULL);
	json_object(&out, "changed");
	for (int kind = 0; kind < CHANGED_KINDS; kind++)
		json_int(&out, kinds[kind], changes_of(&j->changes, kind));
	json_object_end(&out);
	if (j->dry_run) {
		json_bool(&out, "dryRun", true);
		changes_json(&out, &j->changes);
	}
	json_object_end(&out);
	return reply_json(r, 200, &out);
}
