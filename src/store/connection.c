/* Connecting, giving up, and what errors mean. */
#include <errmsg.h>
#include <mysqld_error.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "settings.h"
#include "store/db_internal.h"

#define CONNECT_SECONDS 2
#define ANSWER_SECONDS 5
#define STATEMENT_TIMEOUT_MARIADB 1969 /* each server's own; the other's library lacks the name */
#define STATEMENT_TIMEOUT_MYSQL 3024
#define DEAD_AT_ONCE_MS 500
#define RETRY_LEAST_MS 250  /* after a failed connect, jobs fail at once for this long ... */
#define RETRY_SPREAD_MS 250 /* ... and for some of this, so that daemons do not come back in step */
#define FRESH_MS 1000       /* a connection younger than this is not given up for what its server refuses */
#define SAY_AGAIN_MS 1000

/* When connecting may be tried again (clock_ms), for all threads: what one has found out spares the
 * others the wait, and the first success ends it. 0: at any time. */
static _Atomic int64_t retry_at;
static _Atomic int connections; /* of all threads */

int db_library_init(void)
{
	return mysql_library_init(0, NULL, NULL) ? -1 : 0;
}

void db_library_end(void)
{
	mysql_library_end();
}

void db_thread_begin(void)
{
	mysql_thread_init();
}

void db_thread_end(void)
{
	mysql_thread_end();
}

struct db *db_new(void)
{
	return calloc(1, sizeof(struct db));
}

void db_drop(struct db *db)
{
	for (unsigned i = 0; i < db->statement_count; i++)
		mysql_stmt_close(db->statements[i].stmt);
	db->statement_count = 0;
	db->rows = NULL;
	if (!db->mysql)
		return;
	mysql_close(db->mysql);
	db->mysql = NULL;
	atomic_fetch_sub(&connections, 1);
}

void db_free(struct db *db)
{
	db_drop(db);
	free(db);
}

static enum db_result lost(struct db *db, enum db_result result)
{
	db->lost_after_ms = clock_ms() - db->began;
	db_drop(db);
	return result;
}

/* The server is there and writes nothing: its disk is full, or it is a replica by now. Then another one
 * may have the name, so the connection is made anew once in a while. */
static enum db_result refused(struct db *db, const char *message)
{
	pool_no_writes(message);
	return clock_ms() - db->connected_at > FRESH_MS ? lost(db, DB_NO_WRITES) : DB_NO_WRITES;
}

static enum db_result odd(struct db *db, unsigned number, const char *message)
{
	static _Atomic int64_t said;

	if (log_due(&said, SAY_AGAIN_MS))
		log_error("MySQL: %u %s", number, message);
	return number >= CR_MIN_ERROR && number <= CR_MAX_ERROR ? lost(db, DB_LOST) : DB_FAILED;
}

static enum db_result too_slow(void)
{
	static _Atomic int64_t said;

	if (log_due(&said, SAY_AGAIN_MS))
		log_error("MySQL: a statement took longer than %d s", ANSWER_SECONDS);
	return DB_SLOW;
}

enum db_result db_failed(struct db *db, unsigned number, const char *message)
{
	switch (number) {
	case ER_DUP_ENTRY:
		return DB_DUPLICATE;
	case ER_LOCK_DEADLOCK:
	case ER_LOCK_WAIT_TIMEOUT:
		return DB_BUSY;
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
	case ER_SERVER_SHUTDOWN:
	case ER_CON_COUNT_ERROR:
	case ER_CONNECTION_KILLED:
	case ER_QUERY_INTERRUPTED:
		return lost(db, DB_LOST);
	case ER_OPTION_PREVENTS_STATEMENT:
	case ER_READ_ONLY_MODE:
	case ER_INNODB_READ_ONLY:
	case ER_RECORD_FILE_FULL:
	case ER_DISK_FULL:
	case ER_ERROR_ON_WRITE:
	case ER_ERROR_DURING_COMMIT:
	case ER_GET_ERRNO:
	case ER_LOCK_TABLE_FULL:
	case ER_OUT_OF_RESOURCES:
		return refused(db, message);
	case STATEMENT_TIMEOUT_MARIADB:
	case STATEMENT_TIMEOUT_MYSQL:
		return too_slow();
	default:
		return odd(db, number, message);
	}
}

/* While MySQL is away one thread at a time knocks. */
static bool may_try(void)
{
	int64_t at = atomic_load(&retry_at), now = clock_ms();

	if (at == 0)
		return true;
	if (now < at)
		return false;
	return atomic_compare_exchange_strong(&retry_at, &at, now + CONNECT_SECONDS * 1000 + RETRY_LEAST_MS);
}

/* A server that is full up is there all the same: whoever has a connection goes on. */
static bool full_up(unsigned number)
{
	return (number == ER_CON_COUNT_ERROR || number == ER_TOO_MANY_USER_CONNECTIONS) && db_any_connected();
}

static enum db_result connection_failed(MYSQL *mysql)
{
	if (!full_up(mysql_errno(mysql)))
		pool_set_healthy(false);
	pool_complain(mysql_error(mysql));
	mysql_close(mysql);
	atomic_store(&retry_at, clock_ms() + RETRY_LEAST_MS + (int64_t)randombytes_uniform(RETRY_SPREAD_MS));
	return DB_LOST;
}

static bool session_set(MYSQL *mysql)
{
	static const char *const session[] = {
		"SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"SET SESSION time_zone = '+00:00'",
		"SET SESSION innodb_lock_wait_timeout = 2",
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
	};

	for (size_t i = 0; i < sizeof(session) / sizeof(session[0]); i++)
		if (mysql_query(mysql, session[i]) != 0)
			return false;
	/* Who gave up waiting must not leave the statement running: the server gives it up as well. And a
	 * daemon that is stopped in a transaction must not keep its locks: MariaDB can take them back. */
	return mysql_query(mysql, strstr(mysql_get_server_info(mysql), "MariaDB")
					  ? "SET SESSION max_statement_time = 5, SESSION idle_transaction_timeout = 5"
					  : "SET SESSION max_execution_time = 5000") == 0;
}

enum db_result db_connect(struct db *db)
{
	unsigned connect = CONNECT_SECONDS, answer = ANSWER_SECONDS;
	MYSQL *mysql;

	if (db->mysql)
		return DB_OK;
	if (!may_try())
		return DB_LOST;
	mysql = mysql_init(NULL);
	if (!mysql)
		return DB_LOST;
	mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
	mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &answer);
	mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer);
	mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (!mysql_real_connect(mysql, settings.mysql_host, settings.mysql_user, settings.mysql_password,
				settings.mysql_database, (unsigned)settings.mysql_port, settings.mysql_socket,
				CLIENT_FOUND_ROWS) ||
	    !session_set(mysql))
		return connection_failed(mysql);
	db->mysql = mysql;
	db->connected_at = clock_ms();
	atomic_fetch_add(&connections, 1);
	atomic_store(&retry_at, 0);
	pool_set_healthy(true);
	return DB_OK;
}

bool db_open(struct db *db)
{
	return db_connect(db) == DB_OK;
}

bool db_connected(const struct db *db)
{
	return db->mysql != NULL;
}

bool db_any_connected(void)
{
	return pool_connections() > 0;
}

int pool_connections(void)
{
	return atomic_load(&connections);
}

bool db_died_at_once(const struct db *db)
{
	return db->lost_after_ms <= DEAD_AT_ONCE_MS;
}

void db_set_deadline(struct db *db, int64_t deadline)
{
	db->deadline = deadline;
}

int64_t db_left_ms(const struct db *db)
{
	return db->deadline - clock_ms();
}
