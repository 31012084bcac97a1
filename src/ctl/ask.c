/* One request, one verdict. */
#include "ctl/ask.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Code and detail of a problem, or at least the status. */
static void complain_problem(const char *what, int status, const cJSON *problem)
{
	const char *code = member_text(problem, "code"), *detail = member_text(problem, "detail");

	if (*code)
		complain("%s: %s: %s", what, code, detail);
	else
		complain("%s: HTTP status %d, and not as usherd says it", what, status);
}

static enum outcome verdict(const struct options *o, int status, const char *expected, const cJSON *json)
{
	if (status >= 200 && status < 300) {
		if (cJSON_GetObjectItemCaseSensitive(json, expected))
			return CTL_WELL;
		complain("what answers at %s is not usherd", o->url);
		return CTL_AWAY;
	}
	if (status >= 400 && status < 500) {
		complain_problem("refused", status, json);
		return CTL_REFUSED;
	}
	complain_problem("the daemon cannot answer", status, json);
	return CTL_AWAY;
}

bool ask_send(const struct options *o, const struct client_request *q, struct client_answer *a, char why[CLIENT_WHY])
{
	memset(a, 0, sizeof(*a));
	why[0] = '\0';
	return client_ask(o, q, a, why);
}

enum outcome ask_judge(const struct options *o, struct client_answer *a, const char *why, const char *expected,
		       cJSON **json)
{
	enum outcome result;

	*json = NULL;
	if (!a->status) {
		complain("the daemon at %s is away: %s", o->url, why);
		return CTL_AWAY;
	}
	*json = cJSON_Parse(a->body);
	if (o->json && *json) {
		fwrite(a->body, 1, a->len, stdout);
		if (a->len && a->body[a->len - 1] != '\n')
			putchar('\n');
	}
	result = verdict(o, a->status, expected, *json);
	answer_free(a);
	if (result != CTL_WELL) {
		cJSON_Delete(*json);
		*json = NULL;
	}
	return result;
}

enum outcome ask(const struct options *o, const struct client_request *q, const char *expected, cJSON **json)
{
	struct client_answer a;
	char why[CLIENT_WHY];

	ask_send(o, q, &a, why);
	return ask_judge(o, &a, why, expected, json);
}

char *queue_path(const char *name)
{
	static const char root[] = "/admin/v1/queues/";
	char *path = must(malloc(sizeof(root) + 3 * strlen(name))), *to = path + sizeof(root) - 1;

	memcpy(path, root, sizeof(root));
	for (; *name; name++) {
		if (isalnum((unsigned char)*name) || *name == '-')
			*to++ = *name;
		else
			to += sprintf(to, "%%%02X", (unsigned char)*name);
	}
	*to = '\0';
	return path;
}

double member_number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

const char *member_text(const cJSON *object, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

	return text ? text : "";
}

bool member_true(const cJSON *object, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
