/* The operator's command: looks at a running sale and steers it, through the admin routes. */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "ctl/commands.h"
#include "ctl/options.h"
#include "ctl/say.h"

static const struct command {
	const char *name, *arguments, *help;
	int least, most; /* how many arguments */
	enum outcome (*run)(const struct options *o, char **args, int count);
} commands[] = {
	{"status", "[QUEUE]", "figures of all queues, or of one", 0, 1, command_status},
	{"set", "QUEUE KEY=VALUE...", "change a queue's settings", 2, 1000, command_set},
	{"pause", "QUEUE", "admit nobody", 1, 1, command_pause},
	{"resume", "QUEUE", "admit again", 1, 1, command_resume},
	{"import", "FILE", "load a catalogue; - is standard input", 1, 1, command_import},
	{"audit", "", "check the invariants", 0, 0, command_audit},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	puts("usherctl: looks at a running usherd and steers its sale\n\nusage: usherctl COMMAND [SETTING...]");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-7s %-19s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
	puts("\nKEY is capacity, ratePerSecond, sessionSeconds, claimSeconds, paused or opensAt; VALUE is a number,\n"
	     "true, false, a time (2026-12-24T10:00:00Z) or null.\n\n"
	     "A setting is a flag or an environment variable; the flag beats the environment.");
	options_help();
	puts("\nIt ends with 0 when all is well, 1 when the daemon is away or cannot answer, 2 when called in a\n"
	     "wrong way, 3 when the audit found a violation, 4 when the daemon refused.");
}

/* What is no command is not shown: it may be a secret in a wrong place. */
static const struct command *command_find(const struct options *o)
{
	if (!o->word_count) {
		complain("no command (--help lists them)");
		return NULL;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, o->words[0]) == 0)
			return &commands[i];
	complain("the first word is not a command (--help lists them)");
	return NULL;
}

static bool usage_check(const struct command *c, const struct options *o)
{
	int count = o->word_count - 1;

	if (count < c->least || count > c->most)
		return complain("usage: usherctl %s%s%s", c->name, *c->arguments ? " " : "", c->arguments);
	if (count && !*o->words[1])
		return complain("%s: %s is empty", c->name, c->run == command_import ? "FILE" : "QUEUE");
	if (o->watch && c->run != command_status)
		return complain("--watch goes with status only");
	if (o->dry_run && c->run != command_import)
		return complain("--dry-run goes with import only");
	return true;
}

static enum outcome run(const struct options *o)
{
	const struct command *c = command_find(o);
	enum outcome result, flushed;

	if (!c || !usage_check(c, o))
		return CTL_USAGE;
	result = c->run(o, o->words + 1, o->word_count - 1);
	flushed = say_flush();
	return result == CTL_WELL ? flushed : result;
}

int main(int argc, char **argv)
{
	struct options o = {0};
	enum outcome result = CTL_USAGE;

	switch (options_read(&o, argc, argv)) {
	case OPTIONS_HELP:
		help();
		result = say_flush();
		break;
	case OPTIONS_VERSION:
		puts("usherctl " PACKAGE_VERSION);
		result = say_flush();
		break;
	case OPTIONS_BAD:
		break;
	case OPTIONS_OK:
		result = run(&o);
		break;
	}
	options_free(&o);
	return result;
}
