/*
 * What the parts of a chaos run share: its length, its dice, and what was found wrong.
 */
#ifndef USHER_TESTS_CHAOS_RUN_H
#define USHER_TESTS_CHAOS_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DAEMONS 2
#define CLIENTS 32
#define USERS_EACH 8 /* of a client, and of nobody else */
#define USER_COUNT (CLIENTS * USERS_EACH)
#define OPENING_BALANCE 2000
#define PRICE 1000

/* The queue's figures and the holds' length are small, so that every timer runs out many times. */
#define CAPACITY 12
#define RATE 40
#define SESSION_SECONDS 6
#define CLAIM_SECONDS 3
#define HOLD_SECONDS 4
#define RETURN_SECONDS 1

struct run {
	uint64_t seed;
	int seconds;         /* how long faults are made */
	_Atomic bool healed; /* no more faults; every server is up again */
	_Atomic bool over;   /* clients finish what they have begun and end */
	_Atomic int wrong;   /* how many findings */
};

extern struct run run;

/* Dice of one thread: the same seed throws the same. */
struct dice {
	uint64_t state;
};

/* Dice number `n` of the run. */
struct dice dice_of(uint64_t n);
/* A number from 0 to below `sides`. */
uint32_t dice_throw(struct dice *d, uint32_t sides);
/* True in `percent` of a hundred throws. */
bool dice_percent(struct dice *d, uint32_t percent);

/* Sleeps `ms`. Clients think and faults have their hour: nothing here waits for a condition by it. */
void rest(int ms);

/* Unix time in ms, as Redis' TIME gives it on the same machine. */
int64_t wall_ms(void);

/* Notes something that must not be, printf-like, in one line. */
void finding(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
