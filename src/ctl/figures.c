/* From the daemon's JSON to a table. */
#include "ctl/figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "ctl/ask.h"

#define SPAN_TEXT 32

void polls_add(struct polls *p, cJSON *json, int64_t at)
{
	if (p->count == POLLS_KEPT) {
		cJSON_Delete(p->kept[0].json);
		memmove(&p->kept[0], &p->kept[1], --p->count * sizeof(p->kept[0]));
	}
	p->kept[p->count++] = (struct poll){json, at};
}

void polls_free(struct polls *p)
{
	while (p->count)
		cJSON_Delete(p->kept[--p->count].json);
}

/* An answer about one queue is that queue. */
static const cJSON *queue_named(const cJSON *json, const char *name)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "queues"), *queue;

	if (!list)
		return strcmp(member_text(json, "queue"), name) == 0 ? json : NULL;
	cJSON_ArrayForEach (queue, list) {
		if (strcmp(member_text(queue, "queue"), name) == 0)
			return queue;
	}
	return NULL;
}

/* Admissions a second. An epoch begins its totals anew, so only answers of the same one compare. */
static double rate(const struct polls *p, const cJSON *queue)
{
	int64_t now = p->kept[p->count - 1].at;

	for (size_t i = 0; i + 1 < p->count && p->kept[i].at < now; i++) {
		const cJSON *then = queue_named(p->kept[i].json, member_text(queue, "queue"));
		double more = member_number(queue, "admitted") - member_number(then, "admitted");

		if (then && member_number(then, "epoch") == member_number(queue, "epoch") && more >= 0)
			return more * 1000 / (double)(now - p->kept[i].at);
	}
	return member_number(queue, "admittedLastMinute") / 60;
}

static const char *span_format(double seconds, char text[SPAN_TEXT])
{
	long s = seconds < 360000 ? lround(ceil(seconds)) : 360000;

	if (s >= 360000)
		snprintf(text, SPAN_TEXT, "over 100 h");
	else if (s >= 3600)
		snprintf(text, SPAN_TEXT, "%ld h %02ld min", s / 3600, s / 60 % 60);
	else if (s >= 60)
		snprintf(text, SPAN_TEXT, "%ld min %02ld s", s / 60, s % 60);
	else
		snprintf(text, SPAN_TEXT, "%ld s", s);
	return text;
}

static bool opens_later(const cJSON *queue)
{
	int64_t opens_at;

	return clock_parse(member_text(queue, "opensAt"), &opens_at) == 0 && opens_at > (int64_t)time(NULL) * 1000;
}

/* How long the last in line has to wait. */
static const char *eta(const cJSON *queue, double a_second, char text[SPAN_TEXT])
{
	double waiting = member_number(queue, "waiting");

	if (waiting == 0 || a_second == 0 || member_true(queue, "paused") || opens_later(queue))
		return "-";
	return span_format(waiting / a_second, text);
}

static void row(const struct polls *p, const cJSON *queue, struct table *t)
{
	bool later = opens_later(queue), paused = member_true(queue, "paused");
	double a_second = rate(p, queue);
	char text[SPAN_TEXT];

	table_add(t, "%s", member_text(queue, "queue"));
	table_add(t, "%.0f", member_number(queue, "waiting"));
	table_add(t, "%.0f/%.0f", member_number(queue, "inside"), member_number(queue, "capacity"));
	table_add(t, "%.1f", a_second);
	table_add(t, "%.0f", member_number(queue, "noShows"));
	table_add(t, "%s", eta(queue, a_second, text));
	table_add(t, "%.0f/%.0f", member_number(queue, "seatsLeft"), member_number(queue, "seatsTotal"));
	table_add(t, "%s%s%s%s",
		  paused  ? "paused"
		  : later ? ""
			  : "open",
		  paused && later ? ", " : "", later ? "opens " : "", later ? member_text(queue, "opensAt") : "");
}

void figures_table(const struct polls *p, struct table *t)
{
	static const char *const headings[] = {"queue",    "waiting", "inside/capacity",  "admitted/s",
					       "no-shows", "eta",     "seats left/total", "state"};
	const cJSON *json = p->kept[p->count - 1].json, *list = cJSON_GetObjectItemCaseSensitive(json, "queues");
	const cJSON *queue;

	table_begin(t, "lrrrrrrl");
	for (size_t i = 0; i < sizeof(headings) / sizeof(headings[0]); i++)
		table_add(t, "%s", headings[i]);
	if (!list)
		row(p, json, t);
	cJSON_ArrayForEach (queue, list) {
		row(p, queue, t);
	}
}

void figures_settings(const cJSON *queue)
{
	static const char *const names[] = {"capacity",     "ratePerSecond", "sessionSeconds",
					    "claimSeconds", "paused",        "opensAt"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const cJSON *item = cJSON_GetObjectItemCaseSensitive(queue, names[i]);
		char *value = cJSON_IsString(item) ? strdup(item->valuestring) : cJSON_PrintUnformatted(item);

		if (!item)
			continue;
		printf("%s%s=%s", i ? " " : "", names[i], text_clean(must(value)));
		free(value);
	}
}
