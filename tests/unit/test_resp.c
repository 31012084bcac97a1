/* Commands as Redis reads them, and whole numbers as text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "engine/resp.h"
#include "unit/unit.h"

static void decimal_is(int64_t n, const char *want)
{
	char text[DECIMAL_TEXT];

	ck_assert_uint_eq(decimal_write(text, n), strlen(want));
	ck_assert_str_eq(text, want);
}

START_TEST(test_decimals)
{
	decimal_is(0, "0");
	decimal_is(7, "7");
	decimal_is(-1, "-1");
	decimal_is(10, "10");
	decimal_is(9007199254740991, "9007199254740991");
	decimal_is(INT64_MAX, "9223372036854775807");
	decimal_is(INT64_MIN, "-9223372036854775808");
}
END_TEST

static void command_is(struct resp *r, int argc, const char **argv, const size_t *lens, const char *want, size_t len)
{
	ck_assert_int_eq(resp_command(r, argc, argv, lens), 0);
	ck_assert_uint_eq(r->len, len);
	ck_assert_mem_eq(r->at, want, len);
}

START_TEST(test_commands)
{
	const char *rank[] = {"ZRANK", "usher:{main}:waiting", "7"}, *odd[] = {"SET", "", "a\0\r\n"};
	const size_t rank_lens[] = {5, 20, 1}, odd_lens[] = {3, 0, 4};
	static const char rank_text[] = "*3\r\n$5\r\nZRANK\r\n$20\r\nusher:{main}:waiting\r\n$1\r\n7\r\n",
			  odd_text[] = "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\0\r\n\r\n";
	struct resp r = {0};

	command_is(&r, 3, rank, rank_lens, rank_text, sizeof(rank_text) - 1);
	command_is(&r, 3, odd, odd_lens, odd_text, sizeof(odd_text) - 1);
	free(r.at);
}
END_TEST

/* However many arguments there are, and after a long one a short one. */
START_TEST(test_length)
{
	const char *argv[1000];
	size_t lens[1000];
	struct resp r = {0};

	for (int i = 0; i < 1000; i++) {
		argv[i] = "0123456789";
		lens[i] = 10;
	}
	for (int n = 1; n <= 1000; n++) {
		size_t head = n < 10 ? 4 : n < 100 ? 5 : n < 1000 ? 6 : 7;

		ck_assert_int_eq(resp_command(&r, n, argv, lens), 0);
		ck_assert_uint_eq(r.len, head + (size_t)n * 17);
	}
	free(r.at);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_decimals, test_commands, test_length, NULL};

	return unit_main("resp", tests);
}
