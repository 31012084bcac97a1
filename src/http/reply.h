/*
 * Answers. Each of the reply functions ends the request: its result is the step's.
 */
#ifndef USHER_HTTP_REPLY_H
#define USHER_HTTP_REPLY_H

#include "base/json_write.h"
#include "http/request.h"

/* Adds a header to the answer that is still to come: at most REPLY_FIELDS. The name has to stay; the value is
 * copied. */
void reply_header(struct request *r, const char *name, const char *value);

/* 200, 201, ... with a JSON body. */
enum step reply_json(struct request *r, int status, struct json *j);

/* Any body; `text` is copied. */
enum step reply_text(struct request *r, int status, const char *type, const char *text, size_t len);

/* 204 or 304: no body. */
enum step reply_empty(struct request *r, int status);

/* application/problem+json (RFC 9457) with the status, title and name of `code`. `detail` says
 * what to do about it; NULL: the title again. */
enum step reply_problem(struct request *r, enum code code, const char *detail);
enum step reply_problem_fmt(struct request *r, enum code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A problem with members of its own: begin, add them with json_*(), end. */
void problem_begin(struct request *r, struct json *j, enum code code, const char *detail);
enum step problem_end(struct request *r, struct json *j, enum code code);

#endif
