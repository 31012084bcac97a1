/*
 * Commands as Redis reads them: hiredis writes them too, with printf and piece by piece, which took longer
 * than all the rest of sending.
 */
#ifndef USHER_ENGINE_RESP_H
#define USHER_ENGINE_RESP_H

#include <stddef.h>

/* Memory that each command is written into anew; begins zeroed, its owner frees `at`. */
struct resp {
	char *at;
	size_t size, len;
};

/* Writes a command into r->at and its length into r->len. 0, or -1 when memory is out. */
int resp_command(struct resp *r, int argc, const char **argv, const size_t *lens);

#endif
