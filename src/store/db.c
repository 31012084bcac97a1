/* Prepared statements, their values and rows. */
#include <mysql.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/db_internal.h"

/* MySQL 8 took my_bool away; MariaDB's library, which also claims a high MYSQL_VERSION_ID, has it. */
#if defined(MARIADB_PACKAGE_VERSION_ID) || MYSQL_VERSION_ID < 80000
typedef my_bool db_bool;
#else
typedef bool db_bool;
#endif

#define PARAMS_MOST 24

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
		return db_failed(db, number, message);
	}
	db->statements[db->statement_count++] = (struct statement){sql, stmt};
	*out = stmt;
	return DB_OK;
}

/* A procedure's rows are followed by its own end, which has to be read as well. */
static void rows_end(struct db *db)
{
	if (!db->rows)
		return;
	do
		mysql_stmt_free_result(db->rows);
	while (mysql_stmt_next_result(db->rows) == 0);
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
		return db_failed(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
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
		return db_failed(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt));
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
		return db_failed(db, mysql_stmt_errno(db->rows), mysql_stmt_error(db->rows));
	r = mysql_stmt_fetch(db->rows);
	if (r == 1)
		return db_failed(db, mysql_stmt_errno(db->rows), mysql_stmt_error(db->rows));
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
		return db_failed(db, mysql_errno(db->mysql), mysql_error(db->mysql));
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
		return db_failed(db, mysql_errno(db->mysql), mysql_error(db->mysql));
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
