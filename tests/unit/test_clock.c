/* Times: RFC 3339 read and written. */
#include <string.h>

#include "base/clock.h"
#include "unit/unit.h"

#define DAY INT64_C(86400000)
#define CHRISTMAS_EVE INT64_C(1798106400000) /* 2026-12-24T10:00:00Z */

static void reads(const char *text, int64_t want)
{
	int64_t got = -1;

	ck_assert_msg(clock_parse(text, &got) == 0, "refused: %s", text);
	ck_assert_msg(got == want, "%s: %lld instead of %lld", text, (long long)got, (long long)want);
}

static void refuses(const char *text)
{
	int64_t got;

	ck_assert_msg(clock_parse(text, &got) != 0, "taken: %s", text);
}

START_TEST(test_reads_rfc_3339)
{
	reads("1970-01-01T00:00:00Z", 0);
	reads("1970-01-01T00:00:00.001Z", 1);
	reads("2026-12-24T10:00:00.000Z", CHRISTMAS_EVE);
	reads("2026-12-24t10:00:00z", CHRISTMAS_EVE);
	reads("2026-12-24T10:00:00.1Z", CHRISTMAS_EVE + 100);
	reads("2026-12-24T10:00:00.123456789Z", CHRISTMAS_EVE + 123);
	reads("2000-02-29T00:00:00Z", INT64_C(951782400000));
	reads("9999-12-31T23:59:59.999Z", INT64_C(253402300799999));
}
END_TEST

START_TEST(test_reads_offsets)
{
	reads("2026-12-24T19:00:00+09:00", CHRISTMAS_EVE);
	reads("2026-12-24T04:30:00.500-05:30", CHRISTMAS_EVE + 500);
	reads("2026-12-25T00:00:00+14:00", CHRISTMAS_EVE);
	reads("2026-12-24T10:00:00+00:00", CHRISTMAS_EVE);
	reads("2026-12-24T10:00:00-00:00", CHRISTMAS_EVE);
	reads("2026-12-23T10:01:00-23:59", CHRISTMAS_EVE);
	reads("1970-01-01T00:00:00-01:00", 3600000);
}
END_TEST

START_TEST(test_refuses_no_offset)
{
	refuses("2026-12-24 10:00:00");
	refuses("2026-12-24 10:00:00.250Z");
	refuses("2026-12-24T10:00:00");
	refuses("2026-12-24T10:00:00.250");
}
END_TEST

START_TEST(test_refuses_dates_that_are_not)
{
	refuses("2026-02-29T00:00:00Z");
	refuses("1900-02-29T00:00:00Z");
	refuses("2026-04-31T00:00:00Z");
	refuses("2026-00-10T00:00:00Z");
	refuses("2026-13-10T00:00:00Z");
	refuses("2026-01-00T00:00:00Z");
	refuses("2026-01-32T00:00:00Z");
	refuses("2026-01-01T24:00:00Z");
	refuses("2026-01-01T00:60:00Z");
	refuses("2026-01-01T00:00:60Z");
	refuses("1969-12-31T23:59:59Z");
	refuses("1970-01-01T00:00:00+00:01");
	refuses("0000-00-00 00:00:00");
	refuses("9999-12-31T23:59:59-00:01"); /* the year 10000 in UTC */
}
END_TEST

START_TEST(test_refuses_other_shapes)
{
	static const char *const texts[] = {
		"",
		"x",
		"2026",
		"2026-12-24",
		"2026-12-24T",
		"2026-12-24T10:00Z",
		"2026-12-24T10:00:00",
		"2026-12-24T10:00:00.Z",
		"2026-12-24T10:00:00,5Z",
		"2026-12-24T10:00:00+9",
		"2026-12-24T10:00:00+0900",
		"2026-12-24T10:00:00+09",
		"2026-12-24T10:00:00+24:00",
		"2026-12-24T10:00:00+09:60",
		"2026-12-24T10:00:00Z ",
		" 2026-12-24T10:00:00Z",
		"2026-12-24T10:00:00ZZ",
		"2026-12-24  10:00:00",
		"2026-12-24_10:00:00Z",
		"2026/12/24T10:00:00Z",
		"2026-1-24T10:00:00Z",
		"26-12-24T10:00:00Z",
		"02026-12-24T10:00:00Z",
		"-026-12-24T10:00:00Z",
		"2026-+2-24T10:00:00Z",
		"2026--1-24T10:00:00Z",
		"2026-12-24T-1:00:00Z",
		"2026-12-24T10:00:00\342\210\22205:00", /* U+2212 for a minus */
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuses(texts[i]);
}
END_TEST

START_TEST(test_writes)
{
	char text[CLOCK_TEXT];

	ck_assert_str_eq(clock_format(0, text), "1970-01-01T00:00:00.000Z");
	ck_assert_str_eq(clock_format(CHRISTMAS_EVE + 7, text), "2026-12-24T10:00:00.007Z");
	ck_assert_str_eq(clock_format(INT64_C(253402300799999), text), "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(test_what_is_written_is_read_back)
{
	char text[CLOCK_TEXT];

	for (int64_t t = 0; t < 253402300799999; t += 137 * DAY + 3723047)
		reads(clock_format(t, text), t);
}
END_TEST

START_TEST(test_steady_clock_never_goes_back)
{
	int64_t last = clock_us();

	for (int i = 0; i < 10000; i++) {
		int64_t now = clock_us();

		ck_assert_int_ge(now, last);
		last = now;
	}
	ck_assert_int_le(clock_ms(), clock_us() / 1000);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_reads_rfc_3339,
				      test_reads_offsets,
				      test_refuses_no_offset,
				      test_refuses_dates_that_are_not,
				      test_refuses_other_shapes,
				      test_writes,
				      test_what_is_written_is_read_back,
				      test_steady_clock_never_goes_back,
				      NULL};

	return unit_main("clock", tests);
}
