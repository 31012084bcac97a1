/* Memory running out at the n-th call, whichever it is: an error is said, nothing bad is let pass,
 * nothing leaks and nothing crashes. malloc, calloc and free are wrapped by the linker. */
#include <cjson/cJSON.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "engine/token.h"
#include "http/route.h"
#include "store/catalog_file.h"
#include "unit/unit.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void __wrap_free(void *p);

/* `fail_at` 0: never. From then on, or only then. */
static long calls, fail_at, live;
static int for_good, counting;

/* Check itself may need memory: what does not hold is kept here until it may. */
static const char *broken;
#define must(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition) && !broken)                                                                           \
			broken = #condition;                                                                           \
	} while (0)

static int fails(void)
{
	if (!counting)
		return 0;
	calls++;
	return fail_at && (calls == fail_at || (for_good && calls > fail_at));
}

static void *counted(void *p)
{
	live += counting && p;
	return p;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(n, size));
}

void __wrap_free(void *p)
{
	live -= counting && p;
	__real_free(p);
}

/* Runs `work` with each of its allocations failing in turn: once, and with all after it. */
static void run_out(void (*work)(void))
{
	cJSON_Hooks hooks = {__wrap_malloc, __wrap_free};

	cJSON_InitHooks(&hooks);
	for (for_good = 0; for_good < 2; for_good++) {
		for (fail_at = 1;; fail_at++) {
			calls = live = 0;
			counting = 1;
			work();
			counting = 0;
			ck_assert_msg(!broken, "when call %ld fails: %s", fail_at, broken);
			ck_assert_msg(live == 0, "%ld pieces leak when call %ld fails", live, fail_at);
			if (calls < fail_at)
				break;
		}
		ck_assert_int_gt(fail_at, 1);
	}
	fail_at = 0;
}

/* Whether something has failed by now. */
static int has_failed(void)
{
	return fail_at && calls >= fail_at;
}

static int cleaned;

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}

static void arena_work(void)
{
	struct arena a = {0};
	int added;

	cleaned = 0;
	added = arena_on_reset(&a, clean, NULL);
	must(cleaned == (added == 0 ? 0 : 1));
	for (int i = 0; i < 4; i++) {
		const char *p = arena_printf(&a, "%4000d", i);

		must(p || has_failed());
	}
	must(arena_copy(&a, "x", 1) || has_failed());
	arena_reset(&a);
	must(cleaned == (1));
	must(arena_alloc(&a, 10000) || has_failed());
	arena_free(&a);
	must(cleaned == (1));
}

START_TEST(test_arena)
{
	run_out(arena_work);
}
END_TEST

static void json_good_work(void)
{
	static const char text[] = "{\"a\":[1,\"two\",{\"three\":[true,null]}],\"b\":{\"c\":\"d\"}}";
	struct arena a = {0};
	const char *why = NULL;
	const cJSON *json = json_parse(&a, text, sizeof(text) - 1, &why);

	must(json || (has_failed() && why));
	arena_free(&a);
}

static void json_bad_work(void)
{
	static const char text[] = "{\"a\":[{\"b\":1,\"b\":2}]}";
	struct arena a = {0};
	const char *why = NULL;

	/* So that the arena, too, needs memory while it is told what is wrong. */
	if (arena_alloc(&a, 4080)) {
		must(!json_parse(&a, text, sizeof(text) - 1, &why));
		must(why != NULL);
	}
	arena_free(&a);
}

START_TEST(test_json_parse)
{
	run_out(json_good_work);
	run_out(json_bad_work);
}
END_TEST

struct amount {
	int64_t amount;
	const char *name;
	const cJSON *list;
};

static const struct json_field amount_fields[] = {
	{"amount", JSON_INT, 1, 100, JSON_OPTIONAL, offsetof(struct amount, amount)},
	{"name", JSON_TEXT, 1, 3, JSON_OPTIONAL, offsetof(struct amount, name)},
	{"list", JSON_LIST, 1, 2, JSON_OPTIONAL, offsetof(struct amount, list)},
};

static void fields_work(void)
{
	static const char *const texts[] = {"{\"amount\":1.5}", "{\"name\":\"long\"}", "{\"list\":[]}", "{\"x\":1}",
					    "[]"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct arena a = {0};
		struct amount v = {0};
		const char *why = NULL;
		const cJSON *json = json_parse(&a, texts[i], strlen(texts[i]), &why);

		/* Fill the chunk, so that the message needs another. */
		while (json && a.chunks && !has_failed()) {
			const void *before = a.chunks;

			if (!arena_alloc(&a, 16) || a.chunks != before)
				break;
		}
		arena_alloc(&a, 4064);
		if (json) {
			why = NULL;
			must(!json_fields(&a, json, "", amount_fields, 3, JSON_UNKNOWN_REFUSE, &v, &why));
			must(why != NULL);
		}
		arena_free(&a);
	}
}

START_TEST(test_wrong_fields_never_pass)
{
	run_out(fields_work);
}
END_TEST

static void write_work(void)
{
	struct arena a = {0};
	struct json j;

	json_begin(&j, &a);
	json_array(&j, NULL);
	for (int i = 0; i < 3000; i++)
		json_int(&j, NULL, i);
	json_text(&j, NULL, "\n\"");
	json_array_end(&j);
	must(json_done(&j) ? j.len == strlen(j.text) : has_failed());
	arena_free(&a);
}

START_TEST(test_json_write)
{
	run_out(write_work);
}
END_TEST

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":1,\"ratePerSecond\":5,\"sessionSeconds\":6,\"claimSeconds\":6}],"
	"\"users\":[{\"id\":1,\"name\":\"Kim\"},{\"from\":2,\"to\":1000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Live\",\"queue\":\"main\",\"schedules\":[{\"id\":11,"
	"\"startsAt\":\"2027-12-24T10:00:00Z\",\"venue\":\"Hall\",\"sections\":[{\"name\":\"A\",\"rows\":5,"
	"\"seatsPerRow\":10,\"price\":50000},{\"name\":\"%c\",\"rows\":5,\"seatsPerRow\":10,\"price\":5}]}]}]}";

/* What stands in front moves the place where the arena needs another chunk. */
static size_t pad;

static void catalog_work_with(char second, int good)
{
	char text[sizeof(catalog)];
	struct arena a = {0};
	const char *why = NULL;
	const struct catalog_file *f;
	enum code code;
	size_t len;

	counting = 0;
	len = (size_t)snprintf(text, sizeof(text), catalog, second);
	counting = 1;
	arena_alloc(&a, pad);
	f = catalog_file_read(&a, text, len, &code, &why);
	must(f ? good : why != NULL);
	must(f || !good || has_failed());
	arena_free(&a);
}

static void catalog_good_work(void)
{
	catalog_work_with('B', 1);
}

static void catalog_bad_work(void)
{
	catalog_work_with('A', 0);
}

START_TEST(test_catalog_file)
{
	for (pad = 16; pad < 4096; pad += 16) {
		run_out(catalog_good_work);
		run_out(catalog_bad_work);
	}
}
END_TEST

static void router_work(void)
{
	static const struct route route = {METHOD_GET, "/x", NEED_NOTHING, 0, {NULL}};
	struct router *router = router_new(&route, 1, NULL, 0);

	must(router || has_failed());
	router_free(router);
}

START_TEST(test_router)
{
	run_out(router_work);
}
END_TEST

/* Tokens are checked for every request: they need no memory at all. */
START_TEST(test_token_needs_none)
{
	static const unsigned char key[TOKEN_KEY_BYTES] = {1};
	const struct token t = {"main", 1, 2, 3};
	struct token_keys k;
	struct token back;
	char text[TOKEN_TEXT];

	ck_assert_int_ge(sodium_init(), 0);
	calls = 0;
	counting = 1;
	token_keys_init(&k, key, key);
	token_write(&k, &t, text);
	must(token_read(&k, text, strlen(text), &back));
	counting = 0;
	ck_assert_ptr_null(broken);
	ck_assert_int_eq(calls, 0);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_arena,        test_json_parse, test_wrong_fields_never_pass, test_json_write,
				      test_catalog_file, test_router,     test_token_needs_none,        NULL};

	return unit_main("out-of-memory", tests);
}
