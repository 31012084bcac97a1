/*
 * The inside of a MySQL connection, shared by connection.c and db.c only: they alone know libmysqlclient.
 */
#ifndef USHER_STORE_DB_INTERNAL_H
#define USHER_STORE_DB_INTERNAL_H

#include <mysql.h>

#include "store/db.h"
#include "store/pool.h"

#define STATEMENTS_MOST 128

struct statement {
	const char *sql;
	MYSQL_STMT *stmt;
};

struct db {
	MYSQL *mysql; /* NULL: no connection */
	struct statement statements[STATEMENTS_MOST];
	unsigned statement_count;
	MYSQL_STMT *rows; /* the query whose rows are being read */
	int64_t affected, insert_id;
	int64_t connected_at;  /* clock_ms */
	int64_t began;         /* clock_ms of the statement under way */
	int64_t lost_after_ms; /* how long a statement ran before its connection was lost */
	int64_t deadline;      /* clock_ms: when the job under way has lost whoever asked */
};

/* Makes sure that there is a connection: DB_OK, or DB_LOST also when it is too early to try again. */
enum db_result db_connect(struct db *db);

/* What an error of the server or the library means. A connection that is of no more use is closed. */
enum db_result db_failed(struct db *db, unsigned number, const char *message);

#endif
