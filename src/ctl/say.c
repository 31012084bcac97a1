/* Complaints, clean texts, and what to do when memory is out. */
#include "ctl/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *text_clean(char *text)
{
	for (unsigned char *p = (unsigned char *)text; *p; p++) {
		if (*p < ' ' || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0) /* the same in UTF-8's second block */
			p[0] = p[1] = '?';
	}
	return text;
}

bool complain(const char *fmt, ...)
{
	char line[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "usherctl: %s\n", text_clean(line));
	return false;
}

void *must(void *p)
{
	if (!p) {
		complain("out of memory");
		exit(CTL_AWAY);
	}
	return p;
}

enum outcome say_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CTL_WELL;
	complain("cannot write: %s", strerror(errno));
	return CTL_AWAY;
}
