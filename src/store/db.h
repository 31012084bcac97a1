/*
 * One MySQL connection, as pool.c and transaction.c see it.
 */
#ifndef USHER_STORE_DB_H
#define USHER_STORE_DB_H

#include <stdbool.h>
#include <stdint.h>

struct db;

/* Once for the process, and once for each thread that talks to MySQL. 0 or -1. */
int db_library_init(void);
void db_library_end(void);
void db_thread_begin(void);
void db_thread_end(void);

/* A connection that is opened when it is first used. NULL when memory is out. */
struct db *db_new(void);
void db_free(struct db *db);

/* Connects unless that is done already or it is too early to try again; gives whether there is a connection. */
bool db_open(struct db *db);

/* Gives the connection up; what was not committed is rolled back by the server. */
void db_drop(struct db *db);

/* Whether there is a connection now, whether any thread has one, and whether the last one was found dead as
 * soon as it was used: an idle connection that died unseen, not a statement that took too long. */
bool db_connected(const struct db *db);
bool db_any_connected(void);
bool db_died_at_once(const struct db *db);

/* Until when (clock_ms) somebody waits for what is done now, and how many ms are left of that. */
void db_set_deadline(struct db *db, int64_t deadline);
int64_t db_left_ms(const struct db *db);

/* Tells what pool_healthy() says from now on. */
void pool_set_healthy(bool now);

/* MySQL refused to write anything, and why; pool_takes_writes() says so from now on. */
void pool_no_writes(const char *why);

#endif
