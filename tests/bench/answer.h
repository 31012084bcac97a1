/*
 * Reads answers off a connection with as little work as possible: the status, and how many bytes belong to it.
 */
#ifndef USHER_TESTS_BENCH_ANSWER_H
#define USHER_TESTS_BENCH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#define ANSWER_HEAD 4096 /* no head is longer */

/* All zero before the first answer, and again after each whole one. */
struct answer {
	int status;
	bool in_body;
	size_t body_left;
	size_t head_len; /* of a head that came in pieces */
	char head[ANSWER_HEAD];
};

enum answer_state {
	ANSWER_PART,  /* more has to come */
	ANSWER_WHOLE, /* `status` is that of a whole answer; answer_next() makes room for another */
	ANSWER_BAD,   /* not an answer of one with a length, or more came than was asked for */
};

/* Takes what has come. */
enum answer_state answer_feed(struct answer *a, const char *data, size_t len);

void answer_next(struct answer *a);

#endif
