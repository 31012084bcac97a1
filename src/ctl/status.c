/* status: the sale's figures on a screen, once or every second. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/figures.h"

#define REFRESH_MS 1000
#define SCREEN_HOME "\033[H"
#define LINE_REST_CLEAR "\033[K"
#define SCREEN_REST_CLEAR "\033[J"

/* One run of the command. */
struct status {
	const struct options *o;
	const char *queue; /* NULL: all */
	char *path;
	bool screen; /* standard output is a terminal that shows one block over the other */
	struct polls polls;
};

static enum outcome poll_queues(struct status *s)
{
	const struct client_request q = {.method = "GET", .path = s->path, .answer_ms = CLIENT_PATIENCE_MS};
	cJSON *json;
	enum outcome result = ask(s->o, &q, s->queue ? "queue" : "queues", &json);

	if (result == CTL_WELL)
		polls_add(&s->polls, json, clock_ms());
	return result;
}

static void show(const struct status *s, const char *line_end)
{
	const cJSON *json = s->polls.kept[s->polls.count - 1].json;
	struct table t;

	figures_table(&s->polls, &t);
	if (t.count > strlen(t.align))
		table_print(&t, line_end);
	else
		printf("no queues%s", line_end);
	table_free(&t);
	if (s->queue) {
		fputs("settings: ", stdout);
		figures_settings(json);
		fputs(line_end, stdout);
	}
}

/* The block of one round of --watch. On a screen it is written over the one before, line by line, so
 * that nothing flickers. */
static void show_round(const struct status *s)
{
	const char *line_end = s->screen ? LINE_REST_CLEAR "\n" : "\n";
	char now[CLOCK_TEXT];

	printf("%s%s  %s%s", s->screen ? SCREEN_HOME : "", s->o->url, clock_format((int64_t)time(NULL) * 1000, now),
	       line_end);
	fputs(line_end, stdout);
	show(s, line_end);
	fputs(s->screen ? SCREEN_REST_CLEAR : "\n", stdout);
}

/* Ctrl-C is how a watch ends, so it ended well. Blocks are sent out whole: nothing waits to be written. */
static void interrupted(int signal)
{
	(void)signal;
	_exit(CTL_WELL);
}

static void sleep_ms(int64_t ms)
{
	const struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

	if (ms > 0)
		nanosleep(&ts, NULL);
}

/* A daemon that was there and goes away may come back, and the sale goes on: that is said, and the
 * watch goes on as well. A refusal stays one. */
static enum outcome watch(struct status *s)
{
	enum outcome result;
	int64_t began;

	signal(SIGINT, interrupted);
	s->screen = isatty(STDOUT_FILENO) && !s->o->json;
	for (;;) {
		began = clock_ms();
		result = poll_queues(s);
		if (result == CTL_REFUSED || (result != CTL_WELL && !s->polls.count))
			return result;
		if (result == CTL_WELL && !s->o->json)
			show_round(s);
		result = say_flush();
		if (result != CTL_WELL)
			return result;
		sleep_ms(began + REFRESH_MS - clock_ms());
	}
}

static enum outcome once(struct status *s)
{
	enum outcome result = poll_queues(s);

	if (result == CTL_WELL && !s->o->json)
		show(s, "\n");
	return result;
}

enum outcome command_status(const struct options *o, char **args, int count)
{
	struct status s = {.o = o, .queue = count ? args[0] : NULL};
	enum outcome result;

	s.path = s.queue ? queue_path(s.queue) : must(strdup("/admin/v1/queues"));
	result = o->watch ? watch(&s) : once(&s);
	polls_free(&s.polls);
	free(s.path);
	return result;
}
