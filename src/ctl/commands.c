/* set, pause, resume and audit. */
#include "ctl/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ask.h"
#include "ctl/figures.h"

#define AUDIT_MS 60000 /* it reads all of the sale, twice */

/* Sends the changes, which it frees, and shows the queue's settings after them. */
static enum outcome patch(const struct options *o, const char *queue, cJSON *changes)
{
	char *path = queue_path(queue), *body = must(cJSON_PrintUnformatted(changes));
	const struct client_request q = {
		.method = "PATCH", .path = path, .body = body, .len = strlen(body), .answer_ms = CLIENT_PATIENCE_MS};
	cJSON *json;
	enum outcome result = ask(o, &q, "queue", &json);

	if (result == CTL_WELL && !o->json) {
		printf("%s: ", queue);
		figures_settings(json);
		putchar('\n');
	}
	cJSON_Delete(json);
	cJSON_Delete(changes);
	free(body);
	free(path);
	return result;
}

/* A whole number, true, false or null; anything else, such as a time, is a text. */
static cJSON *value_of(const char *text)
{
	char *end;
	long long n;

	if (strcmp(text, "null") == 0)
		return cJSON_CreateNull();
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return cJSON_CreateBool(*text == 't');
	errno = 0;
	n = strtoll(text, &end, 10);
	return end != text && !*end && !errno ? cJSON_CreateNumber((double)n) : cJSON_CreateString(text);
}

static bool change_add(cJSON *changes, const char *word)
{
	const char *equals = strchr(word, '=');
	char *key;

	if (!equals || equals == word)
		return false;
	key = must(strndup(word, (size_t)(equals - word)));
	must(cJSON_AddItemToObject(changes, key, must(value_of(equals + 1))) ? changes : NULL);
	free(key);
	return true;
}

enum outcome command_set(const struct options *o, char **args, int count)
{
	cJSON *changes = must(cJSON_CreateObject());

	for (int i = 1; i < count; i++)
		if (!change_add(changes, args[i])) {
			cJSON_Delete(changes);
			complain("set: change number %d is not key=value", i);
			return CTL_USAGE;
		}
	return patch(o, args[0], changes);
}

static enum outcome set_paused(const struct options *o, const char *queue, bool paused)
{
	cJSON *changes = must(cJSON_CreateObject());

	must(cJSON_AddBoolToObject(changes, "paused", paused));
	return patch(o, queue, changes);
}

enum outcome command_pause(const struct options *o, char **args, int count)
{
	(void)count;
	return set_paused(o, args[0], true);
}

enum outcome command_resume(const struct options *o, char **args, int count)
{
	(void)count;
	return set_paused(o, args[0], false);
}

static void audit_show(const cJSON *invariants)
{
	const cJSON *one;
	struct table t;

	table_begin(&t, "lrrl");
	table_add(&t, "invariant");
	table_add(&t, "counted");
	table_add(&t, "violations");
	table_add(&t, "holds");
	cJSON_ArrayForEach (one, invariants) {
		table_add(&t, "%s", member_text(one, "name"));
		table_add(&t, "%.0f", member_number(one, "counted"));
		table_add(&t, "%.0f", member_number(one, "violations"));
		table_add(&t, "%s", member_true(one, "holds") ? "yes" : "NO");
	}
	table_print(&t, "\n");
	table_free(&t);
}

enum outcome command_audit(const struct options *o, char **args, int count)
{
	const struct client_request q = {.method = "GET", .path = "/admin/v1/audit", .answer_ms = AUDIT_MS};
	cJSON *json;
	enum outcome result = ask(o, &q, "invariants", &json);

	(void)args, (void)count;
	if (result == CTL_WELL) {
		if (!o->json)
			audit_show(cJSON_GetObjectItemCaseSensitive(json, "invariants"));
		if (!member_true(json, "holds"))
			result = CTL_VIOLATED;
	}
	cJSON_Delete(json);
	return result;
}
