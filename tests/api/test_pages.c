/* What a browser loads: the pages, their files, what may be kept of them, files in place of ours, and other origins. */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/kit.h"

#define OTHER stack.port[1] /* with a directory of files, origins, and no admin key */

static struct reply get(int port, const char *path, const char *headers)
{
	return answered(http(port, "GET", path, headers, NULL), 200);
}

static bool header_is(const struct reply *r, const char *name, const char *value)
{
	const char *have = reply_header(r, name);

	return have && strcmp(have, value) == 0;
}

static bool header_has(const struct reply *r, const char *name, const char *part)
{
	const char *have = reply_header(r, name);

	return have && strstr(have, part) != NULL;
}

/* The path of a file as a page names it. */
static const char *path_of(int port, const char *name)
{
	static char path[128];
	struct reply r = get(port, "/", NULL);
	const char *at = strstr(r.body, "/web/");

	ck_assert_ptr_nonnull(at);
	snprintf(path, sizeof(path), "%.*s/%s", (int)strlen("/web/0123456789abcdef"), at, name);
	reply_free(&r);
	return path;
}

START_TEST(test_pages_are_safe)
{
	static const char *const paths[] = {"/", "/c/1", "/c/999", "/admin"};

	for (size_t i = 0; i < 4; i++) {
		struct reply r = get(P, paths[i], NULL);

		ck_assert(header_is(&r, "Content-Type", "text/html; charset=utf-8"));
		ck_assert(header_has(&r, "Content-Security-Policy", "default-src 'none'; script-src 'self';"));
		ck_assert(header_has(&r, "Content-Security-Policy", "frame-ancestors 'none'"));
		ck_assert(!header_has(&r, "Content-Security-Policy", "unsafe"));
		ck_assert(header_is(&r, "Referrer-Policy", "no-referrer"));
		ck_assert(header_is(&r, "X-Content-Type-Options", "nosniff"));
		ck_assert(header_is(&r, "Cache-Control", "no-cache"));
		ck_assert_ptr_null(reply_header(&r, "Set-Cookie"));
		ck_assert_ptr_null(strstr(r.body, "://"));
		ck_assert_ptr_null(strstr(r.body, "{{"));
		reply_free(&r);
	}
}
END_TEST

START_TEST(test_language)
{
	static const char *const cases[][2] = {
		{NULL, "en"},
		{"Accept-Language: ko\r\n", "ko"},
		{"Accept-Language: ko-KR,ko;q=0.9,en;q=0.8\r\n", "ko"},
		{"Accept-Language: en-GB, ko;q=0.9\r\n", "en"},
		{"Accept-Language: fr, de;q=0.9\r\n", "en"},
		{"Accept-Language: fr, ko;q=0.1\r\n", "ko"},
		{"Accept-Language: kok, *\r\n", "en"},
		{"Accept-Language: ko;q=0, en;q=0.1\r\n", "en"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply r = get(P, "/", cases[i][0]);

		ck_assert_msg(strstr(r.body, say("<html lang=\"%s\">", cases[i][1])) != NULL, "%s", cases[i][0]);
		ck_assert(header_has(&r, "Vary", "Accept-Language"));
		reply_free(&r);
	}
}
END_TEST

/* A page is asked about each time and answered by 304; what it names may be kept for ever under that name. */
START_TEST(test_kept)
{
	struct reply page = get(P, "/", NULL), file, foreign;
	const char *match = say("If-None-Match: %s\r\n", reply_header(&page, "ETag"));

	done(http(P, "GET", "/", match, NULL), 304);
	done(http(P, "GET", "/", say("%sAccept-Language: ko\r\n", match), NULL), 200);
	file = get(P, path_of(P, "words.js"), NULL);
	ck_assert(header_is(&file, "Cache-Control", "public, max-age=31536000, immutable"));
	ck_assert(header_is(&file, "Content-Type", "text/javascript; charset=utf-8"));
	foreign = get(P, "/web/0000000000000000/words.js", NULL);
	ck_assert(header_is(&foreign, "Cache-Control", "no-cache"));
	ck_assert_str_eq(foreign.body, file.body);
	reply_free(&page);
	reply_free(&file);
	reply_free(&foreign);
}
END_TEST

START_TEST(test_gzip)
{
	const char *path = path_of(P, "chart.min.js");
	struct reply plain = get(P, path, NULL), packed = get(P, path, "Accept-Encoding: gzip\r\n");

	ck_assert_ptr_null(reply_header(&plain, "Content-Encoding"));
	ck_assert(header_is(&packed, "Content-Encoding", "gzip"));
	ck_assert_uint_lt(packed.body_len, plain.body_len / 2);
	ck_assert(header_has(&packed, "Vary", "Accept-Encoding"));
	reply_free(&plain);
	reply_free(&packed);
}
END_TEST

/* What is kept is known in the form it was kept in; parts of a file are not given, so all of it is (RFC 9110, 14.2). */
START_TEST(test_conditions)
{
	const char *path = path_of(P, "words.js");
	struct reply plain = get(P, path, NULL), packed = get(P, path, "Accept-Encoding: gzip\r\n"), other;
	char tag[64];

	snprintf(tag, sizeof(tag), "%s", reply_header(&packed, "ETag"));
	done(http(P, "GET", path, say("Accept-Encoding: gzip\r\nIf-None-Match: W/%s\r\n", tag), NULL), 304);
	done(http(P, "GET", path, say("If-None-Match: \"other\", %s\r\n", reply_header(&plain, "ETag")), NULL), 304);
	done(http(P, "GET", path, say("If-None-Match: %s\r\n", tag), NULL), 200);
	other = get(P, path, "Range: bytes=0-9\r\n");
	ck_assert_str_eq(other.body, plain.body);
	reply_free(&other);
	other = answered(http(P, "HEAD", path, "Connection: close\r\n", NULL), 200);
	ck_assert_uint_eq(other.body_len, 0);
	ck_assert(header_is(&other, "Content-Length", reply_header(&plain, "Content-Length")));
	reply_free(&other);
	reply_free(&plain);
	reply_free(&packed);
}
END_TEST

START_TEST(test_no_other_files)
{
	static const char *const names[] = {"nothing.js", "buyer.html", "..", "%2e%2e", "", "brand.json%00"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		refused(http(P, "GET", path_of(P, names[i]), NULL, NULL), 404, "NOT_FOUND", NULL);
}
END_TEST

START_TEST(test_api_is_never_kept)
{
	struct reply r = get(P, "/v1/concerts", "Origin: https://shop.example\r\n");

	ck_assert(header_is(&r, "Cache-Control", "no-store"));
	ck_assert(header_is(&r, "X-Content-Type-Options", "nosniff"));
	ck_assert_ptr_null(reply_header(&r, "Access-Control-Allow-Origin"));
	reply_free(&r);
	refused(http(P, "OPTIONS", "/v1/tokens",
		     "Origin: https://shop.example\r\nAccess-Control-Request-Method: POST\r\n", NULL),
		405, "METHOD_NOT_ALLOWED", NULL);
}
END_TEST

static void file_write(const char *name, const char *text)
{
	FILE *f = fopen(say("%s/web/%s", stack.dir, name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* Whether usherd refuses its start with a line that has this. */
static bool refuses(const char *flag, const char *value, const char *line)
{
	const char *const flags[] = {say("--%s=%s", flag, value), NULL};
	char *log;
	bool said;

	usherd_spawn(2, flags);
	ck_assert(!usherd_wait_ready(2, 20));
	log = usherd_log(2);
	said = strstr(log, line) != NULL;
	if (!said)
		fputs(log, stderr);
	free(log);
	return said;
}

START_TEST(test_directory_of_files)
{
	struct reply r;

	ck_assert_int_eq(mkdir(say("%s/web", stack.dir), 0700), 0);
	file_write("brand.json",
		   "{\"title\":{\"en\":\"<Hall> & \\\"Co's\\\"\",\"ko\":\"홀\"},\"colors\":{\"accent\":\"#b00\"},"
		   "\"texts\":{\"en\":{\"enter.body\":\"One\nTwo\"}}}");
	file_write("logo.png", "not much of a picture");
	file_write(".hidden.js", "1");
	file_write("a b.js", "1");
	usherd_start(1, say("--web-dir=%s/web", stack.dir), "--cors-origin=https://shop.example http://localhost:3000",
		     "--no-admin-key", NULL);
	r = get(OTHER, "/", NULL);
	ck_assert_ptr_nonnull(strstr(r.body, "<title>&lt;Hall&gt; &amp; &quot;Co&#39;s&quot;</title>"));
	reply_free(&r);
	r = get(OTHER, "/", "Accept-Language: ko\r\n");
	ck_assert_ptr_nonnull(strstr(r.body, "<title>홀</title>"));
	reply_free(&r);
	r = get(OTHER, path_of(OTHER, "brand.json"), NULL);
	ck_assert_ptr_nonnull(strstr(r.body, "#b00"));
	ck_assert_ptr_nonnull(strstr(r.body, "One\\nTwo")); /* written as a browser takes it */
	reply_free(&r);
	r = get(OTHER, path_of(OTHER, "logo.png"), NULL);
	ck_assert(header_is(&r, "Content-Type", "image/png"));
	ck_assert_str_eq(r.body, "not much of a picture");
	reply_free(&r);
	done(http(OTHER, "GET", path_of(OTHER, "dom.js"), NULL, NULL), 200);
	done(http(OTHER, "GET", path_of(OTHER, ".hidden.js"), NULL, NULL), 404);
	done(http(OTHER, "GET", path_of(OTHER, "a%20b.js"), NULL, NULL), 404);
}
END_TEST

/* Another set of files has another name, so that nobody keeps the old ones. */
START_TEST(test_other_files_have_another_name)
{
	char ours[128];

	snprintf(ours, sizeof(ours), "%s", path_of(P, "dom.js"));
	ck_assert_str_ne(ours, path_of(OTHER, "dom.js"));
}
END_TEST

START_TEST(test_no_admin_page_without_key)
{
	refused(http(OTHER, "GET", "/admin", NULL, NULL), 404, "NOT_FOUND", NULL);
}
END_TEST

START_TEST(test_wrong_files_stop_the_start)
{
	static const char *const wrong[][2] = {
		{"currency", "7"},
		{"currency", "\"KRWON\""},
		{"currency", "\"\""},
		{"timeZone", "[]"},
		{"timeZone", "\"\""},
		{"demoMembers", "7"},
		{"demoMembers", "{\"from\":1}"},
		{"demoMembers", "{\"from\":9,\"to\":2}"},
	};

	ck_assert(refuses("web-dir", "/nowhere/at/all", "setting web-dir: cannot read"));
	file_write("brand.json", "{\"title\":");
	ck_assert(refuses("web-dir", say("%s/web", stack.dir), "setting web-dir: brand.json: is not valid JSON"));
	file_write("brand.json", "{\"title\":7}");
	ck_assert(refuses("web-dir", say("%s/web", stack.dir), "brand.json: title"));
	file_write("brand.json", "{\"texts\":{\"en\":{\"back\":false}}}");
	ck_assert(refuses("web-dir", say("%s/web", stack.dir), "brand.json: texts"));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		file_write("brand.json", say("{\"%s\":%s}", wrong[i][0], wrong[i][1]));
		ck_assert(refuses("web-dir", say("%s/web", stack.dir), say("brand.json: %s", wrong[i][0])));
	}
	file_write("brand.json", "{\"title\":\"\xff\"}");
	ck_assert(refuses("web-dir", say("%s/web", stack.dir), "brand.json: is not valid JSON"));
	file_write("brand.json", "{}");
	ck_assert_int_eq(symlink("nowhere", say("%s/web/gone.png", stack.dir)), 0);
	ck_assert(refuses("web-dir", say("%s/web", stack.dir), "setting web-dir: gone.png: No such file"));
	ck_assert(refuses("cors-origin", "shop.example", "setting cors-origin: must be origins"));
	ck_assert(refuses("cors-origin", "https://shop.example/", "setting cors-origin: must be origins"));
}
END_TEST

START_TEST(test_other_origins)
{
	struct reply r = get(OTHER, "/v1/concerts", "Origin: https://shop.example\r\n");

	ck_assert(header_is(&r, "Access-Control-Allow-Origin", "https://shop.example"));
	ck_assert(header_has(&r, "Access-Control-Expose-Headers", "Retry-After"));
	ck_assert(header_is(&r, "Vary", "Origin"));
	ck_assert_ptr_null(reply_header(&r, "Access-Control-Allow-Credentials"));
	reply_free(&r);
	r = get(OTHER, "/v1/concerts", "Origin: https://evil.example\r\n");
	ck_assert_ptr_null(reply_header(&r, "Access-Control-Allow-Origin"));
	ck_assert(header_is(&r, "Vary", "Origin"));
	reply_free(&r);
	r = get(OTHER, "/readyz", "Origin: https://shop.example\r\n");
	ck_assert_ptr_null(reply_header(&r, "Access-Control-Allow-Origin"));
	reply_free(&r);
	/* An error has to be readable as well. */
	r = answered(http(OTHER, "GET", "/v1/queue/position", "Origin: http://localhost:3000\r\n", NULL), 401);
	ck_assert(header_is(&r, "Access-Control-Allow-Origin", "http://localhost:3000"));
	reply_free(&r);
}
END_TEST

START_TEST(test_any_origin)
{
	struct reply r;

	usherd_start(2, "--cors-origin=*", NULL);
	r = get(stack.port[2], "/v1/concerts", "Origin: https://anybody.example\r\n");
	ck_assert(header_is(&r, "Access-Control-Allow-Origin", "*"));
	ck_assert_ptr_null(reply_header(&r, "Vary")); /* the answer is the same for all of them */
	reply_free(&r);
	ck_assert_int_eq(usherd_stop(2), 0);
}
END_TEST

START_TEST(test_preflight)
{
	static const char asking[] = "Origin: https://shop.example\r\nAccess-Control-Request-Method: DELETE\r\n";
	struct reply r = answered(http(OTHER, "OPTIONS", "/v1/reservations/7", asking, NULL), 204);

	ck_assert(header_is(&r, "Access-Control-Allow-Origin", "https://shop.example"));
	ck_assert(header_is(&r, "Access-Control-Allow-Methods", "GET, HEAD, DELETE"));
	ck_assert(header_has(&r, "Access-Control-Allow-Headers", "Idempotency-Key"));
	reply_free(&r);
	r = answered(http(OTHER, "OPTIONS", "/v1/reservations/7",
			  "Origin: https://evil.example\r\nAccess-Control-Request-Method: GET\r\n", NULL),
		     204);
	ck_assert_ptr_null(reply_header(&r, "Access-Control-Allow-Origin"));
	ck_assert_ptr_null(reply_header(&r, "Access-Control-Allow-Methods"));
	reply_free(&r);
	done(http(OTHER, "OPTIONS", "/v1/reservations/7", NULL, NULL), 405);
	done(http(OTHER, "OPTIONS", "/v1/nothing", asking, NULL), 404);
	done(http(OTHER, "OPTIONS", "/metrics", asking, NULL), 405);
}
END_TEST

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, "--catalog=" SRCDIR "/tests/api/catalog.json", NULL);
}

int main(void)
{
	const TTest *const tests[] = {
		test_pages_are_safe,
		test_language,
		test_kept,
		test_gzip,
		test_conditions,
		test_no_other_files,
		test_api_is_never_kept,
		test_directory_of_files,
		test_other_files_have_another_name,
		test_no_admin_page_without_key,
		test_other_origins,
		test_any_origin,
		test_preflight,
		test_wrong_files_stop_the_start,
		NULL,
	};

	return stack_main("pages", 60, begin, tests);
}
