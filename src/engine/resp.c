/* The array of bulk strings that a command is. */
#include "engine/resp.h"

#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"

#define LINE_MOST (1 + DECIMAL_TEXT + 2)

static int room(struct resp *r, size_t size)
{
	char *more;

	if (size <= r->size)
		return 0;
	more = realloc(r->at, 2 * size);
	if (!more)
		return -1;
	r->at = more;
	r->size = 2 * size;
	return 0;
}

static char *line_end(char *p)
{
	*p++ = '\r';
	*p++ = '\n';
	return p;
}

static char *line_put(char *p, char sign, size_t n)
{
	*p++ = sign;
	return line_end(p + decimal_write(p, (int64_t)n));
}

int resp_command(struct resp *r, int argc, const char **argv, const size_t *lens)
{
	size_t size = LINE_MOST;
	char *p;

	for (int i = 0; i < argc; i++)
		size += LINE_MOST + lens[i] + 2;
	if (room(r, size) != 0)
		return -1;
	p = line_put(r->at, '*', (size_t)argc);
	for (int i = 0; i < argc; i++) {
		p = line_put(p, '$', lens[i]);
		memcpy(p, argv[i], lens[i]);
		p = line_end(p + lens[i]);
	}
	r->len = (size_t)(p - r->at);
	return 0;
}
