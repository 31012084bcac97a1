/* Which row a request counts in, and what the rows are called. */
#include "http/times.h"

#include "base/clock.h"
#include "http/server_internal.h"

#define METHODS (METHOD_OTHER + 1)

_Static_assert(METHODS + ROUTES_MOST <= HISTOGRAM_ROWS_http_request, "routes without a row");

void times_note(const struct request *r)
{
	unsigned row = r->route ? METHODS + route_number(r->route) : (unsigned)r->method;

	histogram_observe(HISTOGRAM_http_request, row, r->status, clock_us() - r->started_us);
}

void times_labels(const struct request *r, unsigned row, const char **method, const char **route)
{
	const struct route *found = row < METHODS ? NULL : router_at(r->server->config.router, row - METHODS);

	*method = method_names[found ? found->method : row < METHODS ? row : METHOD_OTHER];
	*route = found ? found->path : "unmatched";
}

static void add_part(void *arg, const struct histogram_series *part)
{
	struct times_all *all = arg;

	histogram_add(&all->times, &part->counts);
	if (part->key >= 500)
		all->errors += histogram_total(&part->counts);
}

void times_read(struct times_all *out)
{
	*out = (struct times_all){0};
	histogram_each(HISTOGRAM_http_request, add_part, out);
}
