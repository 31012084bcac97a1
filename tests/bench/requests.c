/* Requests one behind the other in memory. */
#include "requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_MOST 4096

static void room_make(struct requests *r)
{
	if (r->room - r->len < REQUEST_MOST) {
		r->room = r->room ? r->room * 2 : REQUEST_MOST * 16;
		r->text = realloc(r->text, r->room);
	}
	if (r->count + 1 >= r->most) {
		r->most = r->most ? r->most * 2 : 1024;
		r->at = realloc(r->at, r->most * sizeof(*r->at));
	}
	if (!r->text || !r->at)
		abort();
}

void requests_add(struct requests *r, const char *method, const char *path, const char *headers, const char *json)
{
	int n;

	room_make(r);
	n = snprintf(r->text + r->len, REQUEST_MOST, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s", method, path,
		     headers ? headers : "");
	if (json)
		n += snprintf(r->text + r->len + n, REQUEST_MOST - (size_t)n,
			      "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(json), json);
	else
		n += snprintf(r->text + r->len + n, REQUEST_MOST - (size_t)n, "\r\n");
	r->at[r->count++] = r->len;
	r->len += (size_t)n;
	r->at[r->count] = r->len;
}

const char *requests_take(struct requests *r, size_t *len)
{
	size_t i = r->next;

	r->next = i + 1 < r->count ? i + 1 : 0;
	*len = r->at[i + 1] - r->at[i];
	return r->text + r->at[i];
}

void requests_free(struct requests *r)
{
	free(r->text);
	free(r->at);
	memset(r, 0, sizeof(*r));
}
