/*
 * The keeper: one thread that does what nobody's request does. It sets the database up, keeps the
 * catalogue and the queues' settings current, lets people in, settles payments, ends lapsed holds.
 * Every daemon has one, and all of them may do all of it at the same time.
 */
#ifndef USHER_KEEPER_H
#define USHER_KEEPER_H

#include "base/task.h"

struct history;

/* Starts the thread. `ready` is called on it once, when the first request can be served.
 * 0, or -1 with a line. */
int keeper_start(void (*ready)(void));
void keeper_stop(void);

/* Waits, for at most `ms`, until the keeper has brought this daemon and Redis up to what MySQL says now. */
enum step keeper_sync(struct task *t, int ms);

/* The samples of all queues, one each HISTORY_INTERVAL_MS. */
struct history *keeper_history(void);

/* Whether people may be let in: not while MySQL does not answer, or writes nothing. */
bool keeper_may_admit(void);

/* Whether each answered within the last moments. */
bool keeper_redis_answers(void);
bool keeper_mysql_answers(void);

#endif
