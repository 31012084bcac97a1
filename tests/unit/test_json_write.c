/* Writing JSON: commas, escapes, growth, and that it reads back as what was meant. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "unit/unit.h"

static struct arena arena;

START_TEST(test_shapes)
{
	struct json j;

	json_begin(&j, &arena);
	json_object(&j, NULL);
	json_int(&j, "a", 1);
	json_array(&j, "b");
	json_array_end(&j);
	json_array(&j, "c");
	json_int(&j, NULL, -1);
	json_object(&j, NULL);
	json_object_end(&j);
	json_bool(&j, NULL, true);
	json_array_end(&j);
	json_object(&j, "d");
	json_null(&j, "e");
	json_bool(&j, "f", false);
	json_object_end(&j);
	json_text(&j, "g", NULL);
	json_time(&j, "h", 0);
	json_time(&j, "i", 1);
	json_array(&j, "j");
	json_real(&j, NULL, 1.5, 2);
	json_real(&j, NULL, 100, 2);
	json_real(&j, NULL, 100, 0);
	json_real(&j, NULL, 0.0004, 3);
	json_real(&j, NULL, 1e-6, 6);
	json_real(&j, NULL, NAN, 2);
	json_real(&j, NULL, 1e15, 2);
	json_real(&j, NULL, -999999999999999.0, 6);
	json_array_end(&j);
	json_object_end(&j);
	ck_assert_str_eq(
		json_done(&j),
		"{\"a\":1,\"b\":[],\"c\":[-1,{},true],\"d\":{\"e\":null,\"f\":false},"
		"\"g\":null,\"h\":null,\"i\":\"1970-01-01T00:00:00.001Z\",\"j\":[1.5,100,100,0,0.000001,null,null,"
		"-999999999999999]}");
	ck_assert_uint_eq(j.len, strlen(j.text));
	arena_free(&arena);
}
END_TEST

static void number_is(int64_t n, const char *want)
{
	struct json j;

	json_begin(&j, &arena);
	json_int(&j, NULL, n);
	ck_assert_str_eq(json_done(&j), want);
}

START_TEST(test_numbers)
{
	number_is(0, "0");
	number_is(-1, "-1");
	number_is(1000000000000, "1000000000000");
	number_is(9007199254740991, "9007199254740991");
	number_is(INT64_MAX, "9223372036854775807");
	number_is(INT64_MIN, "-9223372036854775808");
	arena_free(&arena);
}
END_TEST

static void text_is(const char *text, const char *want)
{
	struct json j;

	json_begin(&j, &arena);
	json_text(&j, NULL, text);
	ck_assert_str_eq(json_done(&j), want);
}

START_TEST(test_escapes)
{
	text_is("", "\"\"");
	text_is("plain / \xc3\xa9 \xf0\x9f\x98\x80", "\"plain / \xc3\xa9 \xf0\x9f\x98\x80\"");
	text_is("\"", "\"\\\"\"");
	text_is("\\", "\"\\\\\"");
	text_is("a\"b\\c\"", "\"a\\\"b\\\\c\\\"\"");
	text_is("\n", "\"\\u000a\"");
	text_is("x\x1fy\x7fz", "\"x\\u001fy\\u007fz\"");
	arena_free(&arena);
}
END_TEST

START_TEST(test_every_character_reads_back)
{
	char text[128];
	const char *why;
	struct json j;
	cJSON *json;

	for (int c = 1; c < 128; c++)
		text[c - 1] = (char)c;
	text[127] = '\0';
	json_begin(&j, &arena);
	json_text(&j, NULL, text);
	ck_assert_ptr_nonnull(json_done(&j));
	json = json_parse(&arena, j.text, j.len, &why);
	ck_assert_msg(json != NULL, "%s", why);
	ck_assert_str_eq(cJSON_GetStringValue(json), text);
	arena_free(&arena);
}
END_TEST

START_TEST(test_grows)
{
	struct json j;
	const char *why;
	char large[5000];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	json_begin(&j, &arena);
	json_array(&j, NULL);
	for (int i = 0; i < 1000; i++)
		json_int(&j, NULL, i);
	json_text(&j, NULL, large);
	json_array_end(&j);
	ck_assert_ptr_nonnull(json_done(&j));
	ck_assert_uint_eq(j.len, strlen(j.text));
	ck_assert_int_eq(cJSON_GetArraySize(json_parse(&arena, j.text, j.len, &why)), 1001);
	arena_free(&arena);
}
END_TEST

START_TEST(test_any_length_ends_well)
{
	char text[1100];
	struct json j;

	for (size_t n = 0; n < sizeof(text); n++) {
		memset(text, 'x', n);
		text[n] = '\0';
		json_begin(&j, &arena);
		json_text(&j, NULL, text);
		ck_assert_ptr_nonnull(json_done(&j));
		ck_assert_uint_eq(j.len, n + 2);
		ck_assert_uint_eq(strlen(j.text), n + 2);
		arena_reset(&arena);
	}
	arena_free(&arena);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_shapes,  test_numbers,
				      test_escapes, test_every_character_reads_back,
				      test_grows,   test_any_length_ends_well,
				      NULL};

	return unit_main("json-write", tests);
}
