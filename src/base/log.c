/* Writes each message with a single write(2), so that threads never mix their lines. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 1024

static enum log_level most = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	most = level;
}

bool log_enabled(enum log_level level)
{
	return level <= most;
}

static void line_write(const char *label, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int start = snprintf(line, sizeof(line), "usherd: %s", label);
	int n = start + vsnprintf(line + start, sizeof(line) - (size_t)start - 1, fmt, ap);

	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	for (int i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 127)
			line[i] = '?';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return; /* with standard error gone there is nobody left to tell */
}

#define LOG_FUNCTION(name, level, label)                                                                               \
	void name(const char *fmt, ...)                                                                                \
	{                                                                                                              \
		va_list ap;                                                                                            \
		if (!log_enabled(level))                                                                               \
			return;                                                                                        \
		va_start(ap, fmt);                                                                                     \
		line_write(label, fmt, ap);                                                                            \
		va_end(ap);                                                                                            \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR, "error: ")
LOG_FUNCTION(log_info, LOG_LEVEL_INFO, "")
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG, "")

bool log_due(_Atomic int64_t *last, int64_t ms)
{
	int64_t before = atomic_load_explicit(last, memory_order_relaxed), now = clock_ms();

	if (before && now - before < ms)
		return false;
	return atomic_compare_exchange_strong(last, &before, now);
}
