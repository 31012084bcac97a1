/* GET /admin/v1/queues/{name}/history: the last half hour, a column a figure. */
#include "history.h"

#include "api/routes.h"
#include "keeper.h"

static const struct {
	const char *name;
	int digits; /* behind the point */
} columns[HISTORY_COLUMNS] = {
	[HISTORY_WAITING] = {"waiting", 0},
	[HISTORY_INSIDE] = {"inside", 0},
	[HISTORY_SEATS_LEFT] = {"seatsLeft", 0},
	[HISTORY_ADMITTED] = {"admittedPerSecond", 2},
	[HISTORY_NO_SHOWS] = {"noShowsPerSecond", 2},
	[HISTORY_PAYMENTS] = {"paymentsPerSecond", 2},
	[HISTORY_REQUESTS] = {"requestsPerSecond", 2},
	[HISTORY_ERRORS] = {"errorsPerSecond", 2},
	[HISTORY_P99] = {"p99Seconds", 6},
};

static void column_json(struct json *j, const struct history_view *v, int column)
{
	json_array(j, columns[column].name);
	for (size_t i = 0; i < v->count; i++)
		json_real(j, NULL, v->column[column][i], columns[column].digits);
	json_array_end(j);
}

enum step admin_history(struct request *r)
{
	struct visit *v = visit_of(r);
	struct history_view view;
	struct json j;

	if (!catalog_or_reply(r))
		return STEP_DONE;
	v->queue = engine_queue(&v->worker->engine, r->params[0].text, r->params[0].len);
	if (!v->queue)
		return reply_problem(r, CODE_QUEUE_NOT_FOUND, NULL);
	if (!history_read(keeper_history(), v->queue->name, &r->task.arena, &view))
		return reply_problem(r, CODE_OVERLOADED, NULL);
	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_text(&j, "queue", v->queue->name);
	json_int(&j, "intervalSeconds", HISTORY_INTERVAL_MS / 1000);
	json_array(&j, "times");
	for (size_t i = 0; i < view.count; i++)
		json_time(&j, NULL, view.at[i]);
	json_array_end(&j);
	for (int column = 0; column < HISTORY_COLUMNS; column++)
		column_json(&j, &view, column);
	json_object_end(&j);
	return reply_json(r, 200, &j);
}
