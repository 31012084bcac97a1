/*
 * The refusals that any operation can meet, each sent to every operation that lists it in the OpenAPI document.
 * Whether the answers are as the document says is for tests/openapi/check.mjs to look at.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "support/exchange.h"
#include "support/kit.h"

#define OPERATIONS_MOST 100
#define LARGE 1200000 /* bytes: over every limit */

/* The daemons: CLOSED has no admin key and is open to pages of another origin, FULL takes one connection. */
enum { PLAIN, CLOSED, SLOW, FULL };

struct operation {
	char method[8], path[128];
	const cJSON *node; /* of the document */
};

static struct reply document;
static struct operation operations[OPERATIONS_MOST];
static size_t operation_count;
static char *token_inside, *token_waiting, *token_ended;

static const cJSON *member(const cJSON *node, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(node, name);
}

/* A node, or what it refers to. */
static const cJSON *resolved(const cJSON *node)
{
	const char *ref = cJSON_GetStringValue(member(node, "$ref"));
	const cJSON *at = document.json;
	char path[128], *rest = path, *part;

	if (!ref)
		return node;
	snprintf(path, sizeof(path), "%s", ref + 2);
	while ((part = strsep(&rest, "/")))
		at = member(at, part);
	ck_assert_msg(at != NULL, "%s", ref);
	return at;
}

/* Whether an operation lists this status with this code. */
static bool lists(const struct operation *o, int status, const char *code)
{
	const cJSON *response = member(member(o->node, "responses"), say("%d", status));
	char *text = response ? cJSON_PrintUnformatted(resolved(response)) : NULL;
	bool found = text && strstr(text, say("\"%s\"", code));

	cJSON_free(text);
	return found;
}

static bool is_secured(const struct operation *o, const char *scheme)
{
	return member(cJSON_GetArrayItem(member(o->node, "security"), 0), scheme) != NULL;
}

/* The path with something in the place of each {part}. */
static void path_fill(struct operation *o, const char *path)
{
	size_t n = 0;

	for (; *path && n < sizeof(o->path) - 5; path++) {
		if (*path != '{') {
			o->path[n++] = *path;
			continue;
		}
		n += (size_t)sprintf(o->path + n, "%s",
				     strncmp(path, "{queue}", 7) == 0         ? "main"
				     : strncmp(path, "{scheduleId}", 12) == 0 ? "11"
									      : "1");
		path = strchr(path, '}');
	}
	o->path[n] = '\0';
}

static void operation_add(const char *method, const char *path, const cJSON *node)
{
	struct operation *o = &operations[operation_count++];

	ck_assert_uint_le(operation_count, OPERATIONS_MOST);
	for (size_t i = 0; method[i] && i < sizeof(o->method) - 1; i++)
		o->method[i] = (char)(method[i] & ~32);
	path_fill(o, path);
	o->node = node;
}

static bool is_listed(const char *method, const char *path)
{
	for (size_t i = 0; i < operation_count; i++)
		if (strcmp(operations[i].method, method) == 0 && strcmp(operations[i].path, path) == 0)
			return true;
	return false;
}

/* All of the document, and a request that is none of them. */
static void operations_read(void)
{
	static const char *const methods[] = {"get", "post", "put", "patch", "delete"};
	const cJSON *path;

	document = answered(ask("GET", "/openapi.json", NULL, NULL), 200);
	cJSON_ArrayForEach (path, member(document.json, "paths"))
		for (size_t m = 0; m < sizeof(methods) / sizeof(methods[0]); m++)
			if (member(path, methods[m]))
				operation_add(methods[m], path->string, member(path, methods[m]));
	operation_add("get", "/nowhere", member(document.json, "x-other-requests"));
}

START_TEST(test_begin)
{
	usherd_start(PLAIN, "--catalog=" SRCDIR "/tests/api/catalog.json", NULL);
	usherd_start(CLOSED, "--no-admin-key", "--cors-origin=https://shop.example", NULL);
	usherd_start(SLOW, "--request-seconds=1", NULL);
	usherd_start(FULL, "--workers=1", "--connections-limit=1", NULL);
	operations_read();
	token_inside = inside(1);
	free(inside(2));
	free(enter(3, "one"));
	token_waiting = enter(4, "one");
	token_ended = inside(5);
	done(ask("DELETE", "/v1/tokens", token_ended, NULL), 204);
}
END_TEST

/* What lets a request through to this operation, or what `token` there is to send instead. */
static const char *credentials(const struct operation *o, const char *token)
{
	return is_secured(o, "adminKey") ? ADMIN_KEY : is_secured(o, "token") ? token : "none";
}

/* One request to an operation, with a body if there is one. */
static struct reply send_to(int port, const struct operation *o, const char *token, const char *headers,
			    const char *body)
{
	return http(port, o->method, o->path, say("Authorization: Bearer %s\r\n%s", credentials(o, token), headers),
		    body);
}

static const struct refusal {
	int daemon, status;
	const char *code;
	char **token; /* NULL: the one that is inside */
	const char *headers, *body;
} refusals[] = {
	{PLAIN, 400, "INVALID_REQUEST", NULL, "No Token: 1\r\n", NULL},
	{PLAIN, 417, "EXPECTATION_FAILED", NULL, "Expect: much\r\n", "{}"},
	{PLAIN, 415, "UNSUPPORTED_MEDIA_TYPE", NULL, "Content-Type: text/plain\r\n", "{}"},
	{PLAIN, 400, "INVALID_JSON", NULL, "", "{"},
	{PLAIN, 302, "TOKEN_EXPIRED", &token_ended, "", "{}"},
	{PLAIN, 403, "TOKEN_NOT_ACTIVE", &token_waiting, "", "{}"},
	{CLOSED, 404, "NOT_FOUND", NULL, "", "{}"},
};

static void refuse_everywhere(const struct refusal *f)
{
	int met = 0;

	for (size_t i = 0; i < operation_count; i++) {
		if (!lists(&operations[i], f->status, f->code))
			continue;
		refused(send_to(stack.port[f->daemon], &operations[i], f->token ? *f->token : token_inside, f->headers,
				f->body),
			f->status, f->code, NULL);
		met++;
	}
	ck_assert_msg(met > 0, "%s", f->code);
}

START_TEST(test_refusals)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		refuse_everywhere(&refusals[i]);
}
END_TEST

START_TEST(test_no_credentials)
{
	for (size_t i = 0; i < operation_count; i++) {
		const struct operation *o = &operations[i];
		const char *code = is_secured(o, "adminKey") ? "INVALID_ADMIN_KEY" : "INVALID_TOKEN";

		if (member(o->node, "security"))
			refused(http(P, o->method, o->path, NULL, "{}"), 401, code, NULL);
		ck_assert_int_eq(lists(o, 401, code), member(o->node, "security") != NULL);
	}
}
END_TEST

START_TEST(test_too_large)
{
	char *body = calloc(1, LARGE + 1);

	memset(body, ' ', LARGE);
	for (size_t i = 0; i < operation_count; i++)
		refused(send_to(P, &operations[i], token_inside, "", body), 413, "BODY_TOO_LARGE", NULL);
	free(body);
}
END_TEST

/* Methods on the paths of the document that it does not list. */
START_TEST(test_other_methods)
{
	static const char *const names[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"};

	for (size_t i = 0; i < operation_count - 1; i++)
		for (size_t m = 0; m < sizeof(names) / sizeof(names[0]); m++)
			if (!is_listed(names[m], operations[i].path))
				refused(call(P, names[m], operations[i].path, NULL, NULL), 405, "METHOD_NOT_ALLOWED",
					NULL);
}
END_TEST

static void check_not_modified(const char *path, const char *token)
{
	struct reply r = answered(call(P, "GET", path, token, NULL), 200);
	const char *etag = reply_header(&r, "ETag");

	ck_assert_msg(etag != NULL, "%s", path);
	done(http(P, "GET", path, say("Authorization: Bearer %s\r\nIf-None-Match: %s\r\n", token, etag), NULL), 304);
	reply_free(&r);
	done(http(P, "GET", path, say("Authorization: Bearer %s\r\nAccept-Encoding: gzip\r\n", token), NULL), 200);
}

START_TEST(test_not_modified)
{
	for (size_t i = 0; i < operation_count; i++)
		if (member(member(operations[i].node, "responses"), "304") && !strstr(operations[i].path, "/web/"))
			check_not_modified(operations[i].path, token_inside);
	check_not_modified("/web/any/base.css", token_inside);
}
END_TEST

#define SHOP "Origin: https://shop.example\r\n"

START_TEST(test_other_origin)
{
	int port = stack.port[CLOSED];

	done(http(port, "GET", "/v1/concerts", SHOP, NULL), 200);
	done(http(port, "GET", "/v1/schedules/11/seats", say("%sAuthorization: Bearer %s\r\n", SHOP, token_inside),
		  NULL),
	     200);
	done(http(port, "OPTIONS", "/v1/tokens", SHOP "Access-Control-Request-Method: POST\r\n", NULL), 204);
	done(http(port, "OPTIONS", "/v1/tokens", "Origin: https://other\r\nAccess-Control-Request-Method: POST\r\n",
		  NULL),
	     204);
}
END_TEST

START_TEST(test_unknown_method)
{
	refused(ask("BREW", "/v1/tokens", NULL, NULL), 501, "METHOD_UNKNOWN", NULL);
}
END_TEST

/* All of them at once, as each takes a second. */
START_TEST(test_too_slow)
{
	int fds[OPERATIONS_MOST];
	struct reply r;

	for (size_t i = 0; i < operation_count; i++) {
		const char *head = say("%s %s HTTP/1.1\r\nHost: x\r\n", operations[i].method, operations[i].path);

		fds[i] = http_connect(stack.port[SLOW]);
		http_send(fds[i], head, strlen(head));
	}
	for (size_t i = 0; i < operation_count; i++) {
		r = problem(http_read(fds[i], 0), 408, "REQUEST_TIMEOUT", NULL);
		exchange_record(say("%s %s HTTP/1.1\r\nHost: x\r\n\r\n", operations[i].method, operations[i].path),
				NULL, 0, &r);
		reply_free(&r);
		close(fds[i]);
	}
}
END_TEST

/* The only connection there may be is taken by somebody who asks much and reads nothing. Until the daemon can write
 * no more it may send them away for the next who comes; then they are back. */
static void guest_stays(int *guest)
{
	static const char request[] = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";
	struct pollfd p = {.fd = *guest, .events = POLLRDHUP};

	if (*guest >= 0 && poll(&p, 1, 0) == 0)
		return;
	if (*guest >= 0)
		close(*guest);
	*guest = http_connect_narrow(stack.port[FULL]);
	for (int i = 0; i < 200; i++)
		http_send(*guest, request, sizeof(request) - 1);
}

static bool is_overloaded(const struct operation *o, int *guest)
{
	struct reply r;
	bool yes;

	guest_stays(guest);
	r = http(stack.port[FULL], o->method, o->path, NULL, NULL);
	yes = r.status == 503 && strcmp(reply_string(&r, "code"), "OVERLOADED") == 0;
	reply_free(&r);
	return yes;
}

START_TEST(test_full_house)
{
	int guest = -1;

	for (size_t i = 0; i < operation_count; i++)
		wait_until(is_overloaded(&operations[i], &guest));
	close(guest);
}
END_TEST

/* The body that the document shows as an example; NULL: none. */
static char *example_of(const struct operation *o)
{
	const cJSON *type = member(member(resolved(member(o->node, "requestBody")), "content"), "application/json");
	const cJSON *example = member(type, "example"), *examples = member(type, "examples");

	return cJSON_PrintUnformatted(example ? example : member(examples ? examples->child : NULL, "value"));
}

/* Whether an operation answers its example with 503 and this code. */
static bool is_unavailable(const struct operation *o, const char *code)
{
	char *body = example_of(o);
	struct reply r = send_to(P, o, token_inside, "", body);
	bool yes = r.status == 503 && strcmp(reply_string(&r, "code"), code) == 0;

	reply_free(&r);
	cJSON_free(body);
	return yes;
}

static void all_unavailable(const char *code)
{
	for (size_t i = 0; i < operation_count; i++)
		if (lists(&operations[i], 503, code))
			ck_assert_msg(is_unavailable(&operations[i], code), "%s %s", operations[i].method,
				      operations[i].path);
}

static bool forgetting;

static void *forget(void *arg)
{
	while (__atomic_load_n(&forgetting, __ATOMIC_RELAXED))
		redis_int("DEL usher:{main}:queue");
	return arg;
}

/* The queue is lost again and again, as fast as it is made anew. */
START_TEST(test_queue_is_being_made)
{
	pthread_t thread;

	forgetting = true;
	pthread_create(&thread, NULL, forget, NULL);
	for (size_t i = 0; i < operation_count; i++)
		if (lists(&operations[i], 503, "NO_QUEUE"))
			wait_until(is_unavailable(&operations[i], "NO_QUEUE"));
	__atomic_store_n(&forgetting, false, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}
END_TEST

/* What lists the concerts needs nothing but memory, once it has seen every queue: here is a new one. */
START_TEST(test_servers_away)
{
	process_kill(&stack.redis, SIGKILL);
	wait_until(unready("Redis"));
	done(admin("POST", "/admin/v1/catalog",
		   "{\"queues\":[{\"name\":\"new\",\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":9,"
		   "\"claimSeconds\":9}]}"),
	     503);
	wait_until(status_of("GET", "/v1/concerts", NULL, NULL) == 503);
	process_kill(&stack.mysql, SIGKILL);
	wait_until(unready("MySQL"));
	all_unavailable("UNAVAILABLE");
}
END_TEST

static void begin(void)
{
	redis_start();
	mysql_start();
}

int main(void)
{
	const TTest *const tests[] = {test_begin,
				      test_refusals,
				      test_no_credentials,
				      test_too_large,
				      test_other_methods,
				      test_not_modified,
				      test_other_origin,
				      test_unknown_method,
				      test_too_slow,
				      test_full_house,
				      test_queue_is_being_made,
				      test_servers_away,
				      NULL};

	return stack_main("contract", 60, begin, tests);
}
