/* The route table: which route a method and a path find, and what 405 says. */
#include <string.h>

#include "http/route.h"
#include "unit/unit.h"

static enum step first(struct request *r)
{
	(void)r;
	return STEP_NEXT;
}

static enum step second(struct request *r)
{
	(void)r;
	return STEP_NEXT;
}

static enum step check_token(struct request *r)
{
	(void)r;
	return STEP_NEXT;
}

static enum step check_json(struct request *r)
{
	(void)r;
	return STEP_NEXT;
}

static const struct route routes[] = {
	{METHOD_GET, "/v1/tokens", NEED_NOTHING, NULL, {first}},
	{METHOD_POST, "/v1/tokens", NEED_JSON, NULL, {first, second}},
	{METHOD_DELETE, "/v1/tokens", NEED_TOKEN, NULL, {second}},
	{METHOD_GET, "/v1/users/{id}/balance", NEED_NOTHING, NULL, {first}},
	{METHOD_POST, "/v1/users/{id}/balance/charges", NEED_JSON | NEED_TOKEN, NULL, {second}},
	{METHOD_PATCH, "/v1/{kind}/{name}", NEED_NOTHING, NULL, {first}},
	{METHOD_PUT, "/all", NEED_NOTHING, NULL, {first}},
	{METHOD_PATCH, "/all", NEED_NOTHING, NULL, {first}},
};

static const struct prelude preludes[] = {
	{NEED_TOKEN | NEED_ACTIVE, check_token},
	{NEED_JSON, check_json},
};

static struct router *router;
static char allow[64];

static void begin(void)
{
	router = router_new(routes, sizeof(routes) / sizeof(routes[0]), preludes, 2);
	ck_assert_ptr_nonnull(router);
}

static enum code find(struct request *r, enum method method, const char *path)
{
	memset(r, 0, sizeof(*r));
	r->method = method;
	r->path = path;
	return router_find(router, r, strlen(path), allow);
}

static void param_is(const struct request *r, int i, const char *want)
{
	ck_assert_uint_eq(r->params[i].len, strlen(want));
	ck_assert_mem_eq(r->params[i].text, want, strlen(want));
}

START_TEST(test_finds_by_method_and_path)
{
	struct request r;

	begin();
	ck_assert_int_eq(find(&r, METHOD_GET, "/v1/tokens"), CODE_OK);
	ck_assert_int_eq(r.route->method, METHOD_GET);
	ck_assert_int_eq(find(&r, METHOD_DELETE, "/v1/tokens"), CODE_OK);
	ck_assert_int_eq(r.route->needs, NEED_TOKEN);
	router_free(router);
}
END_TEST

START_TEST(test_number_leads_back_to_the_route)
{
	struct request r;

	begin();
	for (unsigned i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		ck_assert_str_eq(router_at(router, i)->path, routes[i].path);
		ck_assert_uint_eq(route_number(router_at(router, i)), i);
	}
	ck_assert_ptr_null(router_at(router, sizeof(routes) / sizeof(routes[0])));
	ck_assert_int_eq(find(&r, METHOD_GET, "/v1/users/7/balance"), CODE_OK);
	ck_assert_uint_eq(route_number(r.route), 3);
	router_free(router);
}
END_TEST

START_TEST(test_length_ends_the_path)
{
	struct request r = {.method = METHOD_GET, .path = "/v1/tokens?x=1"};

	begin();
	ck_assert_int_eq(router_find(router, &r, 10, allow), CODE_OK);
	ck_assert_int_eq(router_find(router, &r, 9, allow), CODE_NOT_FOUND);
	ck_assert_int_eq(router_find(router, &r, 11, allow), CODE_NOT_FOUND);
	router_free(router);
}
END_TEST

START_TEST(test_unknown_paths)
{
	static const char *const paths[] = {
		"",
		"/",
		"/v1",
		"/v1/",
		"/v1/tokens/",
		"/v1/token",
		"/v1/tokensx",
		"//v1/tokens",
		"/V1/TOKENS",
		"/v1/users//balance",
		"/v1/users/7/balance/",
		"/v1/users/7/8/balance",
		"/v1/users/7",
		"v1/tokens",
	};
	struct request r;

	begin();
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		ck_assert_msg(find(&r, METHOD_GET, paths[i]) != CODE_OK, "%s", paths[i]);
		if (strcmp(paths[i], "/v1/tokens/") != 0)
			ck_assert_ptr_null(r.route);
	}
	ck_assert_int_eq(find(&r, METHOD_GET, "/v2/tokens"), CODE_NOT_FOUND);
	ck_assert_str_eq(allow, "");
	router_free(router);
}
END_TEST

START_TEST(test_params)
{
	struct request r;

	begin();
	ck_assert_int_eq(find(&r, METHOD_GET, "/v1/users/42/balance"), CODE_OK);
	param_is(&r, 0, "42");
	ck_assert_int_eq(find(&r, METHOD_POST, "/v1/users/%20x/balance/charges"), CODE_OK);
	param_is(&r, 0, "%20x");
	ck_assert_int_eq(find(&r, METHOD_PATCH, "/v1/queues/main"), CODE_OK);
	param_is(&r, 0, "queues");
	param_is(&r, 1, "main");
	ck_assert_int_eq(find(&r, METHOD_PATCH, "/v1/queues/"), CODE_NOT_FOUND);
	router_free(router);
}
END_TEST

START_TEST(test_wrong_method_lists_the_right_ones)
{
	struct request r;

	begin();
	ck_assert_int_eq(find(&r, METHOD_PUT, "/v1/tokens"), CODE_METHOD_NOT_ALLOWED);
	ck_assert_str_eq(allow, "GET, HEAD, POST, DELETE");
	ck_assert_int_eq(find(&r, METHOD_OTHER, "/v1/tokens"), CODE_METHOD_NOT_ALLOWED);
	ck_assert_str_eq(allow, "GET, HEAD, POST, DELETE");
	ck_assert_int_eq(find(&r, METHOD_GET, "/v1/users/7/balance/charges"), CODE_METHOD_NOT_ALLOWED);
	ck_assert_str_eq(allow, "POST");
	ck_assert_int_eq(find(&r, METHOD_GET, "/all"), CODE_METHOD_NOT_ALLOWED);
	ck_assert_str_eq(allow, "PUT, PATCH");
	ck_assert_ptr_null(r.route);
	router_free(router);
}
END_TEST

START_TEST(test_needs_come_before_the_steps)
{
	struct request r;

	begin();
	find(&r, METHOD_POST, "/v1/tokens");
	ck_assert_ptr_eq(route_step(r.route, 0), check_json);
	ck_assert_ptr_eq(route_step(r.route, 1), first);
	ck_assert_ptr_eq(route_step(r.route, 2), second);
	ck_assert_ptr_null(route_step(r.route, 3));
	find(&r, METHOD_POST, "/v1/users/7/balance/charges");
	ck_assert_ptr_eq(route_step(r.route, 0), check_token);
	ck_assert_ptr_eq(route_step(r.route, 1), check_json);
	ck_assert_ptr_eq(route_step(r.route, 2), second);
	ck_assert_ptr_null(route_step(r.route, 3));
	find(&r, METHOD_GET, "/v1/tokens");
	ck_assert_ptr_eq(route_step(r.route, 0), first);
	ck_assert_ptr_null(route_step(r.route, 1));
	ck_assert_ptr_null(route_step(r.route, ALL_STEPS));
	router_free(router);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_finds_by_method_and_path,
				      test_number_leads_back_to_the_route,
				      test_length_ends_the_path,
				      test_unknown_paths,
				      test_params,
				      test_wrong_method_lists_the_right_ones,
				      test_needs_come_before_the_steps,
				      NULL};

	return unit_main("route", tests);
}
