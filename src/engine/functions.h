/*
 * The functions library `usher`: looked at on every connect, loaded where it is missing or older.
 */
#ifndef USHER_ENGINE_FUNCTIONS_H
#define USHER_ENGINE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/redis.h"

/* Makes sure the library is there and of this daemon's version, then calls redis_up().
 * A newer library than this daemon's ends the process with one line. */
void functions_check(struct redis *r);

/* Ends the process with one line if `version` is newer than this daemon's library. */
void functions_check_age(int64_t version);

/* A function call being put together: at most FCALL_ARGS keys and arguments. */
#define FCALL_ARGS 640

struct fcall {
	int argc;
	const char *argv[FCALL_ARGS + 3];
	size_t lens[FCALL_ARGS + 3];
	char numbers[12288]; /* the text of the numbers among them */
	size_t used;
	bool overfull;
};

/* Begins a call of `function` with `keys` keys; read-only functions are called as such. */
void fcall_begin(struct fcall *f, const char *function, int keys);
void fcall_read_begin(struct fcall *f, const char *function, int keys);

/* Adds the next key or argument. The text must live until fcall_send(). */
void fcall_text(struct fcall *f, const char *text);
void fcall_number(struct fcall *f, int64_t number);

/* Adds the call to a question about `queue`. */
void fcall_send(struct fcall *f, struct ask *a, const char *queue);

#endif
