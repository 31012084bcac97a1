/*
 * The watcher: looks into Redis several times a second and asks for the audit every few seconds, and
 * keeps every admission it sees for the verdict.
 */
#ifndef USHER_TESTS_CHAOS_WATCH_H
#define USHER_TESTS_CHAOS_WATCH_H

#include "run.h"

/* Somebody was let in: who, with which place, when (Redis' Unix ms). */
struct seen {
	int64_t at;
	uint64_t place;
	int user;
};

void watch_start(void);
void watch_end(void);

/* Every admission seen, by rising time; only after watch_end(). */
const struct seen *watch_admissions(size_t *count);

/* How often it could look, and how often an audit came back and held. */
void watch_print(void);

/* Asks daemon `i` for the audit; a finding if it came back and does not hold. Gives whether it held. */
bool watch_audit(int i);

#endif
