/* Applies migrations, forward only. */
#include "store/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "embedded.h"

#define LOCK_SECONDS 4

/* Runs the statements of one step one by one: an empty line after a ";" ends one, so that a procedure can
 * have others inside. */
static enum db_result statements_run(struct db *db, struct arena *a, const char *sql)
{
	enum db_result r = DB_OK;

	while (r == DB_OK && *sql) {
		const char *end = strstr(sql, ";\n\n");
		size_t len = end ? (size_t)(end - sql) : strlen(sql);
		char *one = arena_copy(a, sql, len);

		if (!one)
			return DB_FAILED;
		if (one[strspn(one, " \t\r\n")])
			r = db_text(db, one);
		sql += end ? len + 3 : len;
	}
	return r;
}

/* Looks for the procedure that a step makes, if it makes one: a dump leaves procedures out unless it is told
 * otherwise, and so does what is made from it, though the step stands in the list. DB_NONE: it is gone. */
static enum db_result procedure_find(struct db *db, const struct embedded_migration *m)
{
	const char *made = strstr(m->sql, "CREATE PROCEDURE ");
	char name[65];
	int64_t one;
	enum db_result r;

	if (!made || sscanf(made, "CREATE PROCEDURE %64[a-z_]", name) != 1)
		return DB_OK;
	r = db_query(db,
		     "SELECT 1 FROM information_schema.ROUTINES"
		     " WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME = ?",
		     "s", name);
	return r == DB_OK ? db_row(db, "i", &one) : r;
}

static enum db_result step_apply(struct db *db, struct arena *a, const struct embedded_migration *m)
{
	enum db_result r = db_query(db, "SELECT version FROM schema_steps WHERE version = ?", "i", (int64_t)m->version);
	int64_t version;

	if (r == DB_OK)
		r = db_row(db, "i", &version);
	if (r == DB_OK)
		r = procedure_find(db, m);
	if (r != DB_NONE)
		return r;
	log_info("MySQL: applying schema step %s", m->name);
	r = statements_run(db, a, m->sql);
	if (r != DB_OK)
		return r;
	return db_exec(db, "REPLACE INTO schema_steps (version, name, applied_at) VALUES (?, ?, UTC_TIMESTAMP(3))",
		       "is", (int64_t)m->version, m->name);
}

static enum db_result steps_apply(struct db *db, struct arena *a)
{
	enum db_result r = db_text(db, "CREATE TABLE IF NOT EXISTS schema_steps (version BIGINT NOT NULL PRIMARY KEY,"
				       " name VARCHAR(100) NOT NULL, applied_at DATETIME(3) NOT NULL)"
				       " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4");

	for (size_t i = 0; r == DB_OK && i < embedded_migration_count; i++)
		r = step_apply(db, a, &embedded_migrations[i]);
	return r;
}

static enum db_result schema_apply(struct db *db, void *arg)
{
	struct job *job = arg;
	int64_t locked = 0;
	enum db_result r =
		db_query(db, "SELECT GET_LOCK(CONCAT(DATABASE(), '.usher-schema'), ?)", "i", (int64_t)LOCK_SECONDS);

	if (r == DB_OK)
		r = db_row(db, "i", &locked);
	if (r != DB_OK)
		return r;
	if (!locked)
		return DB_BUSY;
	r = steps_apply(db, &job->arena);
	if (r != DB_LOST)
		db_text(db, "DO RELEASE_LOCK(CONCAT(DATABASE(), '.usher-schema'))");
	return r;
}

enum code schema_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, schema_apply, job));
}
