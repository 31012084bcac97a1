/* The crash points of usherd_crash: USHER_CRASH=name[:n] has it die when it comes to one the n-th time. */
#include "base/crash_point.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[CRASH_POINT_COUNT] = {
#define CRASH_POINT(name, what) [CRASH_##name] = #name,
#include "crash_points.def"
#undef CRASH_POINT
};

static int armed = -1;
static atomic_long left;

static int point_of(const char *name, size_t len)
{
	for (int i = 0; i < CRASH_POINT_COUNT; i++)
		if (strncmp(names[i], name, len) == 0 && names[i][len] == '\0')
			return i;
	return -1;
}

/* Before main(), so that a name nobody knows is seen at once. */
__attribute__((constructor)) static void arm(void)
{
	const char *text = getenv("USHER_CRASH");
	size_t len = text ? strcspn(text, ":") : 0;

	if (!text || !*text)
		return;
	armed = point_of(text, len);
	atomic_store(&left, text[len] ? strtol(text + len + 1, NULL, 10) : 1);
	if (armed >= 0 && atomic_load(&left) > 0)
		return;
	fprintf(stderr, "USHER_CRASH: no such crash point: %s\n", text);
	_exit(127);
}

void crash_point(enum crash_point point)
{
	if ((int)point != armed || atomic_fetch_sub(&left, 1) != 1)
		return;
	dprintf(STDERR_FILENO, "crash point: %s\n", names[point]);
	kill(getpid(), SIGKILL);
	pause();
}
