/* Writing exchanges down. */
#include "support/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/json_read.h"

#define REMEMBERED 65536 /* exchanges; a power of two */

static int file = -1;
static uint64_t written[REMEMBERED]; /* open addressing; 0: free */

static void die(const char *what)
{
	fprintf(stderr, "exchanges: %s: %s\n", what, strerror(errno));
	exit(1);
}

void exchanges_begin(void)
{
	const char *dir = getenv("USHER_EXCHANGES");
	char path[4096];

	if (!dir)
		return;
	if (mkdir(dir, 0777) != 0 && errno != EEXIST)
		die(dir);
	snprintf(path, sizeof(path), "%s/%s.jsonl", dir, program_invocation_short_name);
	file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (file < 0)
		die(path);
}

/* Adds a body as text, or in Base64 under another name if it is none. */
static void body_add(cJSON *line, const char *name, const char *name64, const char *body, size_t len)
{
	char *text;

	if (!body)
		return;
	if (utf8_valid(body, len)) {
		text = strndup(body, len);
		cJSON_AddStringToObject(line, name, text);
	} else {
		text = malloc(BASE64_TEXT(len));
		cJSON_AddStringToObject(line, name64, base64_write(text, (const unsigned char *)body, len));
	}
	free(text);
}

/* FNV-1a, going on from `hash`. */
static uint64_t hash_on(uint64_t hash, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)data[i]) * 1099511628211u;
	return hash;
}

static uint64_t hash_of(const char *head, const char *body, size_t len, const struct reply *r)
{
	const char *date = strstr(r->headers, "\r\nDate:");
	size_t before = date ? (size_t)(date - r->headers) : strlen(r->headers);
	const char *after = date ? strstr(date + 2, "\r\n") : NULL;
	uint64_t hash = hash_on(14695981039346656037u, head, strlen(head));

	hash = hash_on(hash, body, body ? len : 0);
	hash = hash_on(hash, r->headers, before);
	hash = hash_on(hash, after, after ? strlen(after) : 0);
	return hash_on(hash, r->body, r->body_len) | 1;
}

/* Whether this process has written the very same before, but for the date: once is enough. */
static bool is_repeat(uint64_t hash)
{
	for (size_t i = 0; i < REMEMBERED; i++) {
		uint64_t free_slot = 0;

		if (__atomic_compare_exchange_n(&written[(hash + i) % REMEMBERED], &free_slot, hash, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			return false;
		if (free_slot == hash)
			return true;
	}
	return false;
}

void exchange_record(const char *head, const char *body, size_t len, const struct reply *r)
{
	cJSON *line;
	char *text;
	size_t n;

	if (file < 0 || is_repeat(hash_of(head, body, len, r)))
		return;
	line = cJSON_CreateObject();
	cJSON_AddStringToObject(line, "request", head);
	body_add(line, "requestBody", "requestBody64", body, len);
	cJSON_AddStringToObject(line, "answer", r->headers);
	body_add(line, "answerBody", "answerBody64", r->body, r->body_len);
	text = cJSON_PrintUnformatted(line);
	n = strlen(text);
	text[n++] = '\n';
	/* Appended in one go, so that threads and children do not write into each other's lines. */
	if (write(file, text, n) != (ssize_t)n)
		die("cannot write");
	cJSON_free(text);
	cJSON_Delete(line);
}
