/* Reading of clocks and counters. */
#include "meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "support/kit.h"

int64_t meter_cpu_ns(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
		bench_fail("process %d has no clock any more", (int)pid);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void meter_ticks(struct ticks *t)
{
	FILE *f = fopen("/proc/stat", "r");
	long long n[8] = {0}; /* user nice system idle iowait irq softirq steal */

	if (f && fscanf(f, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5],
			&n[6], &n[7]) != 8)
		n[7] = 0;
	if (f)
		fclose(f);
	t->stolen = n[7];
	t->all = 0;
	for (int i = 0; i < 8; i++)
		t->all += n[i];
}

int64_t meter_resident(pid_t pid)
{
	FILE *f = fopen(say("/proc/%d/statm", (int)pid), "r");
	long long all, resident;

	if (!f || fscanf(f, "%lld %lld", &all, &resident) != 2)
		bench_fail("process %d has no memory any more", (int)pid);
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static int64_t info_number(const char *section, const char *name)
{
	char *info = redis_text("INFO %s", section), *at = info ? strstr(info, name) : NULL;
	int64_t n = at ? strtoll(at + strlen(name), NULL, 10) : -1;

	free(info);
	return n;
}

int64_t meter_redis_info(const char *name)
{
	return info_number("everything", name);
}

int64_t meter_redis_calls(const char *command)
{
	int64_t n = info_number("commandstats", say("\ncmdstat_%s:calls=", command));

	return n < 0 ? 0 : n;
}

static void value_take(void *out, char **columns)
{
	*(int64_t *)out = strtoll(columns[1], NULL, 10);
}

int64_t meter_mysql(const char *name)
{
	int64_t n = -1;

	sql_rows(value_take, &n, "SHOW GLOBAL STATUS LIKE '%s'", name);
	return n;
}
