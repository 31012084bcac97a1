/*
 * Every outcome of the service, from codes.def.
 */
#ifndef USHER_BASE_CODES_H
#define USHER_BASE_CODES_H

enum code {
#define CODE(name, number, status, text) CODE_##name = (number),
#include "codes.def"
#undef CODE
};

/* The stable name ("SEAT_TAKEN"), the HTTP status and the one-line text of a code.
 * A number that is not in codes.def reads as INTERNAL. */
const char *code_name(enum code code);
int code_status(enum code code);
const char *code_text(enum code code);

/* The code of a name; INTERNAL for a name that is not in codes.def. */
enum code code_of(const char *name);

#endif
