/* One connection for each transaction. */
#include "support/locked.h"

#include <check.h>
#include <mysql.h>
#include <stdarg.h>
#include <stdio.h>

#include "support/stack.h"

static void run(MYSQL *m, const char *sql)
{
	MYSQL_RES *res;

	ck_assert_msg(mysql_query(m, sql) == 0, "%s: %s", sql, mysql_error(m));
	res = mysql_store_result(m);
	if (res)
		mysql_free_result(res);
}

void *locked_begin(const char *fmt, ...)
{
	MYSQL *m = mysql_init(NULL);
	char sql[1024];
	va_list ap;

	ck_assert(m && mysql_real_connect(m, NULL, "root", "", "usher", 0, stack.mysql_socket, 0));
	va_start(ap, fmt);
	vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	run(m, "START TRANSACTION");
	run(m, sql);
	return m;
}

void locked_end(void *locked)
{
	run(locked, "ROLLBACK");
	mysql_close(locked);
}
