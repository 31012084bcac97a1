/*
 * The functions library on a private Redis with a clock that only the test moves. Answers come
 * back as one line of text: the code by its name, then the values, nested lists in brackets.
 */
#ifndef USHER_TESTS_ENGINE_H
#define USHER_TESTS_ENGINE_H

#include <check.h>
#include <stdint.h>

/* Where the clock stands when a test begins: far enough in the future that no key expires. */
#define T0 INT64_C(4102444800000)

/* The first place of an epoch is one above this. */
#define EPOCH(n) (INT64_C(68719476736) * (n))
#define PLACE(n) (EPOCH(1) + (n))

#define QUEUE_KEYS "queue waiting active places unclaimed admitted"
#define HOLD_KEYS(user) "active places seats:11 holds:" #user " unrecorded"

/* Starts Redis, loads the library, runs the tests (ended by NULL) and stops everything. Each test
 * begins with an empty Redis, the clock at T0 and, unless `bare`, a queue of epoch 1 with room for
 * 2, 10 admissions a second, sessions of 600 s and 60 s to claim. Gives main()'s exit status. */
int engine_main(const char *name, int bare, const TTest *const *tests);

/* FCALL: the keys' last parts and the arguments, each parted by blanks. The answer's memory is used
 * again eight calls later. */
const char *fcall(const char *function, const char *keys, const char *args, ...) __attribute__((format(printf, 3, 4)));

/* Any other command, its words parted by blanks. */
const char *command(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Value number `i` of an answer (the code is 0), as a number. */
int64_t value(const char *answer, int i);

/* How many values follow the code. */
int values(const char *answer);

void clock_set(int64_t unix_ms);
void clock_add(int64_t ms);
int64_t clock_now(void);

/* Puts other settings in force: version 2 and up, the same epoch. */
struct config {
	int64_t version, epoch, capacity, rate, session_seconds, claim_seconds, paused, opens_at, created_at, return_ms;
};
extern const struct config CONFIG;
const char *configure(struct config c);

/* The calls of the line; `enter` may admit and brings the user id as draw. */
const char *enter(int64_t user);
const char *enter_with(int64_t user, int may_admit, int64_t draw);
const char *claim(int64_t user, int64_t place);
const char *claim_issued(int64_t user, int64_t place, int64_t issued_at);
const char *leave(int64_t user, int64_t place);
const char *admit(int batch, int may_admit);

/* Enters and gives the place. */
int64_t place_of(int64_t user);

/* Has `count` users enter, the first of them number `first`, many on the way at once. */
void enter_crowd(int64_t first, int count);

/* How many are inside and in line, ended sessions that nobody swept among them. */
int64_t inside(void);
int64_t waiting(void);

/* A hold in schedule 11 of concert 1, four seats at most, for 300 s. */
const char *hold(int64_t user, int64_t place, const char *seats);
#define HOLD_MS INT64_C(300000)

#define is(answer, ...)                                                                                                \
	do {                                                                                                           \
		char want_[512];                                                                                       \
		snprintf(want_, sizeof(want_), __VA_ARGS__);                                                           \
		ck_assert_str_eq(answer, want_);                                                                       \
	} while (0)

#endif
