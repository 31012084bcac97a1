/* Keeping, printing and writing what was found. */
#include "report.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"

#define SERIES_MOST 256
#define FIGURES_MOST 96
#define NOTES_MOST 32

static struct report {
	struct series series[SERIES_MOST];
	struct figure figures[FIGURES_MOST];
	char *notes[NOTES_MOST];
	size_t series_count, figure_count, note_count;
} report;

struct series *series_new(const char *row, const char *who, const char *what)
{
	struct series *s = &report.series[report.series_count++];

	if (report.series_count > SERIES_MOST)
		abort();
	*s = (struct series){.row = row, .who = who, .what = what};
	return s;
}

void series_add(struct series *s, double value)
{
	if (s->count == ROUNDS_MOST)
		abort();
	s->rounds[s->count++] = value;
}

double series_median(const struct series *s)
{
	return median(s->rounds, s->count);
}

static const struct series *series_of(const char *row, const char *who, const char *what)
{
	for (size_t i = 0; i < report.series_count; i++) {
		const struct series *s = &report.series[i];

		if (strcmp(s->row, row) == 0 && strcmp(s->who, who) == 0 && strcmp(s->what, what) == 0)
			return s;
	}
	return NULL;
}

double measured(const char *row, const char *who, const char *what)
{
	const struct series *s = series_of(row, who, what);

	return s ? series_median(s) : 0;
}

/* The median of each round's own ratio: rounds that follow each other saw the same weather. */
static double ratio_by_rounds(const struct series *ours, const struct series *theirs)
{
	double ratios[ROUNDS_MOST];
	size_t n = 0;

	for (; ours && theirs && n < ours->count && n < theirs->count; n++)
		ratios[n] = ours->rounds[n] / theirs->rounds[n];
	return median(ratios, n);
}

static struct figure *figure_new(const char *row, const char *what, const char *unit)
{
	struct figure *f = &report.figures[report.figure_count++];

	if (report.figure_count > FIGURES_MOST)
		abort();
	*f = (struct figure){.row = row, .what = what, .unit = unit};
	return f;
}

void figure_alone(const char *row, const char *what, const char *unit, double ours, double most)
{
	struct figure *f = figure_new(row, what, unit);

	f->ours = ours;
	f->target = most;
}

void figure_beside(const char *row, const char *what, const char *unit, const char *measure, const char *who,
		   const char *against, double most)
{
	struct figure *f = figure_new(row, what, unit);

	f->ours = measured(row, who, measure);
	f->against = against;
	f->theirs = measured(row, against, measure);
	f->by_rounds = ratio_by_rounds(series_of(row, who, measure), series_of(row, against, measure));
	f->target = most;
}

void figure_least(double least)
{
	struct figure *f = &report.figures[report.figure_count - 1];

	f->target = least;
	f->at_least = true;
}

double figure_value(const struct figure *f)
{
	return f->against && f->theirs > 0 ? f->ours / f->theirs : f->ours;
}

bool figure_met(const struct figure *f)
{
	return f->at_least ? figure_value(f) >= f->target : figure_value(f) <= f->target;
}

const struct figure *figures_all(size_t *count)
{
	*count = report.figure_count;
	return report.figures;
}

void report_note(const char *fmt, ...)
{
	va_list ap;
	char text[512];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (report.note_count < NOTES_MOST)
		report.notes[report.note_count++] = strdup(text);
}

/* As many digits as mean something. */
static const char *shown(char text[32], double value)
{
	snprintf(text, 32, value >= 1000 ? "%.0f" : value >= 100 ? "%.1f" : "%.2f", value);
	return text;
}

static const char *verdict(const struct figure *f)
{
	if (f->target <= 0)
		return "";
	return figure_met(f) ? "met" : "MISSED";
}

static void figure_print(FILE *out, const struct figure *f)
{
	char ours[32], theirs[32] = "", ratio[32] = "", target[32] = "", bound[48] = "";

	if (f->against) {
		shown(theirs, f->theirs);
		snprintf(ratio, sizeof(ratio), "%.2f (%.2f)", figure_value(f), f->by_rounds);
	}
	if (f->target > 0)
		snprintf(bound, sizeof(bound), "%s %s", f->at_least ? ">=" : "<=", shown(target, f->target));
	fprintf(out, "| %s | %s %s | %s%s%s | %s | %s | %s |\n", f->what, shown(ours, f->ours), f->unit, theirs,
		f->against ? " " : "", f->against ? f->against : "", ratio, bound, verdict(f));
}

static void processor(char *text, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(text, size, "unknown");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(text, size, "%s", strchr(line, ':') + 2);
		}
	if (f)
		fclose(f);
}

static long gibibytes(void)
{
	double bytes = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);

	return (long)(bytes / (1 << 30) + 0.5);
}

void report_print(void)
{
	char name[256];

	processor(name, sizeof(name));
	printf("\n%s, %ld cores, %ld GiB; %d rounds%s\n", name, sysconf(_SC_NPROCESSORS_ONLN), gibibytes(),
	       bench.rounds, bench.quick ? "; a quick run, of which no figure is worth keeping" : "");
	printf("\n| what | usherd | beside it | ratio (by rounds) | target | |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < report.figure_count; i++)
		figure_print(stdout, &report.figures[i]);
	for (size_t i = 0; i < report.note_count; i++)
		printf("%s%s\n", i ? "" : "\n", report.notes[i]);
	fflush(stdout);
}

static cJSON *machine_json(void)
{
	cJSON *machine = cJSON_CreateObject();
	char name[256];

	processor(name, sizeof(name));
	cJSON_AddStringToObject(machine, "processor", name);
	cJSON_AddNumberToObject(machine, "cores", (double)sysconf(_SC_NPROCESSORS_ONLN));
	cJSON_AddNumberToObject(machine, "memoryGiB", (double)gibibytes());
	return machine;
}

static cJSON *series_json(void)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < report.series_count; i++) {
		const struct series *s = &report.series[i];
		cJSON *item = cJSON_CreateObject();

		cJSON_AddStringToObject(item, "row", s->row);
		cJSON_AddStringToObject(item, "who", s->who);
		cJSON_AddStringToObject(item, "what", s->what);
		cJSON_AddNumberToObject(item, "median", series_median(s));
		cJSON_AddItemToObject(item, "rounds", cJSON_CreateDoubleArray(s->rounds, (int)s->count));
		cJSON_AddItemToArray(list, item);
	}
	return list;
}

static cJSON *figure_json(const struct figure *f)
{
	cJSON *item = cJSON_CreateObject();

	cJSON_AddStringToObject(item, "row", f->row);
	cJSON_AddStringToObject(item, "what", f->what);
	cJSON_AddStringToObject(item, "unit", f->unit);
	cJSON_AddNumberToObject(item, "ours", f->ours);
	if (f->against) {
		cJSON_AddStringToObject(item, "against", f->against);
		cJSON_AddNumberToObject(item, "theirs", f->theirs);
		cJSON_AddNumberToObject(item, "ratio", figure_value(f));
		cJSON_AddNumberToObject(item, "ratioByRounds", f->by_rounds);
	}
	if (f->target > 0) {
		cJSON_AddNumberToObject(item, f->at_least ? "atLeast" : "atMost", f->target);
		cJSON_AddBoolToObject(item, "met", figure_met(f));
	}
	return item;
}

static void json_write(const char *path)
{
	cJSON *all = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(all, "figures");
	FILE *f = fopen(path, "w");
	char day[16], *text;
	time_t now = time(NULL);

	strftime(day, sizeof(day), "%Y-%m-%d", gmtime(&now));
	cJSON_AddStringToObject(all, "day", day);
	cJSON_AddBoolToObject(all, "quick", bench.quick);
	cJSON_AddItemToObject(all, "machine", machine_json());
	for (size_t i = 0; i < report.figure_count; i++)
		cJSON_AddItemToArray(list, figure_json(&report.figures[i]));
	list = cJSON_AddArrayToObject(all, "notes");
	for (size_t i = 0; i < report.note_count; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(report.notes[i]));
	cJSON_AddItemToObject(all, "series", series_json());
	text = cJSON_Print(all);
	if (!f || !text || fputs(text, f) < 0 || fputc('\n', f) < 0 || fclose(f) != 0)
		bench_fail("cannot write %s", path);
	cJSON_free(text);
	cJSON_Delete(all);
}

void report_write(void)
{
	json_write("bench.json");
	chart_write("bench.svg");
	printf("bench: written bench.json and bench.svg%s\n", capacity_write("capacity.md") ? ", capacity.md" : "");
}
