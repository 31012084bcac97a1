/*
 * Clients who behave, beside others who do not, and how long they wait for their answers.
 */
#ifndef USHER_TESTS_HONEST_H
#define USHER_TESTS_HONEST_H

struct attack {
	const char *name;
	void (*begin)(void); /* NULL: nothing to set up */
	void (*act)(void);   /* again and again, every few milliseconds, by a thread of its own; NULL: nothing */
	void (*end)(void);
};

/* Runs an attack on daemon 0 on and off, in turns, with honest clients all the time. Fails the test
 * if one of them sees an error, or if they wait more than twice as long during the attack. */
void honest_beside(const struct attack *attack);

/* A figure of a daemon's /metrics; -1: not there. */
long long figure(int port, const char *name);

/* The memory of daemon `i` that is in use now, in bytes; always 0 under AddressSanitizer. */
long long memory_of(int i);

/* Sends `text` on a new connection and gives its descriptor. */
int say_raw(int port, const char *text);

#endif
