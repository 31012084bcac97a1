/*
 * What the service manager that has started us is told. Where none asked (NOTIFY_SOCKET is not set) all of it
 * does nothing. Any thread may call.
 */
#ifndef USHER_BASE_NOTIFY_H
#define USHER_BASE_NOTIFY_H

/* One line about how we are, for people to read. */
void notify_status(const char *text);

/* Requests can be served from now on; `text` as above. */
void notify_ready(const char *text);

/* We are ending. */
void notify_stopping(void);

/* How often, in ms, the manager's watchdog wants notify_alive() at the least; 0: it has none. */
int notify_watchdog_ms(void);
void notify_alive(void);

#endif
