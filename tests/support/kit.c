/* The runner and the checks the API tests share. */
#include "support/kit.h"

#include <ctype.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

static int suite_run(const char *name, int seconds, enum fork_status fork, const TTest *const *tests)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, seconds);
	for (; *tests; tests++)
		tcase_add_test(tc, *tests);
	suite_add_tcase(suite, tc);
	srunner_set_fork_status(runner, fork);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return stack_end() && !failed ? 0 : 1;
}

int api_main(const char *name, const TTest *const *tests)
{
	stack_begin();
	redis_start();
	mysql_start();
	usherd_start(0, "--catalog=" SRCDIR "/tests/api/catalog.json", NULL);
	return suite_run(name, 60, CK_FORK_GETENV, tests);
}

int stack_main(const char *name, int seconds, void (*begin)(void), const TTest *const *tests)
{
	stack_begin();
	begin();
	return suite_run(name, seconds, CK_NOFORK, tests);
}

struct reply ask_port(int port, const char *method, const char *path, const char *token, const char *fmt, ...)
{
	char body[4096];
	va_list ap;

	if (!fmt)
		return call(port, method, path, token, NULL);
	va_start(ap, fmt);
	vsnprintf(body, sizeof(body), fmt, ap);
	va_end(ap);
	return call(port, method, path, token, body);
}

struct reply admin_port(int port, const char *method, const char *path, const char *json)
{
	return call(port, method, path, ADMIN_KEY, json);
}

const char *say(const char *fmt, ...)
{
	static _Thread_local char text[16][2048];
	static _Thread_local unsigned turn;
	char *to = text[turn++ % 16];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to, sizeof(text[0]), fmt, ap);
	va_end(ap);
	return to;
}

struct reply answered_at(const char *file, int line, struct reply r, int status)
{
	ck_assert_msg(r.status == status, "%s:%d: %d instead of %d: %.600s", file, line, r.status, status,
		      r.body ? r.body : "no answer");
	return r;
}

void done_at(const char *file, int line, struct reply r, int status)
{
	r = answered_at(file, line, r, status);
	reply_free(&r);
}

/* No error shows how we are made. */
static bool tells_secrets(const char *text)
{
	static const char *const words[] = {"SELECT ", "INSERT ", "UPDATE ",   ".sock",   ".c:",    "/tmp/",
					    "/src/",   "mysql_",  TEST_SECRET, ADMIN_KEY, "usher:{"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

struct reply problem_at(const char *file, int line, struct reply r, int status, const char *code, const char *naming)
{
	const char *type;

	r = answered_at(file, line, r, status);
	type = reply_header(&r, "Content-Type");
	ck_assert_msg(type && strcmp(type, "application/problem+json") == 0, "%s:%d: %s", file, line,
		      type ? type : "no type");
	ck_assert_msg(strcmp(reply_string(&r, "code"), code) == 0, "%s:%d: %s in %.600s", file, line, code, r.body);
	ck_assert_msg(*reply_string(&r, "type") && *reply_string(&r, "title") && *reply_string(&r, "detail") &&
			      reply_number(&r, "status") == status,
		      "%s:%d: %.600s", file, line, r.body);
	ck_assert_msg(!naming || strstr(reply_string(&r, "detail"), naming), "%s:%d: %s not named in %.600s", file,
		      line, naming, r.body);
	ck_assert_msg(!tells_secrets(r.body), "%s:%d: %.600s", file, line, r.body);
	return r;
}

void refused_at(const char *file, int line, struct reply r, int status, const char *code, const char *naming)
{
	r = problem_at(file, line, r, status, code, naming);
	reply_free(&r);
}

const cJSON *reply_at(const struct reply *r, const char *path)
{
	const cJSON *item = r->json;

	while (item && *path) {
		size_t n = strcspn(path, ".");
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		if (cJSON_IsArray(item) && isdigit((unsigned char)name[0]))
			item = cJSON_GetArrayItem(item, atoi(name));
		else
			item = cJSON_GetObjectItemCaseSensitive(item, name);
		path += n + (path[n] == '.');
	}
	return item;
}

double number_at(const struct reply *r, const char *path)
{
	const cJSON *item = reply_at(r, path);

	return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

const char *text_at(const struct reply *r, const char *path)
{
	const char *text = cJSON_GetStringValue(reply_at(r, path));

	return text ? text : "";
}

int count_at(const struct reply *r, const char *path)
{
	const cJSON *item = reply_at(r, path);

	return cJSON_IsArray(item) ? cJSON_GetArraySize(item) : -1;
}

bool has(const struct reply *r, const char *path)
{
	return reply_at(r, path) != NULL;
}

bool is_time(const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00.000Z";

	if (strlen(text) != strlen(shape))
		return false;
	for (size_t i = 0; shape[i]; i++)
		if (shape[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != shape[i])
			return false;
	return true;
}

char *enter(int user, const char *queue)
{
	char *token = token_of(P, user, queue);

	ck_assert_msg(token != NULL, "no token of %s for user %d", queue, user);
	return token;
}

bool stands(const char *token, const char *status)
{
	struct reply r = ask("GET", "/v1/queue/position", token, NULL);
	bool yes = strcmp(reply_string(&r, "status"), status) == 0;

	reply_free(&r);
	return yes;
}

bool ready(void)
{
	return status_of("GET", "/readyz", NULL, NULL) == 200;
}

bool not_writing(const char *server, const char *what)
{
	struct reply r = ask("GET", "/readyz", NULL, NULL);
	bool yes = r.status == 200 && strcmp(reply_string(&r, server), what) == 0;

	reply_free(&r);
	return yes;
}

bool unready(const char *why)
{
	struct reply r = call(P, "GET", "/readyz", NULL, NULL);
	bool yes = r.status == 503 && strstr(reply_string(&r, "detail"), why);

	reply_free(&r);
	return yes;
}

int logged(const char *text)
{
	char *log = usherd_log(0);
	int n = 0;

	for (const char *p = log; (p = strstr(p, text)); p++)
		n++;
	free(log);
	return n;
}

struct reply keyed(const char *path, const char *token, const char *key, const char *json)
{
	char headers[HEADER_TEXT + 100], auth[HEADER_TEXT] = "";

	snprintf(headers, sizeof(headers), "%sIdempotency-Key: %s\r\n", token ? bearer(auth, token) : "", key);
	return http(P, "POST", path, headers, json);
}

int status_port(int port, const char *method, const char *path, const char *token, const char *json)
{
	struct reply r = call(port, method, path, token, json);
	int status = r.status;

	reply_free(&r);
	return status;
}

char *inside(int user)
{
	char *token = enter(user, "main");

	wait_until(stands(token, "ACTIVE"));
	return token;
}

int64_t hold(const char *token, int schedule, int seat)
{
	struct reply r = answered(
		ask("POST", "/v1/reservations", token, "{\"scheduleId\":%d,\"seatId\":%d}", schedule, seat), 201);
	int64_t id = (int64_t)reply_number(&r, "reservationId");

	ck_assert_int_gt(id, 0);
	reply_free(&r);
	return id;
}

void pay_for(const char *token, int64_t reservation)
{
	done(ask("POST", "/v1/payments", token, "{\"reservationId\":%ld}", (long)reservation), 201);
}

bool audit_holds(void)
{
	struct reply r = admin("GET", "/admin/v1/audit", NULL);
	bool yes = r.status == 200 && cJSON_IsTrue(cJSON_GetObjectItem(r.json, "holds"));

	reply_free(&r);
	return yes;
}

bool seat_is_paid(int schedule, int seat)
{
	char *score = redis_text("ZSCORE usher:{main}:seats:%d %d", schedule, seat);
	bool paid = score && strcmp(score, "inf") == 0;

	free(score);
	return paid;
}

int64_t balance_of(int user)
{
	struct reply r = answered(ask("GET", say("/v1/users/%d/balance", user), NULL, NULL), 200);
	int64_t balance = (int64_t)reply_number(&r, "balance");

	reply_free(&r);
	return balance;
}

int64_t world(void)
{
	return sql_int("SELECT CRC32(CONCAT_WS(',', (SELECT COUNT(*) FROM users),"
		       " (SELECT SUM(amount * (user_id + 7)) FROM balances), (SELECT COUNT(*) FROM ledger),"
		       " (SELECT CONCAT(COUNT(*), SUM(id * (status + 1))) FROM reservations),"
		       " (SELECT COUNT(*) FROM reservation_seats WHERE live = 1), (SELECT COUNT(*) FROM payments),"
		       " (SELECT COUNT(*) FROM idempotency), (SELECT SUM(version) FROM catalog_version),"
		       " (SELECT CONCAT(COUNT(*), SUM(version)) FROM queues),"
		       " (SELECT CONCAT(COUNT(*), SUM(price)) FROM seats WHERE removed = 0),"
		       " (SELECT GROUP_CONCAT(id, title, queue, seat_limit, hold_seconds) FROM concerts)))");
}

struct start {
	pthread_barrier_t *barrier;
	void *(*work)(void *);
	void *item;
};

static void *start(void *arg)
{
	const struct start *s = arg;

	pthread_barrier_wait(s->barrier);
	return s->work(s->item);
}

void at_once(int n, void *(*work)(void *), void *items, size_t size)
{
	pthread_t *threads = calloc((size_t)n, sizeof(*threads));
	struct start *starts = calloc((size_t)n, sizeof(*starts));
	pthread_barrier_t barrier;

	pthread_barrier_init(&barrier, NULL, (unsigned)n);
	for (int i = 0; i < n; i++) {
		starts[i] = (struct start){&barrier, work, (char *)items + (size_t)i * size};
		if (pthread_create(&threads[i], NULL, start, &starts[i]) != 0)
			abort();
	}
	for (int i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&barrier);
	free(starts);
	free(threads);
}
