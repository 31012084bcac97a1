/*
 * What tests over HTTP share: runners, requests in one line, answers checked in one line.
 */
#ifndef USHER_TESTS_KIT_H
#define USHER_TESTS_KIT_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/http.h"
#include "support/stack.h"

#define P stack.port[0]

/* Runs `tests` (ended by NULL) as one suite, with Redis, MariaDB and one usherd that has loaded
 * tests/api/catalog.json. Gives what main() returns. */
int api_main(const char *name, const TTest *const *tests);

/* Runs `tests` (ended by NULL, `seconds` for each) after `begin` has started what they need. They
 * follow each other in this one process and see what the ones before have left. */
int stack_main(const char *name, int seconds, void (*begin)(void), const TTest *const *tests);

/* One request to a daemon, with a token (NULL: none) and a JSON body made printf-like (NULL: none). */
struct reply ask_port(int port, const char *method, const char *path, const char *token, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
#define ask(...) ask_port(P, __VA_ARGS__)

/* The same as an operator. */
struct reply admin_port(int port, const char *method, const char *path, const char *json);
#define admin(...) admin_port(P, __VA_ARGS__)

/* Formats into memory that the next calls of this thread use again. */
const char *say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Checks the status, and gives the answer, which the caller frees. */
struct reply answered_at(const char *file, int line, struct reply r, int status);
#define answered(r, status) answered_at(__FILE__, __LINE__, r, status)

/* Checks the status and frees the answer. */
void done_at(const char *file, int line, struct reply r, int status);
#define done(r, status) done_at(__FILE__, __LINE__, r, status)

/* Checks that the answer is a whole problem with this status and code; `naming` (NULL: nothing)
 * must be in its detail. Gives the answer, which the caller frees; refused() frees it. */
struct reply problem_at(const char *file, int line, struct reply r, int status, const char *code, const char *naming);
void refused_at(const char *file, int line, struct reply r, int status, const char *code, const char *naming);
#define problem(...) problem_at(__FILE__, __LINE__, __VA_ARGS__)
#define refused(...) refused_at(__FILE__, __LINE__, __VA_ARGS__)

/* A value of the JSON body by its path, such as "seats.0.price". */
const cJSON *reply_at(const struct reply *r, const char *path);
double number_at(const struct reply *r, const char *path);    /* -1: not there */
const char *text_at(const struct reply *r, const char *path); /* "": not there */
int count_at(const struct reply *r, const char *path);        /* elements; -1: no list */
bool has(const struct reply *r, const char *path);            /* whether it is there at all */

/* Whether a text is a time as the contract writes it: RFC 3339, UTC, milliseconds. */
bool is_time(const char *text);

/* A token of `queue` for `user`; fails the test if there is none. The caller frees it. */
char *enter(int user, const char *queue);

/* The status in line or inside of a token ("" after the token's end). */
bool stands(const char *token, const char *status);

/* Whether GET /readyz says 200, or 503 with this in its detail. */
bool ready(void);
bool unready(const char *why);

/* Whether /readyz answers 200 and says `what` of "redis" or "mysql". */
bool not_writing(const char *server, const char *what);

/* How often the first daemon's log has this text. */
int logged(const char *text);

/* The status of an answer alone. */
int status_port(int port, const char *method, const char *path, const char *token, const char *json);
#define status_of(...) status_port(P, __VA_ARGS__)

/* A token of queue main whose owner is inside; waits until they are let in. The caller frees it. */
char *inside(int user);

/* Holds one seat and gives the reservation's id; pays for a reservation. */
int64_t hold(const char *token, int schedule, int seat);
void pay_for(const char *token, int64_t reservation);

/* Whether GET /admin/v1/audit says that every invariant holds. */
bool audit_holds(void);

/* Whether Redis has the seat of queue main as paid. */
bool seat_is_paid(int schedule, int seat);

/* A request with an Idempotency-Key, and with a token unless that is NULL. */
struct reply keyed(const char *path, const char *token, const char *key, const char *json);

/* The balance of a user over HTTP. */
int64_t balance_of(int user);

/* One number that differs once any row of money, seats or answers kept has changed. */
int64_t world(void);

/* Runs `work` in `n` threads at once with `items[i]` each, and returns when all have ended.
 * No check may be made inside. */
void at_once(int n, void *(*work)(void *), void *items, size_t size);

#endif
