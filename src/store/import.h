/*
 * The inside of a catalogue import, shared by the import's own files only.
 */
#ifndef USHER_STORE_IMPORT_H
#define USHER_STORE_IMPORT_H

#include "store/catalog_file.h"

/* One import: what it reads from, what it has found wrong, what it changed. */
struct import {
	struct db *db;
	struct catalog_import_job *job;
	struct arena *a;
	const struct catalog_file *file;
};

/* Ends the import with a code and what is wrong: gives DB_REFUSED. */
enum db_result import_refuse(struct import *m, enum code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* One number out of a query with one argument. DB_NONE if there is no row. */
enum db_result import_number(struct import *m, const char *sql, int64_t argument, int64_t *out);

/* SQL text that grows up to a size known beforehand. */
struct sql {
	char *at;
	size_t len, size;
};

void sql_append(struct sql *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The parts of the file, in the order they are written. `path` names the part in messages. */
enum db_result import_queue(struct import *m, size_t i);
enum db_result import_users(struct import *m);
enum db_result import_seats(struct import *m, const char *path, const struct file_schedule *s);

#endif
