/* The router: the same path finds the same routes, with parts that lie in it and make it up again. */
#include "api/routes.h"
#include "settings.h"
#include "tests/fuzz/fuzz.h"

static struct router *all, *open_to_all;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char key[] = "key";

	(void)argc, (void)argv;
	open_to_all = routes_new();
	settings.admin_key = key;
	all = routes_new();
	must(all && open_to_all);
	return 0;
}

static enum code find(const struct router *router, enum method method, const char *path, size_t len, struct request *r,
		      char allow[64])
{
	*r = (struct request){.method = method, .path = path};
	return router_find(router, r, len, allow);
}

/* The pattern with the parts put in is the path. */
static void parts_check(const struct request *r, size_t len)
{
	const char *pattern = r->route->path, *path = r->path;

	for (unsigned n = 0; *pattern; pattern++) {
		if (*pattern != '{') {
			must(path < r->path + len && *path == *pattern);
			path++;
			continue;
		}
		must(n < PATH_PARAMS && r->params[n].text == path && r->params[n].len > 0);
		must(r->params[n].len <= (size_t)(r->path + len - path) && !memchr(path, '/', r->params[n].len));
		path += r->params[n++].len;
		pattern = strchr(pattern, '}');
	}
	must(path == r->path + len);
}

/* A number that is taken is the one that stands there. */
static void id_check(const struct request *r)
{
	char digits[32];
	const char *text = r->params[0].text;
	size_t len = r->params[0].len;
	int64_t id;

	if (!path_id(r, 0, &id))
		return;
	for (; len && *text == '0'; len--)
		text++;
	must((size_t)snprintf(digits, sizeof(digits), "%lld", (long long)id) == len);
	must(memcmp(digits, text, len) == 0 && id >= 1 && id < INT64_C(1) << 53);
}

/* Either nothing is there for any method, or every method is told the same list, which is right. */
static void methods_check(const struct router *router, const char *path, size_t len)
{
	static const char *const names[] = {"GET, HEAD", "POST", "PUT", "PATCH", "DELETE"};
	struct request r;
	char allow[64], want[64];

	find(router, METHOD_OTHER, path, len, &r, want);
	for (enum method m = METHOD_GET; m < METHOD_OTHER; m++) {
		enum code code = find(router, m, path, len, &r, allow);

		must((code == CODE_OK) == (strstr(want, names[m]) != NULL) && (code != CODE_OK) == !r.route);
		if (code == CODE_OK) {
			must(r.route->method == m && route_step(r.route, 0));
			parts_check(&r, len);
			id_check(&r);
		} else {
			must(code == (*want ? CODE_METHOD_NOT_ALLOWED : CODE_NOT_FOUND) && strcmp(allow, want) == 0);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = (const char *)data;
	struct request r;
	char allow[64];

	methods_check(all, path, size);
	methods_check(open_to_all, path, size);
	if (size >= 7 && memcmp(path, "/admin/", 7) == 0)
		must(find(open_to_all, METHOD_GET, path, size, &r, allow) == CODE_NOT_FOUND);
	return 0;
}
