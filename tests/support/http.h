/*
 * A plain blocking HTTP/1.1 client for the tests; it can also send bytes that are not HTTP.
 */
#ifndef USHER_TESTS_HTTP_H
#define USHER_TESTS_HTTP_H

#include <cjson/cJSON.h>
#include <stddef.h>

struct reply {
	int status;    /* 0: the connection ended without an answer */
	char *headers; /* all of them, from the status line on */
	char *body;    /* NUL-terminated */
	size_t body_len;
	cJSON *json; /* the body parsed, or NULL */
};

/* Sends one request on a connection of its own. `headers`: complete lines with \r\n, or NULL.
 * `body`: NULL for none; with a body Content-Type is JSON unless `headers` names one. */
struct reply http(int port, const char *method, const char *path, const char *headers, const char *body);

/* The same with the body's length given, so that it may hold NUL. */
struct reply http_bytes(int port, const char *method, const char *path, const char *headers, const char *body,
			size_t len);

void reply_free(struct reply *r);

/* The value of a header, or NULL; in memory that the next call of this thread uses again. */
const char *reply_header(const struct reply *r, const char *name);

/* A number and a text of the JSON body; -1 and "" if it is not there. */
double reply_number(const struct reply *r, const char *name);
const char *reply_string(const struct reply *r, const char *name);

/* A connection for raw bytes: connect, send, and read one answer (HEAD: without a body). */
int http_connect(int port);
int http_connect_narrow(int port); /* for which the kernel keeps little on either side */
int http_send(int fd, const void *data, size_t len);
struct reply http_read(int fd, int head);

/* Enters `queue` as `user`. Gives the token, which the caller frees, or NULL. */
char *token_of(int port, int user, const char *queue);

/* Writes "Authorization: Bearer <token>\r\n" into `to` (HEADER_TEXT bytes). Gives it. */
#define HEADER_TEXT 400
char *bearer(char *to, const char *token);

/* One request with a token (NULL: none) and, if `json` is not NULL, that body. */
struct reply call(int port, const char *method, const char *path, const char *token, const char *json);

#endif
