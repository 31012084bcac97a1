/*
 * Files that are served as they are, held in memory with all that serving them takes.
 */
#ifndef USHER_HTTP_FILES_H
#define USHER_HTTP_FILES_H

#include "http/reply.h"

#define FILES_MOST 256
#define FILE_NAME_MOST 64
#define FILES_BYTES_MOST (32 << 20) /* of a directory, all together */
#define FILES_TAG 17                /* 16 hex digits and a NUL */

struct file {
	char name[FILE_NAME_MOST + 1];
	const char *type;  /* Content-Type; static */
	char *text, *gzip; /* malloc'ed; gzip is NULL where it would not be shorter */
	size_t len, gzip_len;
	char tag[FILES_TAG]; /* a digest of the text */
};

/* Zeroed in the beginning. Does not change once it is served. */
struct files {
	struct file *at;
	size_t count;
	char tag[FILES_TAG]; /* a digest of all of them; set by files_seal() */
};

/* Adds a file, in place of one of the same name. The text is copied. False when memory is out, the name is
 * longer than FILE_NAME_MOST or there are FILES_MOST already. */
bool files_add(struct files *f, const char *name, const char *text, size_t len);

/* Adds every regular file of a directory whose name has only letters, digits, '.', '_' and '-', and does not
 * begin with '.'. On failure gives false and says in `why` what is wrong. */
bool files_add_directory(struct files *f, const char *path, char *why, size_t why_size);

/* Computes all digests and compresses what is worth it. False when memory is out. */
bool files_seal(struct files *f);

const struct file *files_find(const struct files *f, const char *name, size_t len);

void files_free(struct files *f);

/* Answers with a file, or with 304 where the client has it. `cache` is the answer's Cache-Control; `vary` names
 * further headers the choice of the file depended on, or is NULL. */
enum step reply_file(struct request *r, const struct file *file, const char *cache, const char *vary);

#endif
