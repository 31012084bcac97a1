/* Loads the library and writes function calls. */
#include "engine/functions.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/log.h"
#include "embedded.h"
#include "engine/redis_internal.h"

static void ask_version(struct redis *r);

/* Nothing has been promised to anybody yet when a connection is given up here. */
static void give_up(struct redis *r, const char *why)
{
	if (!r->complained)
		log_error("Redis: cannot load the functions library: %s; trying again", why);
	r->complained = true;
	redisAsyncDisconnect(r->ac);
}

static void on_loaded(redisAsyncContext *ac, void *answer, void *arg)
{
	struct redis *r = arg;
	const redisReply *reply = answer;

	(void)ac;
	if (!reply)
		return;
	/* Another daemon may have been faster: what counts is what is there now. */
	if (reply->type == REDIS_REPLY_ERROR && !strstr(reply->str, "already exists"))
		give_up(r, reply->str);
	else
		ask_version(r);
}

static void library_load(struct redis *r, bool replace)
{
	const char *argv[] = {"FUNCTION", "LOAD", "REPLACE", embedded_library};
	size_t lens[] = {8, 4, 7, embedded_library_len};

	if (!replace) {
		argv[2] = embedded_library;
		lens[2] = embedded_library_len;
	}
	redisAsyncCommandArgv(r->ac, on_loaded, r, replace ? 4 : 3, argv, lens);
}

void functions_check_age(int64_t version)
{
	if (version <= embedded_library_version)
		return;
	log_error("the functions library in Redis has version %lld, this usherd knows %d: it is too old and stops",
		  (long long)version, embedded_library_version);
	_exit(1);
}

static void on_version(redisAsyncContext *ac, void *answer, void *arg)
{
	struct redis *r = arg;
	const redisReply *reply = answer;
	long long version;

	(void)ac;
	if (!reply)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		if (strstr(reply->str, "Function not found"))
			library_load(r, false);
		else
			give_up(r, reply->str);
		return;
	}
	version = reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 ? reply->element[0]->integer : 0;
	functions_check_age(version);
	if (version < embedded_library_version || strcmp(reply->element[1]->str, embedded_library_digest) != 0)
		library_load(r, true);
	else
		redis_up(r);
}

static void ask_version(struct redis *r)
{
	redisAsyncCommand(r->ac, on_version, r, "FCALL_RO usher_version 0");
}

void functions_check(struct redis *r)
{
	ask_version(r);
}

void fcall_begin(struct fcall *f, const char *function, int keys)
{
	f->argc = 0;
	f->used = 0;
	f->overfull = false;
	fcall_text(f, "FCALL");
	fcall_text(f, function);
	fcall_number(f, keys);
}

void fcall_read_begin(struct fcall *f, const char *function, int keys)
{
	fcall_begin(f, function, keys);
	f->argv[0] = "FCALL_RO";
	f->lens[0] = strlen("FCALL_RO");
}

void fcall_text(struct fcall *f, const char *text)
{
	if (f->argc == FCALL_ARGS + 3) {
		f->overfull = true;
		return;
	}
	f->argv[f->argc] = text;
	f->lens[f->argc++] = strlen(text);
}

void fcall_number(struct fcall *f, int64_t number)
{
	char *text = f->numbers + f->used;

	if (sizeof(f->numbers) - f->used < DECIMAL_TEXT) {
		f->overfull = true;
		return;
	}
	f->used += decimal_write(text, number) + 1;
	fcall_text(f, text);
}

void fcall_send(struct fcall *f, struct ask *a, const char *queue)
{
	if (f->overfull) {
		log_error("a function call with more than %d arguments was not sent", FCALL_ARGS);
		a->outcome = CODE_INTERNAL;
		return;
	}
	ask_command(a, queue, f->argc, f->argv, f->lens);
}
