/*
 * How usherctl was called: settings from flags and environment, and the command's own words.
 */
#ifndef USHER_CTL_OPTIONS_H
#define USHER_CTL_OPTIONS_H

#include <stdbool.h>

struct options {
	/* As given. */
	char *url, *key, *key_file;
	bool json, watch, dry_run;
	char **words; /* the command and what follows it; they belong to argv */
	int word_count;

	/* The URL taken apart. */
	char *authority, *host, *port, *base; /* host:port as written, its parts, the path in front of ours */
};

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_BAD };

/* Reads flags and environment into `o`; the flag beats the environment. On OPTIONS_BAD one line
 * that names the setting was written to standard error. No message shows a key or what may be one.
 * A key among `argv` is wiped there, so that lists of processes do not show it. */
enum options_result options_read(struct options *o, int argc, char **argv);

/* Writes every setting with its default and meaning to standard output. */
void options_help(void);

void options_free(struct options *o);

#endif
