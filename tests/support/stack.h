/*
 * A private Redis, a private MariaDB and any number of usherds for the tests, in a directory of
 * their own. All of them die with the test program. A test that can't have its server fails.
 */
#ifndef USHER_TESTS_STACK_H
#define USHER_TESTS_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define STACK_DAEMONS 4
#define ADMIN_KEY "test-admin-key"
#define TEST_SECRET "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

struct stack {
	char dir[64];
	char redis_socket[96], mysql_socket[96];
	pid_t redis, mysql, usherd[STACK_DAEMONS];
	int port[STACK_DAEMONS];
	bool lasting; /* Redis keeps its data on disk, and logs are added to over a restart; set it first */
};

/* The one stack of this test program. */
extern struct stack stack;

/* Makes the directory; stack_end() stops everything and removes it. Call both in main(). False: a
 * daemon crashed, would not stop, or a sanitizer had something to say of one; the test has failed. */
void stack_begin(void);
bool stack_end(void);

/* Writes a catalogue into the stack's directory. Gives the flag that loads it, in memory that the next
 * call uses again. */
const char *stack_catalog(const char *json);

/* Starts a program that dies with us; what it says goes to `name`.out and `name`.err in the stack's directory. */
pid_t stack_spawn(const char *name, const char *const *argv);

/* Each starts its server and returns when it answers. */
void redis_start(void);
void redis_start_with(const char *const *flags); /* with these for redis-server, ended by NULL */
void mysql_start(void);

/* Each starts its server and returns at once; mysql_start() must have been called once before. */
void redis_spawn(void);
void mysql_spawn(void);

/* Takes away what a Redis that is not running has on disk. */
void redis_forget(void);

/* Starts usherd number `i` on a free port and returns when it says it is ready. Further flags
 * follow, ended by NULL. */
void usherd_start(int i, ...);

/* Starts one without waiting for it; usherd_wait_ready() does, for at most `seconds`. The flag
 * "--no-admin-key" is for us: the daemon then gets no admin key. */
void usherd_spawn(int i, const char *const *flags);
bool usherd_wait_ready(int i, int seconds);

/* The usherds started from now on (or no longer) have a calendar that is an hour ahead. */
void usherd_clock_wrong(bool wrong);

/* Starts usherd_crash as number `i`, to die at the crash point of that name (src/crash_points.def), or
 * at the n-th time it comes there: "name:n". It does not wait, as usherd_spawn() does not. */
void usherd_spawn_armed(int i, const char *point, const char *const *flags);

/* Waits, for at most `seconds`, until number `i` has died. Gives whether it did, and at that point: of a name
 * that does not exist it has died before, so look at this always. */
bool usherd_wait_crash(int i, const char *point, int seconds) __attribute__((warn_unused_result));

/* Sends SIGTERM and gives the exit status, or -1 if a signal ended it. */
int usherd_stop(int i);

/* Sends any signal to one of the servers and, for one that ends or stops it, waits for that. */
void process_kill(pid_t *pid, int signal);

/* What usherd number `i` has written to standard error so far; the caller frees it. */
char *usherd_log(int i);

/* All of a file as text ("": it is not there); the caller frees it. */
char *file_read(const char *path);

/* Whether Redis can be connected to; whether MariaDB can, and has the database usher now. */
bool redis_answers(void);
bool database_made(void);

/* A command to the private Redis, printf-like as hiredis formats it. Text and numbers come back
 * as text, nil and errors as NULL; the caller frees it. redis_int gives numbers, -1 for nil. */
char *redis_text(const char *fmt, ...);
int64_t redis_int(const char *fmt, ...);

/* Gives every row of a query to `row`, its columns as text (NULL as NULL). */
void sql_rows(void (*row)(void *arg, char **columns), void *arg, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The first column of the first row of a query, as a number (-1: no row), and any statement. */
int64_t sql_int(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sql_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same for a server that may be away: gives whether it went well. `out` may be NULL. */
bool sql_try(int64_t *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Runs `condition` until it is true; fails the test with its text after ten seconds. */
#define wait_until(condition)                                                                                          \
	do {                                                                                                           \
		int64_t until_ = now_ms() + 10000;                                                                     \
		while (!(condition)) {                                                                                 \
			ck_assert_msg(now_ms() < until_, "waited for: %s", #condition);                                \
			pause_briefly();                                                                               \
		}                                                                                                      \
	} while (0)

int64_t now_ms(void);
void pause_briefly(void);

#endif
