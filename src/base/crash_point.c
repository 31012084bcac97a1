/* In the daemon that is shipped nothing ever happens at a crash point. */
#include "base/crash_point.h"

void crash_point(enum crash_point point)
{
	(void)point;
}
