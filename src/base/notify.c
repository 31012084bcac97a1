/* Telling the service manager, by systemd's protocol. */
#include "base/notify.h"

#include <limits.h>
#include <stdint.h>
#include <systemd/sd-daemon.h>

/* A manager that does not listen is no reason to serve less: what sd_notify() gives is not looked at. */

void notify_status(const char *text)
{
	sd_notifyf(0, "STATUS=%s", text);
}

void notify_ready(const char *text)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", text);
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=finishing what is under way");
}

int notify_watchdog_ms(void)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0)
		return 0;
	return us / 1000 > INT_MAX ? INT_MAX : (int)(us / 1000);
}

void notify_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
