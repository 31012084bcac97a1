/*
 * What a client was answered: the answers that promise something, to be held against the databases
 * when all is over, and every exchange as a line of a file for whoever looks for the cause.
 */
#ifndef USHER_TESTS_CHAOS_JOURNAL_H
#define USHER_TESTS_CHAOS_JOURNAL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define SEATS_AT_ONCE 3

enum act { ACT_ENTER, ACT_HOLD, ACT_CANCEL, ACT_LEAVE, ACT_PAY, ACT_CHARGE };

/* One promise. */
struct entry {
	enum act act;
	int user;
	int64_t at;              /* when the answer was there, Unix ms */
	int64_t reservation, id; /* of the reservation; of the payment */
	int64_t amount, balance;
	uint64_t place;
	int schedule, seat_count, seats[SEATS_AT_ONCE];
};

struct journal {
	struct entry *entries;
	size_t count, room;
	FILE *file;
};

/* Opens the file of client `n` in the stack's directory; ends the program when it can't. */
void journal_open(struct journal *j, int n);
void journal_close(struct journal *j);

/* Adds a promise. */
void journal_add(struct journal *j, const struct entry *e);

#endif
