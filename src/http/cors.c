/* Pages of other origins: which of them may call the API, and what their browsers ask first (the Fetch standard,
 * 3.2). Only the routes for clients are opened, never the operators'. */
#include <event2/http.h>
#include <string.h>

#include "http/reply.h"
#include "http/server_internal.h"
#include "settings.h"

static const char open_paths[] = "/v1/";

/* What Access-Control-Allow-Origin has to say to `origin`, or NULL if that is not allowed. */
static const char *allowed(const char *origin)
{
	size_t len = strlen(origin);

	for (const char *p = settings.cors_origin; *(p += strspn(p, " ")); p += strcspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == 1 && *p == '*')
			return "*";
		if (n == len && memcmp(p, origin, n) == 0)
			return origin;
	}
	return NULL;
}

void cors_answer(struct request *r)
{
	const char *origin, *told;

	if (!settings.cors_origin || strncmp(r->path, open_paths, strlen(open_paths)) != 0)
		return;
	origin = request_header(r, "Origin");
	told = origin ? allowed(origin) : NULL;
	if (!told || *told != '*')
		reply_header(r, "Vary", "Origin");
	if (!told)
		return;
	reply_header(r, "Access-Control-Allow-Origin", told);
	reply_header(r, "Access-Control-Expose-Headers", "Date, ETag, Idempotent-Replay, Location, Retry-After");
}

bool cors_preflight(struct request *r, const char *methods)
{
	const char *origin = request_header(r, "Origin");

	if (!settings.cors_origin || evhttp_request_get_command(r->ev) != EVHTTP_REQ_OPTIONS || !origin ||
	    !request_header(r, "Access-Control-Request-Method") ||
	    strncmp(r->path, open_paths, strlen(open_paths)) != 0)
		return false;
	if (allowed(origin)) {
		reply_header(r, "Access-Control-Allow-Methods", methods);
		reply_header(r, "Access-Control-Allow-Headers",
			     "Authorization, Content-Type, Idempotency-Key, If-None-Match");
		reply_header(r, "Access-Control-Max-Age", "86400");
	}
	reply_empty(r, 204);
	return true;
}
