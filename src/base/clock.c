/* Steady and civil time. */
#include "base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define LATEST INT64_C(253402300799999) /* the year 9999 ends */

int64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

char *clock_format(int64_t unix_ms, char text[CLOCK_TEXT])
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, CLOCK_TEXT - n, ".%03dZ", (int)(unix_ms % 1000));
	return text;
}

/* Reads exactly `n` digits and moves on, or gives -1. */
static int digits(const char **p, int n)
{
	int v = 0;

	while (n-- > 0) {
		if (**p < '0' || **p > '9')
			return -1;
		v = v * 10 + *(*p)++ - '0';
	}
	return v;
}

static bool skip(const char **p, const char *any_of)
{
	for (; *any_of; any_of++) {
		if (**p == *any_of) {
			(*p)++;
			return true;
		}
	}
	return false;
}

static int fraction_ms(const char **p)
{
	int ms = 0, scale = 100;

	if (**p != '.')
		return 0;
	(*p)++;
	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		ms += (**p - '0') * scale;
		scale /= 10;
	}
	return ms;
}

/* Reads Z, +hh:mm or -hh:mm as minutes east of UTC. */
static bool offset(const char **p, int *minutes)
{
	int sign = **p == '-' ? -1 : 1, h, m;

	*minutes = 0;
	if (skip(p, "Zz"))
		return true;
	if (!skip(p, "+-"))
		return false;
	h = digits(p, 2);
	if (h < 0 || h > 23 || !skip(p, ":"))
		return false;
	m = digits(p, 2);
	if (m < 0 || m > 59)
		return false;
	*minutes = sign * (h * 60 + m);
	return true;
}

int clock_parse(const char *text, int64_t *unix_ms)
{
	const char *p = text;
	struct tm tm = {0}, check;
	int ms, minutes;
	time_t t;

	tm.tm_year = digits(&p, 4) - 1900;
	if (!skip(&p, "-"))
		return -1;
	tm.tm_mon = digits(&p, 2) - 1;
	if (!skip(&p, "-"))
		return -1;
	tm.tm_mday = digits(&p, 2);
	if (!skip(&p, "Tt"))
		return -1;
	tm.tm_hour = digits(&p, 2);
	if (!skip(&p, ":"))
		return -1;
	tm.tm_min = digits(&p, 2);
	if (!skip(&p, ":"))
		return -1;
	tm.tm_sec = digits(&p, 2);
	ms = fraction_ms(&p);
	if (tm.tm_year < 70 || tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0 || ms < 0)
		return -1;
	if (!offset(&p, &minutes) || *p)
		return -1;
	check = tm;
	t = timegm(&check);
	/* timegm() makes 31 February a day in March: what comes back must be what went in. */
	if (check.tm_mon != tm.tm_mon || check.tm_mday != tm.tm_mday || check.tm_hour != tm.tm_hour ||
	    check.tm_min != tm.tm_min || check.tm_sec != tm.tm_sec)
		return -1;
	*unix_ms = ((int64_t)t - (int64_t)minutes * 60) * 1000 + ms;
	return *unix_ms < 0 || *unix_ms > LATEST ? -1 : 0;
}
