/*
 * Time: a steady clock for durations, and RFC 3339 for people.
 * Rules never read the daemon's own calendar: they go by Redis TIME and MySQL's clock.
 */
#ifndef USHER_BASE_CLOCK_H
#define USHER_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT 32 /* room for any text clock_format writes */

/* Milliseconds and microseconds of a clock that never jumps; only differences mean anything. */
int64_t clock_ms(void);
int64_t clock_us(void);

/* Writes Unix milliseconds as 2026-12-24T10:00:00.000Z (RFC 3339). Gives `text`. */
char *clock_format(int64_t unix_ms, char text[CLOCK_TEXT]);

/* Reads RFC 3339 with any offset into Unix ms. Years 1970 to 9999. Gives 0, or -1 if the text is
 * anything else. */
int clock_parse(const char *text, int64_t *unix_ms);

#endif
