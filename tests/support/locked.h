/*
 * A transaction that a test keeps open in MariaDB, so that others have to wait for what it has locked.
 */
#ifndef USHER_TESTS_LOCKED_H
#define USHER_TESTS_LOCKED_H

/* Begins a transaction and runs one statement in it, printf-like. Its locks last until locked_end(). */
void *locked_begin(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Rolls it back. */
void locked_end(void *locked);

#endif
