/*
 * One MySQL connection, as pool.c and db.c see it.
 */
#ifndef USHER_STORE_DB_H
#define USHER_STORE_DB_H

#include <stdbool.h>

struct db;

/* Once for the process, and once for each thread that talks to MySQL. 0 or -1. */
int db_library_init(void);
void db_library_end(void);
void db_thread_begin(void);
void db_thread_end(void);

/* A connection that is opened when it is first used. NULL when memory is out. */
struct db *db_new(void);
void db_free(struct db *db);

/* Whether there is a connection now, and whether the last one was found dead as soon as it was used:
 * an idle connection that died unseen, not a statement that took too long. */
bool db_connected(const struct db *db);
bool db_died_at_once(const struct db *db);

/* Whether there is a connection now, and whether the last one was found dead as soon as it was used:
 * an idle connection that died unseen, not a statement that took too long. */
bool db_connected(const struct db *db);
bool db_died_at_once(const struct db *db);

/* Tells what pool_healthy() says from now on. */
void pool_set_healthy(bool now);

#endif
