/* Every field of every body and every path id with what it must not be: a 4xx that names it, and nothing changed. */
#include "support/kit.h"

#define DEEP 900

enum kind { NUMBER, TEXT, LIST, FLAG, MOMENT };

/* A body with %s where the value of the field under test goes. */
static const struct field {
	const char *method, *path, *body, *name;
	enum kind kind;
	enum { OPEN, TOKEN, ADMIN } who;
	const char *missing; /* the body without the field; NULL: it may be left out */
} fields[] = {
	{"POST", "/v1/tokens", "{\"userId\":%s,\"queue\":\"main\"}", "userId", NUMBER, OPEN, "{\"queue\":\"main\"}"},
	{"POST", "/v1/tokens", "{\"userId\":7,\"queue\":%s}", "queue", TEXT, OPEN, "{\"userId\":7}"},
	{"POST", "/v1/reservations", "{\"scheduleId\":%s,\"seatId\":3}", "scheduleId", NUMBER, TOKEN, "{\"seatId\":3}"},
	{"POST", "/v1/reservations", "{\"scheduleId\":11,\"seatId\":%s}", "seatId", NUMBER, TOKEN,
	 "{\"scheduleId\":11}"},
	{"POST", "/v1/reservations", "{\"scheduleId\":11,\"seatIds\":%s}", "seatIds", LIST, TOKEN,
	 "{\"scheduleId\":11}"},
	{"POST", "/v1/reservations", "{\"scheduleId\":11,\"seatIds\":[5,%s]}", "seatIds", NUMBER, TOKEN, NULL},
	{"POST", "/v1/payments", "{\"reservationId\":%s}", "reservationId", NUMBER, TOKEN, "{}"},
	{"POST", "/v1/users/7/balance/charges", "{\"amount\":%s}", "amount", NUMBER, OPEN, "{}"},
	{"PATCH", "/admin/v1/queues/side", "{\"capacity\":%s}", "capacity", NUMBER, ADMIN, NULL},
	{"PATCH", "/admin/v1/queues/side", "{\"ratePerSecond\":%s}", "ratePerSecond", NUMBER, ADMIN, NULL},
	{"PATCH", "/admin/v1/queues/side", "{\"sessionSeconds\":%s}", "sessionSeconds", NUMBER, ADMIN, NULL},
	{"PATCH", "/admin/v1/queues/side", "{\"claimSeconds\":%s}", "claimSeconds", NUMBER, ADMIN, NULL},
	{"PATCH", "/admin/v1/queues/side", "{\"paused\":%s}", "paused", FLAG, ADMIN, NULL},
	{"PATCH", "/admin/v1/queues/side", "{\"opensAt\":%s}", "opensAt", MOMENT, ADMIN, NULL},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static const char *const wrong_numbers[] = {"null",
					    "true",
					    "\"7\"",
					    "[]",
					    "{}",
					    "[7]",
					    "{\"a\":7}",
					    "0",
					    "-1",
					    "-0",
					    "1.5",
					    "-1.5",
					    "0.1",
					    "1e-1",
					    "1e400",
					    "-1e400",
					    "1e308",
					    "9007199254740992",
					    "1e16",
					    "1e100",
					    "\"\"",
					    "false",
					    "1.0001",
					    "18446744073709551617",
					    "-9007199254740993",
					    "\"\\ud83d\\ude00\""};
static const char *const wrong_texts[] = {"null", "true",  "7",           "[]",          "{}",         "[\"main\"]",
					  "\"\"", "1e400", "\"ma\\nin\"", "\"\\u0001\"", "\"\\u007f\""};
static const char *const wrong_lists[] = {"null",     "true",  "3",       "\"3\"",    "{}",     "[]",
					  "[0]",      "[-1]",  "[1.5]",   "[\"3\"]",  "[null]", "[[3]]",
					  "[{}]",     "[3,3]", "[1e400]", "[3,null]", "[true]", "[9007199254740992]",
					  "{\"0\":3}"};
static const char *const wrong_flags[] = {"null", "0", "1", "\"true\"", "[]", "{}", "[true]", "-1", "1e400"};
static const char *const wrong_moments[] = {"0",
					    "true",
					    "[]",
					    "{}",
					    "\"\"",
					    "\"tomorrow\"",
					    "\"2090-13-01T00:00:00.000Z\"",
					    "\"2090-02-30T00:00:00.000Z\"",
					    "\"2090-01-01T25:00:00.000Z\"",
					    "\"2090-01-01T00:00:00.000\"",
					    "\"2090-01-01\"",
					    "1e400",
					    "\"2090-01-01T00:00:00.000Z \""};

#define LIST_OF(list) list, sizeof(list) / sizeof((list)[0])

static const struct {
	const char *const *values;
	size_t count;
} wrong[] = {[NUMBER] = {LIST_OF(wrong_numbers)},
	     [TEXT] = {LIST_OF(wrong_texts)},
	     [LIST] = {LIST_OF(wrong_lists)},
	     [FLAG] = {LIST_OF(wrong_flags)},
	     [MOMENT] = {LIST_OF(wrong_moments)}};

static char *token;
static int64_t before, waiting;
static pid_t daemon_pid;

static void begin(void)
{
	token = enter(7, "main");
	before = world();
	waiting = redis_int("ZCARD usher:{main}:waiting") + redis_int("ZCARD usher:{main}:active");
	daemon_pid = stack.usherd[0];
}

/* Nothing changed, in MySQL nor in Redis, and the same process still answers. */
static void check_unharmed(void)
{
	ck_assert_int_eq(world(), before);
	ck_assert_int_eq((int)redis_int("ZCARD usher:{main}:seats:11"), 0);
	ck_assert_int_eq((int)(redis_int("ZCARD usher:{main}:waiting") + redis_int("ZCARD usher:{main}:active")),
			 (int)waiting);
	done(ask("GET", "/healthz", NULL, NULL), 200);
	done(ask("GET", "/v1/queue/position", token, NULL), 200);
	free(token);
}

static struct reply send_body(const struct field *f, const char *body)
{
	const char *who = f->who == OPEN ? NULL : f->who == ADMIN ? ADMIN_KEY : token;

	return call(P, f->method, f->path, who, body);
}

static struct reply send_value(const struct field *f, const char *value)
{
	size_t size = strlen(f->body) + strlen(value) + 1;
	char *body = malloc(size);
	struct reply r;

	snprintf(body, size, f->body, value);
	r = send_body(f, body);
	free(body);
	return r;
}

static void check_named(const struct field *f, struct reply r, const char *value)
{
	const char *detail = reply_string(&r, "detail");

	ck_assert_msg(r.status == 400 && strcmp(reply_string(&r, "code"), "INVALID_FIELD") == 0 &&
			      strstr(detail, f->name),
		      "%s %s, %s = %.80s: %d %s", f->method, f->path, f->name, value, r.status,
		      r.body ? r.body : "no answer");
	refused(r, 400, "INVALID_FIELD", f->name);
}

START_TEST(test_wrong_values)
{
	begin();
	for (size_t i = 0; i < FIELDS; i++)
		for (size_t k = 0; k < wrong[fields[i].kind].count; k++) {
			const char *value = wrong[fields[i].kind].values[k];

			check_named(&fields[i], send_value(&fields[i], value), value);
		}
	check_unharmed();
}
END_TEST

START_TEST(test_missing)
{
	begin();
	for (size_t i = 0; i < FIELDS; i++) {
		if (fields[i].missing)
			check_named(&fields[i], send_body(&fields[i], fields[i].missing), "nothing");
	}
	check_unharmed();
}
END_TEST

/* A field stands twice: which one counts is nobody's guess. */
START_TEST(test_duplicate_keys)
{
	static const char *const twice[][4] = {
		{"POST", "/v1/tokens", "userId", "{\"userId\":7,\"queue\":\"main\",\"userId\":8}"},
		{"POST", "/v1/tokens", "queue", "{\"userId\":7,\"queue\":\"main\",\"queue\":\"side\"}"},
		{"POST", "/v1/users/7/balance/charges", "amount", "{\"amount\":5,\"amount\":5}"},
		{"POST", "/v1/users/7/balance/charges", "amount", "{\"amount\":5,\"\\u0061mount\":6}"},
		{"POST", "/v1/reservations", "seatId", "{\"scheduleId\":11,\"seatId\":3,\"seatId\":4}"},
		{"POST", "/v1/payments", "reservationId", "{\"reservationId\":1,\"reservationId\":2}"},
	};

	begin();
	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++)
		refused(call(P, twice[i][0], twice[i][1], token, twice[i][3]), 400, "INVALID_JSON", twice[i][2]);
	check_unharmed();
}
END_TEST

START_TEST(test_very_long)
{
	static char text[60001], digits[3001];

	memset(text, 'a', sizeof(text) - 1);
	memset(digits, '9', sizeof(digits) - 1);
	text[0] = text[sizeof(text) - 2] = '"';
	begin();
	for (size_t i = 0; i < FIELDS; i++) {
		check_named(&fields[i], send_value(&fields[i], text), "a long text");
		check_named(&fields[i], send_value(&fields[i], digits), "a long number");
	}
	check_unharmed();
}
END_TEST

/* As deep as the parser goes, and far deeper than any stack. */
START_TEST(test_deeply_nested)
{
	static char deep[2 * DEEP + 1], deeper[60001];
	struct reply r;

	memset(deep, '[', DEEP);
	memset(deep + DEEP, ']', DEEP);
	memset(deeper, '[', sizeof(deeper) - 1);
	begin();
	for (size_t i = 0; i < FIELDS; i++) {
		check_named(&fields[i], send_value(&fields[i], deep), "deep lists");
		r = send_value(&fields[i], deeper);
		ck_assert_msg(r.status == 400, "%d %s", r.status, r.body);
		reply_free(&r);
	}
	check_unharmed();
}
END_TEST

/* seatId and seatIds: one of them, not both; and not more seats than any limit. */
START_TEST(test_seats_both_ways)
{
	static char many[60000] = "{\"scheduleId\":11,\"seatIds\":[1";
	size_t n = strlen(many);

	for (int i = 2; i <= 5000; i++)
		n += (size_t)sprintf(many + n, ",%d", i);
	strcpy(many + n, "]}");
	begin();
	refused(call(P, "POST", "/v1/reservations", token, "{\"scheduleId\":11,\"seatId\":3,\"seatIds\":[4]}"), 400,
		"INVALID_FIELD", "seatId");
	refused(call(P, "POST", "/v1/reservations", token, many), 400, "INVALID_FIELD", "seatIds");
	check_unharmed();
}
END_TEST

/* What only looks like JSON. */
START_TEST(test_not_json)
{
	static const char *const bodies[] = {"",
					     " ",
					     "{",
					     "nul",
					     "{'amount':5}",
					     "{amount:5}",
					     "{\"amount\":5",
					     "{\"amount\":5}}",
					     "{\"amount\":5} x",
					     "{\"amount\":5,}",
					     "{\"amount\":05}",
					     "{\"amount\":+5}",
					     "{\"amount\":5.}",
					     "{\"amount\":.5}",
					     "{\"amount\":0x5}",
					     "{\"amount\":5e}",
					     "{\"amount\":NaN}",
					     "{\"amount\":Infinity}",
					     "{\"amount\":5/**/}",
					     "{\"amount\":5,\"note\":\"a\nb\"}",
					     "{\"amount\":5,\"note\":\"\\x\"}",
					     "{\"amount\":5,\"note\":\"\\ud800\"}",
					     "amount=5"};

	begin();
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		struct reply r = call(P, "POST", "/v1/users/7/balance/charges", NULL, bodies[i]);

		ck_assert_msg(r.status == 400, "%s: %d %s", bodies[i], r.status, r.body);
		refused(r, 400, "INVALID_JSON", NULL);
	}
	check_unharmed();
}
END_TEST

START_TEST(test_not_an_object)
{
	static const char *const bodies[] = {"null", "5", "\"amount\"", "[]", "[{\"amount\":5}]", "true"};

	begin();
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		refused(call(P, "POST", "/v1/users/7/balance/charges", NULL, bodies[i]), 400, "INVALID_FIELD", NULL);
	check_unharmed();
}
END_TEST

/* Invalid UTF-8 (cut off, overlong, a surrogate, above the last character) and NUL, raw and escaped. */
START_TEST(test_bytes)
{
	static const struct {
		const char *text;
		size_t len;
	} notes[] = {{"\xff", 1},         {"\xc3", 1},
		     {"\xc0\xaf", 2},     {"\xe0\x80\xaf", 3},
		     {"\xed\xa0\x80", 3}, {"\xf4\x90\x80\x80", 4},
		     {"\x80", 1},         {"\0", 1},
		     {"\\u0000", 6},      {"\xf8\x88\x80\x80\x80", 5},
		     {"a\0b", 3}};
	char body[128];

	begin();
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		size_t n = (size_t)sprintf(body, "{\"amount\":5,\"note\":\"");

		memcpy(body + n, notes[i].text, notes[i].len);
		n += notes[i].len;
		memcpy(body + n, "\"}", 2);
		refused(http_bytes(P, "POST", "/v1/users/7/balance/charges", NULL, body, n + 2), 400, "INVALID_JSON",
			NULL);
	}
	refused(http_bytes(P, "POST", "/v1/users/7/balance/charges", NULL, "{\"amount\":5}\0", 13), 400, "INVALID_JSON",
		NULL);
	check_unharmed();
}
END_TEST

START_TEST(test_path_ids)
{
	static const char *const ids[] = {"0",
					  "-1",
					  "-0",
					  "1.5",
					  "1e3",
					  "abc",
					  "7x",
					  "+7",
					  "0x7",
					  "%20",
					  "%00",
					  "7%00",
					  "9007199254740992",
					  "9223372036854775808",
					  "18446744073709551617",
					  "99999999999999999999999999999999999999",
					  "1e400",
					  "'",
					  "7;DROP",
					  "\xff",
					  "null"};
	static const char *const paths[][4] = {{"GET", "/v1/concerts/%s/dates", "concertId", NULL},
					       {"GET", "/v1/schedules/%s/seats", "scheduleId", NULL},
					       {"GET", "/v1/reservations/%s", "reservationId", NULL},
					       {"DELETE", "/v1/reservations/%s", "reservationId", NULL},
					       {"GET", "/v1/users/%s/balance", "userId", NULL},
					       {"POST", "/v1/users/%s/balance/charges", "userId", "{\"amount\":5}"}};
	char path[128];

	begin();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		for (size_t k = 0; k < sizeof(ids) / sizeof(ids[0]); k++) {
			struct reply r;

			snprintf(path, sizeof(path), paths[i][1], ids[k]);
			r = call(P, paths[i][0], path, token, paths[i][3]);
			ck_assert_msg(r.status == 400, "%s: %d %s", path, r.status, r.body ? r.body : "no answer");
			refused(r, 400, "INVALID_FIELD", paths[i][2]);
		}
	check_unharmed();
}
END_TEST

START_TEST(test_path_id_very_long)
{
	char path[4096];
	size_t n = (size_t)sprintf(path, "/v1/users/");

	memset(path + n, '7', 3000);
	strcpy(path + n + 3000, "/balance");
	begin();
	refused(call(P, "GET", path, NULL, NULL), 400, "INVALID_FIELD", "userId");
	check_unharmed();
}
END_TEST

START_TEST(test_patch_of_nothing_known)
{
	begin();
	refused(admin("PATCH", "/admin/v1/queues/nowhere", "{\"capacity\":5}"), 404, "QUEUE_NOT_FOUND", NULL);
	refused(admin("PATCH", "/admin/v1/queues/side", "[]"), 400, "INVALID_FIELD", NULL);
	refused(admin("PATCH", "/admin/v1/queues/side", "{\"capacity\":5,\"paused\":\"no\"}"), 400, "INVALID_FIELD",
		"paused");
	check_unharmed();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_wrong_values,
				      test_missing,
				      test_duplicate_keys,
				      test_very_long,
				      test_deeply_nested,
				      test_seats_both_ways,
				      test_not_json,
				      test_not_an_object,
				      test_bytes,
				      test_path_ids,
				      test_path_id_very_long,
				      test_patch_of_nothing_known,
				      NULL};

	return api_main("bad input", tests);
}
