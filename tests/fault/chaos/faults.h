/*
 * The faults: a seeded schedule that kills, stops, restarts, empties and cuts off the servers of the
 * stack, and starts again whatever it has ended.
 */
#ifndef USHER_TESTS_CHAOS_FAULTS_H
#define USHER_TESTS_CHAOS_FAULTS_H

#include "run.h"

/* Makes faults for run.seconds, then heals everything and says so in run.healed. */
void faults_make(void);

/* Starts daemon `i` with the flags of the run; the first start chooses its port. */
void faults_daemon_spawn(int i);

/* How many kill -9 there were. */
int faults_kills(void);

/* Whether Redis lost its data between two moments (Unix ms). */
bool faults_lost_between(int64_t from, int64_t to);

/* One line a kind of fault: how often. */
void faults_print(void);

#endif
