/* Looks codes up; the compiler makes the tables. */
#include "base/codes.h"

#include <string.h>

const char *code_name(enum code code)
{
	switch (code) {
#define CODE(name, number, status, text)                                                                               \
	case CODE_##name:                                                                                              \
		return #name;
#include "codes.def"
#undef CODE
	}
	return "INTERNAL";
}

int code_status(enum code code)
{
	switch (code) {
#define CODE(name, number, status, text)                                                                               \
	case CODE_##name:                                                                                              \
		return status;
#include "codes.def"
#undef CODE
	}
	return 500;
}

const char *code_text(enum code code)
{
	switch (code) {
#define CODE(name, number, status, text)                                                                               \
	case CODE_##name:                                                                                              \
		return text;
#include "codes.def"
#undef CODE
	}
	return code_text(CODE_INTERNAL);
}

enum code code_of(const char *name)
{
#define CODE(known, number, status, text)                                                                              \
	if (strcmp(name, #known) == 0)                                                                                 \
		return CODE_##known;
#include "codes.def"
#undef CODE
	return CODE_INTERNAL;
}
