/* Answers taken apart. */
#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LENGTH_NAME "Content-Length:"

/* The body's length by its head, -1 if that does not say. */
static long long length_of(const char *head, const char *end, int status)
{
	const char *line = head;

	if (status == 204 || status == 304)
		return 0;
	while (line < end && (line = memchr(line, '\n', (size_t)(end - line)))) {
		line++;
		if (strncasecmp(line, LENGTH_NAME, sizeof(LENGTH_NAME) - 1) == 0)
			return strtoll(line + sizeof(LENGTH_NAME) - 1, NULL, 10);
	}
	return -1;
}

static enum answer_state body_take(struct answer *a, size_t len)
{
	if (len > a->body_left)
		return ANSWER_BAD;
	a->body_left -= len;
	return a->body_left ? ANSWER_PART : ANSWER_WHOLE;
}

/* `data` begins with a head. Its end is at least four bytes before `data` ends, so numbers in it end. */
static enum answer_state head_take(struct answer *a, const char *data, size_t len, const char *end)
{
	static const char version[] = "HTTP/1.1 ";
	long long length;

	if (strncmp(data, version, sizeof(version) - 1) != 0)
		return ANSWER_BAD;
	a->status = atoi(data + sizeof(version) - 1);
	length = length_of(data, end, a->status);
	if (length < 0)
		return ANSWER_BAD;
	a->in_body = true;
	a->body_left = (size_t)length;
	return body_take(a, len - (size_t)(end + 4 - data));
}

static enum answer_state head_gather(struct answer *a, const char *data, size_t len)
{
	size_t room = ANSWER_HEAD - a->head_len, taken = len < room ? len : room;
	enum answer_state state;
	const char *end;

	memcpy(a->head + a->head_len, data, taken);
	a->head_len += taken;
	end = memmem(a->head, a->head_len, "\r\n\r\n", 4);
	if (!end)
		return a->head_len == ANSWER_HEAD ? ANSWER_BAD : ANSWER_PART;
	state = head_take(a, a->head, a->head_len, end);
	if (taken == len || state == ANSWER_BAD)
		return state;
	return state == ANSWER_PART ? body_take(a, len - taken) : ANSWER_BAD;
}

enum answer_state answer_feed(struct answer *a, const char *data, size_t len)
{
	const char *end;

	if (a->in_body)
		return body_take(a, len);
	end = a->head_len ? NULL : memmem(data, len, "\r\n\r\n", 4);
	return end ? head_take(a, data, len, end) : head_gather(a, data, len);
}

void answer_next(struct answer *a)
{
	a->in_body = false;
	a->head_len = 0;
}
