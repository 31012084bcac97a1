/*
 * The way to MySQL: a bounded queue of jobs and the threads that do them, each with a connection
 * of its own and its prepared statements. The only code that knows libmysqlclient is db.c
 * and connection.c.
 */
#ifndef USHER_STORE_POOL_H
#define USHER_STORE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/task.h"

struct db;

/* How a statement, or the work made of them, went. */
enum db_result {
	DB_OK,
	DB_NONE,      /* no (further) row */
	DB_DUPLICATE, /* a unique key said no */
	DB_BUSY,      /* deadlock or lock wait: the transaction may be tried again */
	DB_SLOW,      /* the statement took too long and was given up */
	DB_LOST,      /* no connection */
	DB_NO_WRITES, /* the server is there, but read-only or its disk is full */
	DB_UNSURE,    /* the connection was lost in COMMIT: nobody here knows whether it stands */
	DB_FAILED,    /* anything else; it was logged */
	DB_REFUSED,   /* the work itself decided against: roll back, its own code says why */
};

/*
 * Statements. `sql` must be a string constant: its address names the prepared statement.
 * Arguments by letter: i int64_t, s const char * (NULL is SQL's NULL), b const void * and size_t,
 * t int64_t Unix ms for a DATETIME(3) (0 is NULL).
 */
enum db_result db_exec(struct db *db, const char *sql, const char *types, ...);
enum db_result db_query(struct db *db, const char *sql, const char *types, ...);

/* The next row of the last db_query, by letter: i int64_t *, s char * and size_t (cut to fit),
 * b void * and size_t (exactly as long), t int64_t * as Unix ms; NULL reads as 0 or "". */
enum db_result db_row(struct db *db, const char *types, ...);

/* A statement put together at run time, numbers and db_quote()d text only; no rows. */
enum db_result db_text(struct db *db, const char *sql);

/* The same with rows of one number each, handed to `row`. */
enum db_result db_text_numbers(struct db *db, const char *sql, void (*row)(void *arg, int64_t n), void *arg);

/* Writes `text` quoted and escaped; `to` needs 2 * len + 3 bytes. Gives the length. */
size_t db_quote(struct db *db, char *to, const char *text, size_t len);

/* Of the last db_exec. */
int64_t db_affected(const struct db *db);
int64_t db_insert_id(const struct db *db);

/* Runs `work` in a transaction and commits if it gives DB_OK. Tries again after a deadlock while
 * somebody waits, and
 * after a lost connection unless COMMIT was already sent; so `work` must start from its arguments
 * afresh. Gives DB_OK, DB_REFUSED, DB_BUSY, DB_DUPLICATE, DB_UNSURE, or DB_LOST/DB_NO_WRITES/DB_FAILED. */
enum db_result db_transaction(struct db *db, enum db_result (*work)(struct db *, void *), void *arg);

/* The same for work that is one CALL of a procedure, which begins the transaction itself. */
enum db_result db_transaction_called(struct db *db, enum db_result (*work)(struct db *, void *), void *arg);

/* The same without a transaction, for reading: tried again once on a lost connection. */
enum db_result db_reading(struct db *db, enum db_result (*work)(struct db *, void *), void *arg);

/* The same on one consistent snapshot of all tables. */
enum db_result db_snapshot(struct db *db, enum db_result (*work)(struct db *, void *), void *arg);

/* Runs a DELETE that ends with SWEEP_LIMIT again and again, until it finds no more: small statements keep
 * no lock for long. */
#define SWEEP_MOST 1000
#define SWEEP_LIMIT " LIMIT 1000"
enum db_result db_sweep(struct db *db, const char *sql);

/* The code a job ends with: OK and REFUSED leave it to the job's own answer, the rest is 503. */
enum code db_code(enum db_result result);

/*
 * Jobs. A job is a struct that begins with `struct job`; it has memory of its own, since the task
 * that asked may be gone before the work is done.
 */
struct job {
	struct letter letter; /* brings it back to its loop */
	struct job *next;
	struct task_ref ref;
	struct loop *loop;
	int64_t deadline;  /* clock_ms; a job still queued then is not begun */
	int64_t queued_us; /* clock_us */
	/* Runs on a database thread. Gives CODE_OK, or what the task fails with. */
	enum code (*work)(struct db *db, struct job *job);
	/* Runs on the loop if the task cannot use the answer: it ended before, or the job failed or
	 * was not taken. May be NULL. */
	void (*unused)(struct job *job);
	enum code outcome;
	struct arena arena;
};

/* Starts the threads: 0, or -1. Connections are made when first needed. */
int pool_start(void);
/* Finishes the jobs under way, drops the rest, joins the threads; gives whether that took no longer
 * than `most_ms`. */
bool pool_stop(int most_ms);

/* Makes a job of `size` bytes for `t`; it is freed when the task ends, or after `unused`.
 * NULL when memory is out. */
void *job_new(struct task *t, size_t size, enum code (*work)(struct db *, struct job *));

/* Hands the job in and waits: STEP_WAIT with a deadline of `ms` (MYSQL_DEADLINE_MS is the usual),
 * or STEP_DONE after a failure when the queue is full. */
enum step job_submit(struct task *t, struct job *job, int ms);

/* The same for a job no task asks for. */
void *job_new_alone(struct loop *l, size_t size, enum code (*work)(struct db *, struct job *));

/* For a job nobody waits for as a task: hands it in with `unused` as its way back. 0, or -1 when the
 * queue is full; then the job is still the caller's, to be freed with job_free(). */
int job_hand_in(struct job *job, int ms);
void job_free(struct job *job);

/* How many of the threads have a connection. */
int pool_connections(void);

/* Says why MySQL is away, once for each time it goes away. */
void pool_complain(const char *why);

/* Whether MySQL answered when it was last asked; pool_suspect() says it did not. */
bool pool_healthy(void);
void pool_suspect(void);

/* Whether MySQL writes: not from a write that it refused until pool_try_writes(), which has to be called now
 * and then and does nothing while all is well, has seen one succeed. */
bool pool_takes_writes(void);
void pool_try_writes(struct db *db);

#endif
