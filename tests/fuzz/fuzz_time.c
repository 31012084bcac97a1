/* Times: what is read is the moment that is written there, and every moment is read as it was written. */
#include "base/clock.h"
#include "tests/fuzz/fuzz.h"

#define LATEST INT64_C(253402300799999)
#define DAY_SECONDS 86400

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return 0;
}

static int part(const char *text, int len)
{
	char digits[8] = "";

	memcpy(digits, text, (size_t)len);
	return atoi(digits);
}

static int leap_days_before(int year)
{
	return (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
}

static int days_of(int year, int month, int day)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int leap = leap_days_before(year + 1) - leap_days_before(year);

	must(month >= 1 && month <= 12 && day >= 1 &&
	     day <= (month == 12 ? 31 : before[month] - before[month - 1]) + (month == 2 ? leap : 0));
	return (year - 1970) * 365 + leap_days_before(year) - leap_days_before(1970) + before[month - 1] +
	       (month > 2 ? leap : 0) + day - 1;
}

/* The same by counting days. The text has the shape of RFC 3339. */
static int64_t reckon(const char *text)
{
	const char *zone = text + strcspn(text + 19, "Zz+-") + 19;
	int h = part(text + 11, 2), m = part(text + 14, 2), s = part(text + 17, 2), east = 0, ms = 0;
	int64_t days = days_of(part(text, 4), part(text + 5, 2), part(text + 8, 2));

	must(h < 24 && m < 60 && s < 60);
	for (int i = 1, scale = 100; text[19] == '.' && text + 19 + i < zone && scale; i++, scale /= 10)
		ms += (text[19 + i] - '0') * scale;
	if (*zone == '+' || *zone == '-')
		east = (*zone == '-' ? -1 : 1) * (part(zone + 1, 2) * 60 + part(zone + 4, 2));
	return (days * DAY_SECONDS + h * 3600 + m * 60 + s - east * 60) * 1000 + ms;
}

static void text_check(const char *text)
{
	char again[CLOCK_TEXT];
	int64_t ms, back;

	if (clock_parse(text, &ms) != 0)
		return;
	must(ms >= 0 && ms <= LATEST && strlen(text) >= 20);
	must(ms == reckon(text));
	must(strlen(clock_format(ms, again)) == 24 && clock_parse(again, &back) == 0 && back == ms);
	if (strlen(text) == 24 && text[19] == '.' && text[10] == 'T' && text[23] == 'Z')
		must(strcmp(text, again) == 0);
}

static void number_check(const uint8_t *data)
{
	char text[CLOCK_TEXT];
	uint64_t n;
	int64_t back;

	memcpy(&n, data, sizeof(n));
	n %= LATEST + 1;
	must(clock_parse(clock_format((int64_t)n, text), &back) == 0 && back == (int64_t)n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	must(text);
	text_check(text);
	free(text);
	if (size >= 8)
		number_check(data);
	return 0;
}
