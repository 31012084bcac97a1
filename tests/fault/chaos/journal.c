/* Keeping journals. */
#include "journal.h"

#include <stdlib.h>

#include "support/stack.h"

void journal_open(struct journal *j, int n)
{
	char path[128];

	*j = (struct journal){0};
	snprintf(path, sizeof(path), "%s/client-%02d.journal", stack.dir, n);
	j->file = fopen(path, "w");
	if (!j->file) {
		perror(path);
		exit(1);
	}
}

void journal_close(struct journal *j)
{
	fclose(j->file);
	free(j->entries);
}

void journal_add(struct journal *j, const struct entry *e)
{
	if (j->count == j->room) {
		j->room = j->room ? 2 * j->room : 256;
		j->entries = realloc(j->entries, j->room * sizeof(*j->entries));
		if (!j->entries)
			abort();
	}
	j->entries[j->count++] = *e;
}
