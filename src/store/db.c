/* A connection: connecting, prepared statements, transactions. Only here is libmysqlclient known. */
#include "store/db.h"

#include <mysql.h>
#include <mysqld_error.h>
#include <errmsg.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "settings.h"
#include "store/pool.h"

/* MySQL 8 took my_bool away; MariaDB's library, which also claims a high MYSQL_VERSION_ID, has it. */
#if defined(MARIADB_PACKAGE_VERSION_ID) || MYSQL_VERSION_ID < 80000
typedef my_bool db_bool;
#else
typedef bool db_bool;
#endif

#define PARAMS_MOST 24
#define STATEMENTS_MOST 128
#define CONNECT_SECONDS 2
#define ANSWER_SECONDS 5
#define STATEMENT_TIMEOUT_MARIADB 1969 /* each server's own; the other's library lacks the name */
#define STATEMENT_TIMEOUT_MYSQL 3024
#define DEAD_AT_ONCE_MS 500
#define RETRY_AFTER_MS 250 /* after a failed connect, jobs fail at once for this long */

struct statement {
	const char *sql;
	MYSQL_STMT *stmt;
};

struct db {
	MYSQL *mysql;
	struct statement statements[STATEMENTS_MOST];
	unsigned statement_count;
	MYSQL_STMT *rows; /* the query whose rows are being read */
	int64_t affected, insert_id;
	int64_t lost_after_ms; /* how long a statement ran before its connection was lost */
	int64_t began;         /* clock_ms of the statement under way */
};

/* When connecting may be tried again (clock_ms), for all threads: what one has found out spares the
 * others the wait, and the first success ends it. */
static _Atomic int64_t retry_at;

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

static void db_close(struct db *db)
{
	for (unsigned i = 0; i < db->statement_count; i++)
		mysql_stmt_close(db->statements[i].stmt);
	db->statement_count = 0;
	db->rows = NULL;
	if (db->mysql)
		mysql_close(db->mysql);
	db->mysql = NULL;
}

void db_free(struct db *db)
{
	db_close(db);
	free(db);
}

static enum db_result failed(struct db *db, unsigned number, const char *message)
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
	case ER_OPTION_PREVENTS_STATEMENT:
		db->lost_after_ms = clock_ms() - db->began;
		db_close(db);
		return DB_LOST;
	case STATEMENT_TIMEOUT_MARIADB:
	case STATEMENT_TIMEOUT_MYSQL:
		log_error("MySQL: a statement took longer than %d s", ANSWER_SECONDS);
		return DB_SLOW;
	default:
		log_error("MySQL: %u %s", number, message);
		if (number >= CR_MIN_ERROR && number <= CR_MAX_ERROR)
			db_close(db);
		return db->mysql ? DB_FAILED : DB_LOST;
	}
}

static enum db_result connection_failed(struct db *db)
{
	pool_complain(mysql_error(db->mysql));
	mysql_close(db->mysql);
	db->mysql = NULL;
	atomic_store_explicit(&retry_at, clock_ms() + RETRY_AFTER_MS, memory_order_relaxed);
	pool_set_healthy(false);
	return DB_LOST;
}

static enum db_result db_connect(struct db *db)
{
	static const char *const session[] = {
		"SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"SET SESSION time_zone = '+00:00'",
		"SET SESSION innodb_lock_wait_timeout = 2",
		"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
	};
	unsigned connect = CONNECT_SECONDS, answer = ANSWER_SECONDS;

	if (db->mysql)
		return DB_OK;
	if (clock_ms() < atomic_load_explicit(&retry_at, memory_order_relaxed))
		return DB_LOST;
	db->mysql = mysql_init(NULL);
	if (!db->mysql)
		return DB_LOST;
	mysql_options(db->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
	mysql_options(db->mysql, MYSQL_OPT_READ_TIMEOUT, &answer);
	mysql_options(db->mysql, MYSQL_OPT_WRITE_TIMEOUT, &answer);
	mysql_options(db->mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	if (!mysql_real_connect(db->mysql, settings.mysql_host, settings.mysql_user, settings.mysql_password,
				settings.mysql_database, (unsigned)settings.mysql_port, settings.mysql_socket,
				CLIENT_FOUND_ROWS))
		return connection_failed(db);
	for (size_t i = 0; i < sizeof(session) / sizeof(session[0]); i++)
		if (mysql_query(db->mysql, session[i]) != 0)
			return connection_failed(db);
	/* Who gave up waiting must not leave the statement running: the server gives it up as well. */
	if (mysql_query(db->mysql, strstr(mysql_get_server_info(db->mysql), "MariaDB")
					   ? "SET SESSION max_statement_time = 5"
					   : "SET SESSION max_execution_time = 5000") != 0)
		return connection_failed(db);
	atomic_store_explicit(&retry_at, 0, memory_order_relaxed);
	pool_set_healthy(true);
	return DB_OK;
}

/* The prepared statement of `sql`, made when it is first asked for. */
static enum db_result statement_of(struct db *db, const char *sql, MYSQL_STMT **out)
{
	enum db_result r = db_connect(db);
	MYSQL_STMT *stmt;

	if (r != DB_OK)
		return r;
	for (unsigned i = 0; i < db->statement_count; i++) {
		if (db->statements[i].sql == sql) {
			*out = db->statements[i].stmt;
			return DB_OK;
		}
	}
	if (db->statement_count == STATEMENTS_MOST) {
		log_error("MySQL: more than %d statements", STATEMENTS_MOST);
		return DB_FAILED;
	}
	stmt = mysql_stmt_init(db->mysql);
	if (!stmt)
		return DB_FAILED;
	if (mysql_stmt_prepare(stmt, sql, strlen(sql)) != 0) {
		unsigned number = mysql_stmt_errno(stmt);
		char message[256];

		snprintf(message, sizeof(message), "%s", mysql_stmt_error(stmt));
		mysql_stmt_close(stmt);
		return failed(db, number, message);
	}
	db->statements[db->statement_count++] = (struct statement){sql, stmt};
	*out = stmt;
	return DB_OK;
}

static void rows_end(struct db *db)
{
	if (db->rows)
		mysql_stmt_free_result(db->rows);
	db->rows = NULL;
}

/* The values a statement is sent with. */
struct params {
	MYSQL_BIND bind[PARAMS_MOST];
	int64_t number[PARAMS_MOST];
	unsigned long length[PARAMS_MOST];
	char time[PARAMS_MOST][CLOCK_TEXT];
};

static void param_text(MYSQL_BIND *b, enum enum_field_types type, const void *data, unsigned long *length)
{
	b->buffer_type = data ? type : MYSQL_TYPE_NULL;
	b->buffer = (void *)(uintptr_t)data;
	b->buffer_length = *length;
	b->length = length;
}

/* Writes Unix ms the way DATETIME(3) is written. */
static const char *datetime(int64_t unix_ms, char text[CLOCK_TEXT])
{
	if (unix_ms == 0)
		return NULL;
	clock_format(unix_ms, text);
	text[10] = ' ';
	text[strlen(text) - 1] = '\0';
	return text;
}

static void params_set(struct params *p, const char *types, va_list ap)
{
	memset(p->bind, 0, sizeof(p->bind));
	for (int i = 0; i < PARAMS_MOST && types[i]; i++) {
		MYSQL_BIND *b = &p->bind[i];
		const void *data;

		switch (types[i]) {
		case 'i':
			p->number[i] = va_arg(ap, int64_t);
			b->buffer_type = MYSQL_TYPE_LONGLONG;
			b->buffer = &p->number[i];
			break;
		case 't':
			data = datetime(va_arg(ap, int64_t), p->time[i]);
			p->length[i] = data ? strlen(data) : 0;
			param_text(b, MYSQL_TYPE_STRING, data, &p->length[i]);
			break;
		case 's':
			data = va_arg(ap, const char *);
			p->length[i] = data ? strlen(data) : 0;
			param_text(b, MYSQL_TYPE_STRING, data, &p->length[i]);
			break;
		default:
			data = va_arg(ap, const void *);
			p->length[i] = va_arg(ap, size_t);
			param_text(b, MYSQL_TYPE_BLOB, data, &p->length[i]);
		}
	}
}

static enum db_result execute(struct db *db, const char *sql, const char *types, va_list ap, MYSQL_STMT **out)
{
	struct params p;
	MYSQL_STMT *stmt = NULL;
	enum db_result r;

	rows_end(db);
	r = statement_of(db, sql, &stmt);
	if (r != DB_OK)
		return r;
	params_set(&p, types, ap);
	db->began = clock_ms();
	metric_add(METRIC_mysql_statements, 1);
	if ((*types && mysql_stmt_bind_param(stmt, p.bind)) || mysql_stmt_execute(stmt))
		return failed(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
	db->affected = (int64_t)mysql_stmt_affected_rows(stmt);
	db->insert_id = (int64_t)mysql_stmt_insert_id(stmt);
	*out = stmt;
	return DB_OK;
}

enum db_result db_exec(struct db *db, const char *sql, const char *types, ...)
{
	MYSQL_STMT *stmt = NULL;
	enum db_result r;
	va_list ap;

	va_start(ap, types);
	r = execute(db, sql, types, ap, &stmt);
	va_end(ap);
	return r;
}

enum db_result db_query(struct db *db, const char *sql, const char *types, ...)
{
	MYSQL_STMT *stmt = NULL;
	enum db_result r;
	va_list ap;

	va_start(ap, types);
	r = execute(db, sql, types, ap, &stmt);
	va_end(ap);
	if (r != DB_OK)
		return r;
	if (mysql_stmt_store_result(stmt) != 0)
		return failed(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
	db->rows = stmt;
	return DB_OK;
}

/* Where the columns of a row go. */
struct columns {
	MYSQL_BIND bind[PARAMS_MOST];
	unsigned long length[PARAMS_MOST];
	db_bool null[PARAMS_MOST];
	char time[PARAMS_MOST][CLOCK_TEXT];
	void *to[PARAMS_MOST];
	size_t size[PARAMS_MOST];
};

static void columns_set(struct columns *c, const char *types, va_list ap)
{
	memset(c->bind, 0, sizeof(c->bind));
	for (int i = 0; i < PARAMS_MOST && types[i]; i++) {
		MYSQL_BIND *b = &c->bind[i];

		c->to[i] = va_arg(ap, void *);
		c->size[i] = types[i] == 's' || types[i] == 'b' ? va_arg(ap, size_t) : 0;
		b->is_null = &c->null[i];
		b->length = &c->length[i];
		b->buffer_type = types[i] == 'i'   ? MYSQL_TYPE_LONGLONG
				 : types[i] == 'b' ? MYSQL_TYPE_BLOB
						   : MYSQL_TYPE_STRING;
		b->buffer = types[i] == 't' ? c->time[i] : c->to[i];
		b->buffer_length = types[i] == 't' ? CLOCK_TEXT - 1 : types[i] == 's' ? c->size[i] - 1 : c->size[i];
	}
}

/* A DATETIME is RFC 3339 but for two signs; all of ours are UTC. */
static bool datetime_parse(char *text, size_t n, int64_t *unix_ms)
{
	text[n] = 'Z';
	text[n + 1] = '\0';
	if (n > 10)
		text[10] = 'T';
	return clock_parse(text, unix_ms) == 0;
}

static void columns_finish(struct columns *c, const char *types)
{
	for (int i = 0; i < PARAMS_MOST && types[i]; i++) {
		size_t n = c->length[i];

		if (types[i] == 'i' && c->null[i]) {
			*(int64_t *)c->to[i] = 0;
		} else if (types[i] == 's') {
			n = c->null[i] ? 0 : n < c->size[i] ? n : c->size[i] - 1;
			((char *)c->to[i])[n] = '\0';
		} else if (types[i] == 't') {
			if (c->null[i] || n > CLOCK_TEXT - 2 || !datetime_parse(c->time[i], n, c->to[i]))
				*(int64_t *)c->to[i] = 0;
		}
	}
}

enum db_result db_row(struct db *db, const char *types, ...)
{
	struct columns c;
	va_list ap;
	int r;

	if (!db->rows)
		return DB_NONE;
	va_start(ap, types);
	columns_set(&c, types, ap);
	va_end(ap);
	if (mysql_stmt_bind_result(db->rows, c.bind))
		return failed(db, mysql_stmt_errno(db->rows), mysql_stmt_error(db->rows));
	r = mysql_stmt_fetch(db->rows);
	if (r == 1)
		return failed(db, mysql_stmt_errno(db->rows), mysql_stmt_error(db->rows));
	if (r == MYSQL_NO_DATA) {
		rows_end(db);
		return DB_NONE;
	}
	columns_finish(&c, types);
	return DB_OK;
}

enum db_result db_text(struct db *db, const char *sql)
{
	enum db_result r;

	rows_end(db);
	r = db_connect(db);
	if (r != DB_OK)
		return r;
	metric_add(METRIC_mysql_statements, 1);
	db->began = clock_ms();
	if (mysql_query(db->mysql, sql) != 0)
		return failed(db, mysql_errno(db->mysql), mysql_error(db->mysql));
	db->affected = (int64_t)mysql_affected_rows(db->mysql);
	return DB_OK;
}

enum db_result db_text_numbers(struct db *db, const char *sql, void (*row)(void *arg, int64_t n), void *arg)
{
	enum db_result r = db_text(db, sql);
	MYSQL_RES *res;
	MYSQL_ROW columns;

	if (r != DB_OK)
		return r;
	res = mysql_store_result(db->mysql);
	if (!res)
		return failed(db, mysql_errno(db->mysql), mysql_error(db->mysql));
	while ((columns = mysql_fetch_row(res)))
		row(arg, columns[0] ? strtoll(columns[0], NULL, 10) : 0);
	mysql_free_result(res);
	return DB_OK;
}

size_t db_quote(struct db *db, char *to, const char *text, size_t len)
{
	size_t n;

	to[0] = '\'';
	n = db->mysql ? mysql_real_escape_string(db->mysql, to + 1, text, len) : 0;
	to[n + 1] = '\'';
	to[n + 2] = '\0';
	return n + 2;
}

int64_t db_affected(const struct db *db)
{
	return db->affected;
}

int64_t db_insert_id(const struct db *db)
{
	return db->insert_id;
}

bool db_connected(const struct db *db)
{
	return db->mysql != NULL;
}

bool db_died_at_once(const struct db *db)
{
	return db->lost_after_ms <= DEAD_AT_ONCE_MS;
}
