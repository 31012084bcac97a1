/*
 * One line a message on standard error: "usherd: error: ...".
 */
#ifndef USHER_BASE_LOG_H
#define USHER_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Sets the most talkative level that is still written; the start is LOG_LEVEL_INFO. */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* Control characters in the message are written as '?', so a message stays one line. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* For what may go wrong many times a second: whether a line about it is due, which is once in `ms`.
 * `last` (0 at first) is what the lines of one kind share, whichever thread writes them. */
bool log_due(_Atomic int64_t *last, int64_t ms);

#endif
