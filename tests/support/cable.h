/*
 * A cable between a daemon and MariaDB: bytes go through as they are until it is told to break at a word.
 */
#ifndef USHER_TESTS_CABLE_H
#define USHER_TESTS_CABLE_H

enum cable_cut {
	CABLE_BEFORE, /* the server never gets what has the word in it */
	CABLE_AFTER,  /* the server does it, but its answer is lost */
};

/* Listens on the unix socket `path` from now on; what connects is connected to the unix socket `to`. */
void cable_lay(const char *path, const char *to);

/* Breaks the connection on which the daemon sends `mark` and, then or later, `word`. Once. */
void cable_cut_at(const char *mark, const char *word, enum cable_cut when);

/* How many connections were broken so far. */
int cable_cuts(void);

#endif
