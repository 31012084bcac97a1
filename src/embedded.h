/*
 * Files that usherd carries inside, byte for byte as in the tree.
 */
#ifndef USHER_EMBEDDED_H
#define USHER_EMBEDDED_H

#include <stddef.h>

/* The functions library, its version and the digest that tells builds of one version apart. */
extern const char *const embedded_library;
extern const size_t embedded_library_len;
extern const int embedded_library_version;
extern const char *const embedded_library_digest;

extern const char *const embedded_openapi;
extern const size_t embedded_openapi_len;

/* schema/mysql, by rising version. */
struct embedded_migration {
	int version;
	const char *name, *sql;
};
extern const struct embedded_migration embedded_migrations[];
extern const size_t embedded_migration_count;

/* The files of the pages: src/web, and the library that draws charts. */
struct embedded_file {
	const char *name, *data;
	size_t len;
};
extern const struct embedded_file embedded_files[];
extern const size_t embedded_file_count;

#endif
