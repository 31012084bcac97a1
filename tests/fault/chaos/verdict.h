/*
 * The verdict: the journals, the databases and what the watcher saw are held against each other.
 * Everything that does not fit is a finding.
 */
#ifndef USHER_TESTS_CHAOS_VERDICT_H
#define USHER_TESTS_CHAOS_VERDICT_H

/* Waits until every timer must have run out: nothing may be left of the crowd. */
void verdict_await_quiet(void);

/* Holds MySQL against the journals: every promise kept, nothing done that nobody was told. */
void verdict_money_and_seats(void);

/* The admitted order is the order of places, and no second let in more than the rate. */
void verdict_order(void);

#endif
