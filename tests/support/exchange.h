/*
 * What a test program and the daemon said to each other, written down for the check against
 * schema/openapi.json: one line of JSON an exchange, in the file <program>.jsonl of the directory that
 * USHER_EXCHANGES names. Without that variable nothing is written. The very same exchange, but for its date, is
 * written once: tests that wait ask the same thing thousands of times.
 */
#ifndef USHER_TESTS_EXCHANGE_H
#define USHER_TESTS_EXCHANGE_H

#include "support/http.h"

/* Begins the file anew. Call it in main(), before any test is forked. */
void exchanges_begin(void);

/* Writes one exchange down: the request from its first line to the blank one, and its body (NULL: none)
 * of `len` bytes, and its whole answer. Any thread and any child may call it. */
void exchange_record(const char *head, const char *body, size_t len, const struct reply *r);

#endif
