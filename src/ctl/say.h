/*
 * What usherctl says: complaints of one line, and texts that can do a terminal no harm.
 */
#ifndef USHER_CTL_SAY_H
#define USHER_CTL_SAY_H

#include <stdbool.h>

/* How the command ends. */
enum outcome {
	CTL_WELL = 0,
	CTL_AWAY = 1,     /* the daemon is away or answers 5xx */
	CTL_USAGE = 2,    /* called in a wrong way */
	CTL_VIOLATED = 3, /* an invariant does not hold */
	CTL_REFUSED = 4,  /* the daemon refused: 4xx */
};

/* Writes one line, "usherctl: " and the text, to standard error. Gives false. */
bool complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Puts '?' for every control character, in place: texts of others can't steer the terminal. Gives `text`. */
char *text_clean(char *text);

/* Gives `p`; ends the program when it is NULL, for then memory is out. */
void *must(void *p);

/* Sends out what was written to standard output: CTL_WELL, or CTL_AWAY after a complaint. */
enum outcome say_flush(void);

#endif
