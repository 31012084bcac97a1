/* import: a catalogue file sent whole, with a bar on a terminal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/preview.h"

#define IMPORT_MS 130000 /* the daemon itself gives up a little earlier */
#define READ_AT_ONCE 65536
#define BAR_WIDTH 40

struct text {
	char *data;
	size_t len;
};

static bool read_all(FILE *f, struct text *t)
{
	size_t size = 0;

	do {
		if (size - t->len < READ_AT_ONCE) {
			size += READ_AT_ONCE + size;
			t->data = must(realloc(t->data, size));
		}
		t->len += fread(t->data + t->len, 1, size - t->len, f);
	} while (!feof(f) && !ferror(f));
	return !ferror(f);
}

/* On failure says why; the text is to be freed either way. */
static bool file_read(const char *path, struct text *t)
{
	bool is_stdin = strcmp(path, "-") == 0, good;
	FILE *f = is_stdin ? stdin : fopen(path, "r");

	good = f && read_all(f, t);
	if (!good)
		complain("import: cannot read %s: %s", path, strerror(errno));
	if (f && !is_stdin)
		fclose(f);
	return good;
}

struct bar {
	size_t total, done;
	int percent; /* drawn last; -1: none yet */
};

static void bar_draw(void *arg, size_t done)
{
	struct bar *b = arg;
	int percent = (int)(done * 100 / b->total), full = percent * BAR_WIDTH / 100;

	b->done = done;
	if (percent == b->percent)
		return;
	b->percent = percent;
	printf("\r[%.*s%*s] %3d %%  %zu of %zu bytes", full, "########################################",
	       BAR_WIDTH - full, "", percent, done, b->total);
	fflush(stdout);
}

static void changes_show(const cJSON *changed)
{
	const char *between = "changed: ";
	const cJSON *item;

	cJSON_ArrayForEach (item, changed) {
		if (item->valuedouble == 0)
			continue;
		printf("%s%.0f %s", between, item->valuedouble, item->string);
		between = ", ";
	}
	puts(*between == ',' ? "" : "nothing changed");
}

static enum outcome import(const struct options *o, const struct text *t)
{
	bool draw = isatty(STDOUT_FILENO) && !o->json && t->len;
	struct bar bar = {.total = t->len, .percent = -1};
	const struct client_request q = {.method = "POST",
					 .path = o->dry_run ? "/admin/v1/catalog?dryRun=true" : "/admin/v1/catalog",
					 .body = t->data,
					 .len = t->len,
					 .answer_ms = IMPORT_MS,
					 .sent = draw ? bar_draw : NULL,
					 .sent_arg = &bar};
	struct client_answer a;
	char why[CLIENT_WHY];
	enum outcome result;
	cJSON *json;
	bool sent = ask_send(o, &q, &a, why);

	if (bar.percent >= 0)
		putchar('\n');
	else if (sent && !o->json)
		printf("sent %zu bytes\n", t->len);
	fflush(stdout);
	result = ask_judge(o, &a, why, o->dry_run ? "dryRun" : "changed", &json);
	if (result == CTL_WELL && !o->json && o->dry_run)
		preview_print(json);
	else if (result == CTL_WELL && !o->json)
		changes_show(cJSON_GetObjectItemCaseSensitive(json, "changed"));
	cJSON_Delete(json);
	return result;
}

enum outcome command_import(const struct options *o, char **args, int count)
{
	struct text t = {0};
	enum outcome result = file_read(args[0], &t) ? import(o, &t) : CTL_USAGE;

	(void)count;
	free(t.data);
	return result;
}
