/* Strict JSON: what is refused although cJSON would let it pass, and what the refusal says. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "unit/unit.h"

#define BYTES(text) text, sizeof(text) - 1
#define NOT_JSON "the body is not valid JSON"
#define NOT_TEXT "the body is not valid UTF-8 or holds the character NUL"

static struct arena arena;
static const char *why;

/* The text is parsed in memory of just its size, so that reading on is seen. */
static cJSON *parse(const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1);
	cJSON *json;

	ck_assert_ptr_nonnull(exact);
	memcpy(exact, text, len);
	json = json_parse(&arena, exact, len, &why);
	free(exact);
	return json;
}

static void takes(const char *text, size_t len)
{
	ck_assert_msg(parse(text, len) != NULL, "refused: %s: %s", text, why);
	ck_assert_ptr_null(why);
	arena_reset(&arena);
}

static void refuses(const char *text, size_t len, const char *want)
{
	ck_assert_msg(parse(text, len) == NULL, "taken: %s", text);
	ck_assert_str_eq(why, want);
	arena_reset(&arena);
}

START_TEST(test_takes_json)
{
	takes(BYTES("{}"));
	takes(BYTES(" \t\r\n[1, -2.5e+3, true, false, null, \"x\"] \t\r\n"));
	takes(BYTES("\"lone text\""));
	takes(BYTES("0"));
	takes(BYTES("[-0, 0.5, 10E2, 1e-7]"));
	takes(BYTES("{\"a\":{\"b\":[{\"c\":1},{\"c\":1}]}}"));
	takes(BYTES("[\"\\u0001 \\\\u0000 \\ud83d\\ude00 \\\" \\/ \\b\\f\\n\\r\\t\"]"));
	takes(BYTES("[\"\xed\x9f\xbf \xee\x80\x80 \xf4\x8f\xbf\xbf \xc2\x80\"]"));
	arena_free(&arena);
}
END_TEST

START_TEST(test_refuses_what_is_not_json)
{
	refuses("", 0, NOT_JSON);
	refuses(BYTES(" "), NOT_JSON);
	refuses(BYTES("{"), NOT_JSON);
	refuses(BYTES("{\"a\":1,}"), NOT_JSON);
	refuses(BYTES("[1,]"), NOT_JSON);
	refuses(BYTES("[1 2]"), NOT_JSON);
	refuses(BYTES("{} x"), NOT_JSON);
	refuses(BYTES("{}{}"), NOT_JSON);
	refuses(BYTES("{a:1}"), NOT_JSON);
	refuses(BYTES("{'a':1}"), NOT_JSON);
	refuses(BYTES("[NaN]"), NOT_JSON);
	refuses(BYTES("[Infinity]"), NOT_JSON);
	refuses(BYTES("[nul]"), NOT_JSON);
	refuses(BYTES("\"x"), NOT_JSON);
	refuses(BYTES("[\"\\x\"]"), NOT_JSON);
	refuses(BYTES("[\"\\u12\"]"), NOT_JSON);
	refuses(BYTES("[\"\\ud800\"]"), NOT_JSON);
	refuses(BYTES("[\"\\udc00\\ud800\"]"), NOT_JSON);
	refuses(BYTES("[1] // so be it"), NOT_JSON);
}
END_TEST

/* A double would make whole numbers of them. */
START_TEST(test_refuses_numbers_made_whole_by_rounding)
{
	static const char *const rounded[] = {"1.00000000000000001", "0.99999999999999999",      "9007199254740990.5",
					      "9007199254740991.4",  "-1.00000000000000001",     "1e-400",
					      "-0.1e-323",           "123000000000000000001e-18"};
	static const char *const kept[] = {"1.0000000000000000000",
					   "0.0000000000000000000",
					   "-0e-400",
					   "123000000000000000000000e-21",
					   "0.000000000000000000001e21",
					   "9007199254740991",
					   "9007199254740991.000",
					   "0.30000000000000004",
					   "12345678901234567890",
					   "1e400"};
	char text[128], want[] = "b[2].n: has more digits than a number may";

	for (size_t i = 0; i < sizeof(rounded) / sizeof(rounded[0]); i++) {
		snprintf(text, sizeof(text), "{\"a\":\"-1\",\"b\":[1.5e+3,{\"m\":-0.10E-7},{\"n\":%s}]}", rounded[i]);
		refuses(text, strlen(text), want);
	}
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		snprintf(text, sizeof(text), "{\"a\":\"1.00000000000000001\",\"b\":[{},{\"n\":%s},2]}", kept[i]);
		takes(text, strlen(text));
	}
	arena_free(&arena);
}
END_TEST

START_TEST(test_refuses_numbers_that_are_not)
{
	static const char *const numbers[] = {"01",  "-01", "00",  "1.",  ".5",  "-.5", "+1",   "1.e3", "1e",
					      "1e+", "-",   "--1", "0x1", "1-1", "1+",  "1..2", "1e5e5"};
	char text[32];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		refuses(numbers[i], strlen(numbers[i]), NOT_JSON);
		snprintf(text, sizeof(text), "{\"n\":%s}", numbers[i]);
		refuses(text, strlen(text), NOT_JSON);
	}
}
END_TEST

START_TEST(test_refuses_bare_control_characters)
{
	char text[] = "[\" \"]", space[] = "[ 1]";

	for (char c = 1; c < ' '; c++) {
		text[2] = space[1] = c;
		refuses(text, 5, NOT_JSON);
		if (!strchr("\t\r\n", c))
			refuses(space, 4, NOT_JSON);
		else
			takes(space, 4);
	}
	arena_free(&arena);
}
END_TEST

START_TEST(test_refuses_nul)
{
	refuses("[\"a\0b\"]", 7, NOT_TEXT);
	refuses("{}\0", 3, NOT_TEXT);
	refuses(BYTES("[\"a\\u0000b\"]"), NOT_TEXT);
	refuses(BYTES("[\"\\\\\\u0000\"]"), NOT_TEXT);
	refuses(BYTES("{\"\\u0000\":1}"), NOT_TEXT);
	takes(BYTES("[\"\\\\u0000\"]"));
	arena_free(&arena);
}
END_TEST

START_TEST(test_refuses_invalid_utf_8)
{
	refuses(BYTES("[\"\x80\"]"), NOT_TEXT);
	refuses(BYTES("[\"\xff\"]"), NOT_TEXT);
	refuses(BYTES("[\"\xc0\x80\"]"), NOT_TEXT);         /* NUL, overlong */
	refuses(BYTES("[\"\xc1\xbf\"]"), NOT_TEXT);         /* overlong */
	refuses(BYTES("[\"\xe0\x9f\xbf\"]"), NOT_TEXT);     /* overlong */
	refuses(BYTES("[\"\xf0\x8f\xbf\xbf\"]"), NOT_TEXT); /* overlong */
	refuses(BYTES("[\"\xed\xa0\x80\"]"), NOT_TEXT);     /* a surrogate */
	refuses(BYTES("[\"\xed\xbf\xbf\"]"), NOT_TEXT);     /* a surrogate */
	refuses(BYTES("[\"\xf4\x90\x80\x80\"]"), NOT_TEXT); /* above U+10FFFF */
	refuses(BYTES("[\"\xf8\x88\x80\x80\x80\"]"), NOT_TEXT);
	refuses(BYTES("[\"\xc3\"]"), NOT_TEXT);
	refuses(BYTES("[\"\xe2\x82\"]"), NOT_TEXT);
	refuses(BYTES("\"\xe2\x82"), NOT_TEXT);
}
END_TEST

START_TEST(test_names_the_key_that_stands_twice)
{
	refuses(BYTES("{\"a\":1,\"a\":1}"), "a: stands twice");
	refuses(BYTES("{\"a\":1,\"\\u0061\":1}"), "a: stands twice");
	refuses(BYTES("[{},{\"a\":{\"b\":[0,{\"c\":1,\"d\":2,\"c\":1}]}}]"), "[1].a.b[1].c: stands twice");
	refuses(BYTES("{\"queues\":[{\"name\":1},{\"name\":1,\"name\":1}]}"), "queues[1].name: stands twice");
	takes(BYTES("{\"a\":1,\"A\":1}"));
	arena_free(&arena);
}
END_TEST

/* A key of 70 two-byte characters: what the message shows of it must still be UTF-8. */
START_TEST(test_long_names_are_cut_between_characters)
{
	char key[142] = "", text[400];

	for (int i = 0; i < 70; i++)
		strcat(key, "\xc3\xa9");
	key[0] = 'x';
	memmove(key + 1, key + 2, strlen(key + 2) + 1);
	snprintf(text, sizeof(text), "{\"%s\":1,\"%s\":2}", key, key);
	ck_assert_ptr_null(parse(text, strlen(text)));
	ck_assert_msg(utf8_valid(why, strlen(why)), "%s", why);
	ck_assert_int_lt(strlen(why), 100);
	arena_free(&arena);
}
END_TEST

START_TEST(test_counts_keys)
{
	char text[2048] = "{";

	for (int i = 0; i < 64; i++)
		sprintf(text + strlen(text), "%s\"k%d\":%d", i ? "," : "", i, i);
	strcat(text, "}");
	takes(text, strlen(text));
	strcpy(text + strlen(text) - 1, ",\"k64\":1}");
	refuses(text, strlen(text), "k64: more than 64 fields in one object");
	arena_free(&arena);
}
END_TEST

START_TEST(test_deep_nesting_is_refused)
{
	char *text = malloc(200000);

	ck_assert_ptr_nonnull(text);
	memset(text, '[', 200000);
	refuses(text, 200000, NOT_JSON);
	memset(text + 100000, ']', 100000);
	refuses(text, 200000, NOT_JSON);
	memset(text + 500, ']', 500);
	takes(text, 1000);
	arena_free(&arena);
	free(text);
}
END_TEST

static void count(void *n)
{
	++*(int *)n;
}

/* How much of the arena a parse takes: chunks hold at least 4 KiB each. */
START_TEST(test_a_small_body_takes_little_memory)
{
	char *text = malloc(70000), *p = text;
	size_t chunks = 0;
	int ran = 0;

	ck_assert_ptr_nonnull(text);
	for (int i = 0; i < 400; i++)
		p += sprintf(p, "{\"%064d\":", i);
	p += sprintf(p, "[0");
	while (p - text < 65000)
		p += sprintf(p, ",0");
	p += sprintf(p, "]");
	for (int i = 0; i < 400; i++)
		*p++ = '}';
	arena_on_reset(&arena, count, &ran);
	ck_assert_ptr_nonnull(parse(text, (size_t)(p - text)));
	/* A chunk begins with the pointer to the one before it. */
	for (void *c = arena.chunks; c; c = *(void **)c)
		chunks++;
	ck_assert_uint_lt(chunks, 10);
	arena_free(&arena);
	ck_assert_int_eq(ran, 1);
	free(text);
}
END_TEST

static bool integer(const char *text, int64_t least, int64_t most, int64_t *out)
{
	cJSON *json = parse(text, strlen(text));

	ck_assert_msg(json != NULL, "%s", text);
	return json_integer(json, least, most, out);
}

START_TEST(test_integers_are_exact)
{
	int64_t n = -1;

	ck_assert(integer("9007199254740991", 1, ID_MOST, &n));
	ck_assert_int_eq(n, 9007199254740991);
	ck_assert(!integer("9007199254740992", 1, ID_MOST, &n));
	ck_assert(!integer("9007199254740993", 1, ID_MOST, &n));
	ck_assert(!integer("18446744073709551617", 1, ID_MOST, &n));
	ck_assert(!integer("1e400", 1, ID_MOST, &n));
	ck_assert(!integer("-1e400", -ID_MOST, ID_MOST, &n));
	ck_assert(!integer("1.5", 1, ID_MOST, &n));
	ck_assert(!integer("1e-400", 1, ID_MOST, &n));
	ck_assert(!integer("0", 1, ID_MOST, &n));
	ck_assert(!integer("\"1\"", 1, ID_MOST, &n));
	ck_assert(!integer("true", 0, ID_MOST, &n));
	ck_assert(!integer("null", 0, ID_MOST, &n));
	ck_assert(!integer("[1]", 0, ID_MOST, &n));
	ck_assert(!json_integer(NULL, 0, ID_MOST, &n));
	ck_assert_int_eq(n, 9007199254740991);
	ck_assert(integer("1e2", 1, 100, &n));
	ck_assert_int_eq(n, 100);
	ck_assert(!integer("101", 1, 100, &n));
	arena_free(&arena);
}
END_TEST

struct values {
	int64_t number, flag, time;
	const char *text;
	const cJSON *list;
};

static const struct json_field fields[] = {
	{"number", JSON_INT, 1, 10, JSON_REQUIRED, offsetof(struct values, number)},
	{"flag", JSON_BOOL, 0, 1, JSON_OPTIONAL, offsetof(struct values, flag)},
	{"time", JSON_TIME, 0, 0, JSON_OPTIONAL, offsetof(struct values, time)},
	{"text", JSON_TEXT, 2, 3, JSON_OPTIONAL, offsetof(struct values, text)},
	{"list", JSON_LIST, 1, 2, JSON_OPTIONAL, offsetof(struct values, list)},
};

static bool read_into(struct values *v, const char *text, const char *path, enum json_unknown unknown)
{
	cJSON *json = parse(text, strlen(text));

	ck_assert_msg(json != NULL, "%s: %s", text, why);
	return json_fields(&arena, json, path, fields, 5, unknown, v, &why);
}

static void complains(const char *text, const char *want)
{
	struct values v = {0};

	ck_assert_msg(!read_into(&v, text, "", JSON_UNKNOWN_REFUSE), "taken: %s", text);
	ck_assert_str_eq(why, want);
	arena_reset(&arena);
}

START_TEST(test_fields_are_read)
{
	struct values v = {.flag = 7, .text = "as before"};

	ck_assert(read_into(&v, "{\"number\":10,\"more\":1}", "", JSON_UNKNOWN_PASS));
	ck_assert_int_eq(v.number, 10);
	ck_assert_int_eq(v.flag, 7);
	ck_assert_str_eq(v.text, "as before");
	ck_assert(read_into(&v,
			    "{\"list\":[1],\"text\":\"\xed\x95\x9c\xc3\xa9z\",\"flag\":true,\"number\":1,"
			    "\"time\":\"1970-01-01T00:00:01Z\"}",
			    "", JSON_UNKNOWN_REFUSE));
	ck_assert_int_eq(v.flag, 1);
	ck_assert_int_eq(v.time, 1000);
	ck_assert_str_eq(v.text, "\xed\x95\x9c\xc3\xa9z");
	ck_assert_int_eq(cJSON_GetArraySize(v.list), 1);
	ck_assert(read_into(&v, "{\"number\":1,\"time\":null}", "", JSON_UNKNOWN_REFUSE));
	ck_assert_int_eq(v.time, 0);
	arena_free(&arena);
}
END_TEST

START_TEST(test_fields_say_what_is_wrong)
{
	static const char number[] = "number: must be a whole number from 1 to 10";
	static const char text[] = "text: must be a text of 2 to 3 characters without control characters";
	static const char list[] = "list: must be a list of 1 to 2 elements";
	static const char time[] = "time: must be an RFC 3339 time such as 2026-12-24T10:00:00.000Z";

	complains("[]", "the body: must be an object");
	complains("{}", "number: is missing");
	complains("{\"Number\":1}", "Number: no such field");
	complains("{\"number\":0}", number);
	complains("{\"number\":11}", number);
	complains("{\"number\":1.5}", number);
	complains("{\"number\":\"1\"}", number);
	complains("{\"number\":null}", number);
	complains("{\"number\":1,\"flag\":1}", "flag: must be true or false");
	complains("{\"number\":1,\"text\":\"a\"}", text);
	complains("{\"number\":1,\"text\":\"abcd\"}", text);
	complains("{\"number\":1,\"text\":\"a\\nb\"}", text);
	complains("{\"number\":1,\"text\":\"a\\u007f\"}", text);
	complains("{\"number\":1,\"text\":12}", text);
	complains("{\"number\":1,\"list\":[]}", list);
	complains("{\"number\":1,\"list\":[1,2,3]}", list);
	complains("{\"number\":1,\"list\":{}}", list);
	complains("{\"number\":1,\"time\":\"soon\"}", time);
	complains("{\"number\":1,\"time\":0}", time);
	arena_free(&arena);
}
END_TEST

START_TEST(test_path_goes_in_front)
{
	struct values v = {0};

	ck_assert(!read_into(&v, "{}", "users[3]", JSON_UNKNOWN_REFUSE));
	ck_assert_str_eq(why, "users[3].number: is missing");
	ck_assert(!read_into(&v, "{\"x\":1}", "users[3]", JSON_UNKNOWN_REFUSE));
	ck_assert_str_eq(why, "users[3].x: no such field");
	ck_assert(!read_into(&v, "7", "users[3]", JSON_UNKNOWN_REFUSE));
	ck_assert_str_eq(why, "users[3]: must be an object");
	arena_free(&arena);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_takes_json,
				      test_refuses_what_is_not_json,
				      test_refuses_numbers_that_are_not,
				      test_refuses_numbers_made_whole_by_rounding,
				      test_refuses_bare_control_characters,
				      test_refuses_nul,
				      test_refuses_invalid_utf_8,
				      test_names_the_key_that_stands_twice,
				      test_long_names_are_cut_between_characters,
				      test_counts_keys,
				      test_deep_nesting_is_refused,
				      test_a_small_body_takes_little_memory,
				      test_integers_are_exact,
				      test_fields_are_read,
				      test_fields_say_what_is_wrong,
				      test_path_goes_in_front,
				      NULL};

	return unit_main("json-read", tests);
}
