/*
 * Calling usherctl from the tests, and what it said.
 */
#ifndef USHER_TESTS_USHERCTL_H
#define USHER_TESTS_USHERCTL_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "support/stack.h"

#define P stack.port[0]
#define SAID 65536

/* What one call printed, and its exit status. */
struct said {
	int status;
	char out[SAID], err[SAID];
};
extern struct said said;

/* The program: ./usherctl, or what the environment names as USHERCTL. */
const char *program(void);

/* Calls usherctl with an environment in front and arguments behind, as a shell reads them. Fills
 * `said` and gives the exit status; fails the test if the admin key was printed. */
int shell(const char *environment, const char *arguments);

/* The same with the admin key and a port, and with those of the first usherd. */
int at_port(int port, const char *arguments);
int ctl(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A number or truth of the JSON that was printed; -1 if it is not there. */
double said_number(const char *name);

#define out_has(text) ck_assert_msg(strstr(said.out, text), "'%s' is not in: %s%s", text, said.out, said.err)

/* The complaint is one line, and it holds the text. */
#define one_line_has(text)                                                                                             \
	do {                                                                                                           \
		ck_assert_msg(strstr(said.err, text), "'%s' is not in: %s", text, said.err);                           \
		ck_assert_msg(strchr(said.err, '\n') == said.err + strlen(said.err) - 1, "not one line: %s",           \
			      said.err);                                                                               \
	} while (0)

/* Writes a file of the stack's directory. Gives its path, in memory that the next call uses again. */
const char *file(const char *name, const char *text);

/* Starts usherctl at a port with its output in `fd` (not ours from then on) and the standard error
 * thrown away. `arguments` begin with program() and end with NULL. */
pid_t start(int port, int fd, const char *const *arguments);

/* Reads into said.out until `mark` has come `times` times, within ten seconds. Gives whether it did. */
bool read_marks(int fd, const char *mark, int times);

/* The exit status of what start() started; -1 if a signal ended it. */
int ended(pid_t pid);

/* Makes a terminal: gives our end of it and the program's. */
int terminal_open(int *inner);

/* The tests of calls that cannot go well. */
TCase *trouble_cases(void);

#endif
