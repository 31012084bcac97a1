/*
 * What the tests of the crash points share: a daemon that goes on (number 0), one that dies (number 1), and
 * a clock on how long what it left behind takes to heal.
 */
#ifndef USHER_TESTS_CRASH_H
#define USHER_TESTS_CRASH_H

#include "support/kit.h"

#define DYING 1

/* Two daemons' Redis and MariaDB, and number 0 with the tests' catalogue: schedule 11 holds for 300 s,
 * schedule 21 for 2 s; users 1 to 100 have 100000 each, a seat costs 1000. */
void crash_begin(void);

/* Starts number 1 with `point` armed and waits until it is ready. */
void armed(const char *point);

/* Sends number 1 the request that it dies of: there must be no answer. `key` may be NULL. */
void dies_of(const char *point, const char *method, const char *path, const char *token, const char *key,
	     const char *json);

/* Waits until number 1 has died at `point`; fails the test after `seconds`, or if it died of anything else. */
void dead(const char *point, int seconds);

/* A request with a key (NULL: none) to any daemon; keyed() is for a POST to number 0. */
struct reply keyed_at(int port, const char *method, const char *path, const char *token, const char *key,
		      const char *json);

/* Whether an answer says that it was given before. */
bool replayed(const struct reply *r);

/* Waits until `condition` is true and says how long that took; fails the test after `seconds`. */
#define heals(point, seconds, condition)                                                                               \
	do {                                                                                                           \
		int64_t began_ = now_ms();                                                                             \
		while (!(condition)) {                                                                                 \
			ck_assert_msg(now_ms() - began_ < (seconds)*1000, "%s: not within %d s: %s", point, seconds,   \
				      #condition);                                                                     \
			pause_briefly();                                                                               \
		}                                                                                                      \
		printf("%s: healed in %.1f s\n", point, (double)(now_ms() - began_) / 1000);                           \
	} while (0)

/* How many live reservations MySQL has of a seat, and what Redis says of it: -1 when it is free. */
int64_t live(int schedule, int seat);
int64_t held(int schedule, int seat);

/* How many holds are on the list of those that nobody has recorded. */
int64_t unrecorded(void);

#endif
