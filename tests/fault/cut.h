/*
 * A way to MariaDB that can be cut at the one moment when nobody knows: in COMMIT.
 */
#ifndef USHER_TESTS_CUT_H
#define USHER_TESTS_CUT_H

enum cut {
	CUT_NOTHING,
	CUT_BEFORE_COMMIT, /* the next COMMIT does not reach the server */
	CUT_AFTER_COMMIT,  /* it does, but the server's answer does not come back */
};

/* Starts it. Gives the flag for an usherd that is to go this way; the memory stays valid. */
const char *cut_begin(void);

/* What is to happen to the next COMMIT; both connections of that transaction end. */
void cut_next(enum cut cut);

#endif
