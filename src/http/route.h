/*
 * The route table: what each route is called, what it needs, and its steps.
 */
#ifndef USHER_HTTP_ROUTE_H
#define USHER_HTTP_ROUTE_H

#include "http/request.h"

typedef enum step (*step_fn)(struct request *r);

/* What has to be true before a route's own steps run. Which steps see to it is the api's to say:
 * see struct prelude. */
enum need {
	NEED_NOTHING = 0,
	NEED_ADMIN = 1,
	NEED_TOKEN = 2,  /* a live token, waiting or inside */
	NEED_ACTIVE = 4, /* a live token, inside */
	NEED_JSON = 8,   /* a JSON object as body */
};

#define ROUTE_STEPS 8
#define ALL_STEPS 16
#define ROUTES_MOST 74

struct route {
	enum method method;
	const char *path; /* {x} stands for one part */
	unsigned needs;
	const long *body_limit; /* bytes, one of the settings; NULL: body-limit */
	step_fn steps[ROUTE_STEPS];
};

/* Steps put in front of every route that needs any of `needs`, in the order of their table. */
struct prelude {
	unsigned needs;
	step_fn step;
};

/* The table in force, with the preludes worked in. */
struct router;

/* `count` is at most ROUTES_MOST. NULL when memory is out. */
struct router *router_new(const struct route *routes, size_t count, const struct prelude *preludes,
			  size_t prelude_count);
void router_free(struct router *router);

/* Finds the route of `r->method` and `r->path` (`len` bytes) and fills route and params.
 * Gives OK, NOT_FOUND or METHOD_NOT_ALLOWED; then `allow` lists the methods it does take. */
enum code router_find(const struct router *router, struct request *r, size_t len, char allow[64]);

/* Whether path part `i` is a whole number from 1 to 2^53 - 1, and which. */
bool path_id(const struct request *r, unsigned i, int64_t *id);

/* The number of a route in its router, from 0, and the route of a number; NULL: there are not as many. */
unsigned route_number(const struct route *route);
const struct route *router_at(const struct router *router, unsigned number);

/* The step number `i` of a route, or NULL after the last. */
step_fn route_step(const struct route *route, unsigned i);

#endif
