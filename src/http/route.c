/* Matching paths against the table. */
#include "http/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"

/* A route with the steps of its needs in front of its own. */
struct entry {
	struct route route; /* first, so that a route leads to its entry */
	step_fn all[ALL_STEPS];
	unsigned number;
};

struct router {
	size_t count;
	struct entry entries[];
};

struct router *router_new(const struct route *routes, size_t count, const struct prelude *preludes,
			  size_t prelude_count)
{
	struct router *router = calloc(1, sizeof(*router) + count * sizeof(router->entries[0]));

	if (!router)
		return NULL;
	router->count = count;
	for (size_t i = 0; i < count; i++) {
		struct entry *e = &router->entries[i];
		unsigned n = 0;

		e->route = routes[i];
		e->number = (unsigned)i;
		for (size_t p = 0; p < prelude_count && n < ALL_STEPS - ROUTE_STEPS - 1; p++)
			if (routes[i].needs & preludes[p].needs)
				e->all[n++] = preludes[p].step;
		for (unsigned s = 0; s < ROUTE_STEPS && routes[i].steps[s]; s++)
			e->all[n++] = routes[i].steps[s];
	}
	return router;
}

void router_free(struct router *router)
{
	free(router);
}

/* Whether a pattern fits a path; fills the parts that {x} stands for. */
static bool matches(const char *pattern, const char *path, size_t len, struct request *r)
{
	const char *end = path + len;
	unsigned n = 0;

	while (*pattern) {
		if (*pattern != '{') {
			if (path == end || *path != *pattern)
				return false;
			path++;
			pattern++;
			continue;
		}
		r->params[n].text = path;
		while (path < end && *path != '/')
			path++;
		r->params[n].len = (size_t)(path - r->params[n].text);
		if (r->params[n++].len == 0)
			return false;
		pattern = strchr(pattern, '}') + 1;
	}
	return path == end;
}

static const char *method_name(enum method method)
{
	static const char *const names[] = {"GET, HEAD", "POST", "PUT", "PATCH", "DELETE"};

	return names[method];
}

enum code router_find(const struct router *router, struct request *r, size_t len, char allow[64])
{
	size_t used = 0;

	allow[0] = '\0';
	for (size_t i = 0; i < router->count; i++) {
		const struct route *route = &router->entries[i].route;

		if (!matches(route->path, r->path, len, r))
			continue;
		if (route->method == r->method) {
			r->route = route;
			return CODE_OK;
		}
		used += (size_t)snprintf(allow + used, 64 - used, "%s%s", used ? ", " : "", method_name(route->method));
	}
	return used ? CODE_METHOD_NOT_ALLOWED : CODE_NOT_FOUND;
}

bool path_id(const struct request *r, unsigned i, int64_t *id)
{
	int64_t n = 0;

	for (size_t k = 0; k < r->params[i].len; k++) {
		char c = r->params[i].text[k];

		if (c < '0' || c > '9' || n > ID_MOST / 10)
			return false;
		n = n * 10 + (c - '0');
	}
	*id = n;
	return n >= 1 && n <= ID_MOST;
}

unsigned route_number(const struct route *route)
{
	return ((const struct entry *)route)->number;
}

const struct route *router_at(const struct router *router, unsigned number)
{
	return number < router->count ? &router->entries[number].route : NULL;
}

step_fn route_step(const struct route *route, unsigned i)
{
	const struct entry *e = (const struct entry *)route;

	return i < ALL_STEPS ? e->all[i] : NULL;
}
