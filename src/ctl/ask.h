/*
 * Asking the daemon and judging its answer, in the one way all commands share.
 */
#ifndef USHER_CTL_ASK_H
#define USHER_CTL_ASK_H

#include <cjson/cJSON.h>

#include "ctl/client.h"
#include "ctl/say.h"

/* Sends the request and judges what came. CTL_WELL: a 2xx whose JSON is in *json and has the member
 * `expected`; cJSON_Delete() it. Anything else was said in one line on standard error, and *json is
 * NULL. With --json the daemon's JSON was written to standard output, as it came. */
enum outcome ask(const struct options *o, const struct client_request *q, const char *expected, cJSON **json);

/* The same in two parts, for who has something to do in between. ask_send() gives whether there is an
 * answer; `why` is for ask_judge(), which frees the answer and may be given one that never came. */
bool ask_send(const struct options *o, const struct client_request *q, struct client_answer *a, char why[CLIENT_WHY]);
enum outcome ask_judge(const struct options *o, struct client_answer *a, const char *why, const char *expected,
		       cJSON **json);

/* The path /admin/v1/queues/{name}, escaped; the caller frees it. */
char *queue_path(const char *name);

/* A member of an object: a number (0 if it is not there), a text (""), whether it is true. */
double member_number(const cJSON *object, const char *name);
const char *member_text(const cJSON *object, const char *name);
bool member_true(const cJSON *object, const char *name);

#endif
