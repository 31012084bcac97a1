/* Asking the private Redis and the private MariaDB. */
#include <check.h>
#include <hiredis/hiredis.h>
#include <mysql.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stack.h"

#define SQL_WHY 1024
#define NO_MARIADB "no MariaDB"

static redisContext *redis_connect(void)
{
	redisContext *c = redisConnectUnix(stack.redis_socket);

	if (c && c->err) {
		redisFree(c);
		return NULL;
	}
	return c;
}

static MYSQL *mysql_connect_now(const char *database)
{
	MYSQL *m = mysql_init(NULL);

	if (m && !mysql_real_connect(m, NULL, "root", "", database, 0, stack.mysql_socket, CLIENT_MULTI_STATEMENTS)) {
		mysql_close(m);
		return NULL;
	}
	return m;
}

bool redis_answers(void)
{
	redisContext *c = redis_connect();

	if (c)
		redisFree(c);
	return c != NULL;
}

bool database_made(void)
{
	MYSQL *m = mysql_connect_now(NULL);
	bool made = m && mysql_query(m, "CREATE DATABASE IF NOT EXISTS usher CHARACTER SET utf8mb4") == 0;

	if (m)
		mysql_close(m);
	return made;
}

static char *redis_ask_v(const char *fmt, va_list ap)
{
	redisContext *c = redis_connect();
	redisReply *reply = c ? redisvCommand(c, fmt, ap) : NULL;
	char *text = NULL;

	if (reply && reply->type == REDIS_REPLY_INTEGER) {
		text = malloc(32);
		snprintf(text, 32, "%lld", reply->integer);
	} else if (reply && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS)) {
		text = strdup(reply->str);
	}
	if (reply)
		freeReplyObject(reply);
	if (c)
		redisFree(c);
	return text;
}

char *redis_text(const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = redis_ask_v(fmt, ap);
	va_end(ap);
	return text;
}

int64_t redis_int(const char *fmt, ...)
{
	va_list ap;
	char *text;
	int64_t n;

	va_start(ap, fmt);
	text = redis_ask_v(fmt, ap);
	va_end(ap);
	n = text ? strtoll(text, NULL, 10) : -1;
	free(text);
	return n;
}

/* Gives whether it went well; `why` says what did not. */
static bool sql_go(void (*row)(void *arg, char **columns), void *arg, char why[SQL_WHY], const char *fmt, va_list ap)
{
	MYSQL *m = mysql_connect_now("usher");
	char text[4096];

	snprintf(why, SQL_WHY, "%s", NO_MARIADB);
	if (!m)
		return false;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (mysql_query(m, text) != 0) {
		snprintf(why, SQL_WHY, "%.500s: %s", text, mysql_error(m));
		mysql_close(m);
		return false;
	}
	do {
		MYSQL_RES *res = mysql_store_result(m);
		MYSQL_ROW columns;

		while (res && (columns = mysql_fetch_row(res)))
			row(arg, columns);
		if (res)
			mysql_free_result(res);
	} while (mysql_next_result(m) == 0);
	mysql_close(m);
	return true;
}

static void sql(void (*row)(void *arg, char **columns), void *arg, const char *fmt, va_list ap)
{
	int64_t until = now_ms() + 5000;
	char why[SQL_WHY];

	/* Even the connection that is kept for operators may be taken for a moment. */
	do
		if (sql_go(row, arg, why, fmt, ap))
			return;
	while (strcmp(why, NO_MARIADB) == 0 && now_ms() < until);
	fprintf(stderr, "%s\n", why); /* a program without Check's runner has no other word */
	ck_abort_msg("%s", why);
}

void sql_rows(void (*row)(void *arg, char **columns), void *arg, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sql(row, arg, fmt, ap);
	va_end(ap);
}

struct first {
	bool given;
	int64_t n;
};

static void first_take(void *arg, char **columns)
{
	struct first *f = arg;

	if (!f->given && columns[0])
		*f = (struct first){true, strtoll(columns[0], NULL, 10)};
}

static void row_ignore(void *arg, char **columns)
{
	(void)arg, (void)columns;
}

int64_t sql_int(const char *fmt, ...)
{
	struct first f = {false, -1};
	va_list ap;

	va_start(ap, fmt);
	sql(first_take, &f, fmt, ap);
	va_end(ap);
	return f.n;
}

bool sql_try(int64_t *out, const char *fmt, ...)
{
	struct first f = {false, -1};
	char why[SQL_WHY];
	va_list ap;
	bool good;

	va_start(ap, fmt);
	good = sql_go(first_take, &f, why, fmt, ap);
	va_end(ap);
	if (out)
		*out = f.n;
	return good;
}

void sql_run(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sql(row_ignore, NULL, fmt, ap);
	va_end(ap);
}
