/*
 * Points at which a test may have the daemon die at once. The daemon that is shipped has no way to be
 * told: only the tests' own build of it, which brings another crash_point(), listens.
 */
#ifndef USHER_BASE_CRASH_POINT_H
#define USHER_BASE_CRASH_POINT_H

/* The points, from crash_points.def. */
enum crash_point {
#define CRASH_POINT(name, what) CRASH_##name,
#include "crash_points.def"
#undef CRASH_POINT
	CRASH_POINT_COUNT
};

/* Says that the daemon has come to `point`: from any thread, as often as it likes. */
void crash_point(enum crash_point point);

#endif
