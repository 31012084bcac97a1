/* GET /metrics: what promtool says of it, what is counted, and that README, rules and dashboard know it. */
#include <ctype.h>
#include <fnmatch.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "support/honest.h"
#include "support/kit.h"

#define OBSERVABILITY SRCDIR "/schema/observability/"
#define NAME_MOST 120
#define TOLD_MOST 120

static struct reply metrics(void)
{
	return answered(ask("GET", "/metrics", NULL, NULL), 200);
}

/* The requests counted for a route and status; 0: no series. */
static long long counted(const char *method, const char *route, int status)
{
	long long n = figure(P, say("usher_http_request_seconds_count{method=\"%s\",route=\"%s\",status=\"%d\"}",
				    method, route, status));

	return n < 0 ? 0 : n;
}

START_TEST(test_content_type)
{
	struct reply r = metrics();

	ck_assert_str_eq(reply_header(&r, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
	reply_free(&r);
}
END_TEST

START_TEST(test_requests_count_by_route_and_status)
{
	static const char live[] = "/healthz", where[] = "/v1/queue/position", one[] = "/v1/queues/{queue}";
	char *token = enter(11, "main");
	long long live_before = counted("GET", live, 200), none_before = counted("GET", "unmatched", 404);
	long long queues_before = counted("GET", one, 200), all = figure(P, "usher_http_requests_total");

	for (int i = 0; i < 3; i++)
		done(ask("GET", live, NULL, NULL), 200);
	done(ask("HEAD", live, NULL, NULL), 200);
	done(ask("GET", where, token, NULL), 200);
	done(ask("GET", where, NULL, NULL), 401);
	done(ask("GET", "/v1/queues/main?x=1", NULL, NULL), 200);
	done(ask("GET", "/v1/queues/side", NULL, NULL), 200);
	done(ask("GET", "/v1/queues/nowhere", NULL, NULL), 404);
	done(ask("GET", "/nothing/here", NULL, NULL), 404);
	done(ask("DELETE", live, NULL, NULL), 405);
	done(ask("OPTIONS", live, NULL, NULL), 405);
	ck_assert_int_eq(counted("GET", live, 200) - live_before, 4);
	ck_assert_int_eq(counted("GET", where, 200), 1);
	ck_assert_int_eq(counted("GET", where, 401), 1);
	ck_assert_int_eq(counted("GET", one, 200) - queues_before, 2);
	ck_assert_int_eq(counted("GET", one, 404), 1);
	ck_assert_int_eq(counted("GET", "unmatched", 404) - none_before, 1);
	ck_assert_int_eq(counted("DELETE", "unmatched", 405), 1);
	ck_assert_int_eq(counted("OTHER", "unmatched", 405), 1);
	ck_assert_int_ge(figure(P, "usher_http_requests_total") - all, 12);
	free(token);
}
END_TEST

/* Of one series: its buckets only grow, and the last one is the count. */
START_TEST(test_buckets_are_cumulative)
{
	static const char begin[] =
		"\nusher_http_request_seconds_bucket{method=\"GET\",route=\"/healthz\",status=\"200\",le=\"";
	struct reply r = metrics();
	long long before = 0, n = 0;
	double bound = 0, le;
	int buckets = 0;

	for (const char *at = r.body; (at = strstr(at, begin)); at++) {
		ck_assert_int_eq(sscanf(at + strlen(begin), "%lf\"} %lld", &le, &n), 2);
		ck_assert(le > bound && n >= before);
		before = n;
		bound = le;
		buckets++;
	}
	ck_assert_int_ge(buckets, 10);
	ck_assert(bound > 1e9); /* +Inf */
	ck_assert_int_eq(n, counted("GET", "/healthz", 200));
	reply_free(&r);
}
END_TEST

static size_t name_len(const char *at)
{
	size_t n = 0;

	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	return n;
}

/* Whether a sample of this name is of that family. */
static bool of_family(const char *line, const char *family)
{
	static const char *const ends[] = {"", "_bucket", "_sum", "_count"};
	size_t n = name_len(line);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (n == strlen(family) + strlen(ends[i]) && strncmp(line, family, strlen(family)) == 0 &&
		    strncmp(line + strlen(family), ends[i], strlen(ends[i])) == 0)
			return true;
	return false;
}

/* HELP and TYPE stand once before all samples of their family, and no sample elsewhere. */
START_TEST(test_families_are_whole)
{
	struct reply r = metrics();
	char family[NAME_MOST] = "", again[NAME_MOST + 16];

	for (const char *line = r.body; *line; line = strchr(line, '\n') + 1) {
		ck_assert_ptr_nonnull(strchr(line, '\n'));
		if (sscanf(line, "# HELP %119s ", family) == 1) {
			snprintf(again, sizeof(again), "\n# HELP %s ", family);
			ck_assert_msg(!strstr(line, again), "%s", again);
			line = strchr(line, '\n') + 1;
			ck_assert_msg(strncmp(line, say("# TYPE %s ", family), strlen(family) + 8) == 0, "%.80s", line);
			continue;
		}
		ck_assert_msg(of_family(line, family), "%.80s is not of %s", line, family);
	}
	reply_free(&r);
}
END_TEST

/* Nothing but OK: a name without a unit's last word, a counter without _total and the like are faults, too. */
START_TEST(test_promtool_has_nothing_to_say)
{
	struct reply r = metrics();
	FILE *to = popen("promtool check metrics", "w");

	ck_assert_ptr_nonnull(to);
	ck_assert_uint_eq(fwrite(r.body, 1, r.body_len, to), r.body_len);
	ck_assert_int_eq(pclose(to), 0);
	reply_free(&r);
}
END_TEST

static void names_exist(const char *file, const char *body)
{
	char *text = file_read(file);
	int names = 0;

	ck_assert_msg(text != NULL, "%s", file);
	for (const char *at = text; *at;) {
		size_t n = name_len(at);
		bool ours = n > 8 && (strncmp(at, "usher_", 6) == 0 || strncmp(at, "process_", 8) == 0);
		bool found = !ours;

		for (const char *type = body; ours && !found && (type = strstr(type, "\n# TYPE ")); type++) {
			char family[NAME_MOST];

			found = sscanf(type, "\n# TYPE %119s", family) == 1 && of_family(at, family);
		}
		ck_assert_msg(found, "%s asks for %.*s", file, (int)n, at);
		names += ours;
		at += n ? n : 1;
	}
	ck_assert_int_gt(names, 10);
	free(text);
}

START_TEST(test_rules_and_dashboard_ask_for_what_there_is)
{
	struct reply r = metrics();

	names_exist(OBSERVABILITY "alerts.yml", r.body);
	names_exist(OBSERVABILITY "alerts_test.yml", r.body);
	names_exist(OBSERVABILITY "dashboard.json", r.body);
	reply_free(&r);
}
END_TEST

/* Whose a figure is, by its help: "queue", "daemon", or "" if it does not say. */
static const char *owner_of(const char *help)
{
	return strncmp(help, "Of the queue: ", 14) == 0     ? "queue"
	       : strncmp(help, "Of this daemon: ", 16) == 0 ? "daemon"
							    : "";
}

/* A name in the README's table, which may hold a *, and whose the table says it is. */
struct told {
	char name[NAME_MOST], owner[16];
	int meant;
};

/* How long the first two words of a name are: usher_queue. */
static int two_words(const char *name)
{
	const char *first = strchr(name, '_');

	return first ? (int)(first + 1 - name + strcspn(first + 1, "_")) : 0;
}

/* The names of a row: `usher_queue_waiting`, or only the `_inside` that goes behind the first two words of the last. */
static size_t row_read(const char *row, struct told *to)
{
	const char *end = strstr(row, " | "), *base = "";
	char name[NAME_MOST];
	size_t count = 0;

	ck_assert_ptr_nonnull(end);
	while ((row = strchr(row, '`')) && row < end) {
		ck_assert_msg(sscanf(row, "`%119[a-z_*]`", name) == 1, "%.80s", row);
		row = strchr(row + 1, '`') + 1;
		ck_assert_int_eq(sscanf(end, " | %15s", to[count].owner), 1);
		snprintf(to[count].name, NAME_MOST, "%.*s%s", *name == '_' ? two_words(base) : 0, base, name);
		base = *name == '_' ? base : to[count].name;
		count++;
	}
	return count;
}

static size_t readme_read(struct told *to)
{
	char *text = file_read(SRCDIR "/README.md"), *at, *end;
	size_t count = 0;

	ck_assert_ptr_nonnull(text);
	at = strstr(text, "\n## Metrics and alarms");
	ck_assert_ptr_nonnull(at);
	end = strstr(at + 1, "\n## ");
	while ((at = strstr(at, "\n| `")) && (!end || at < end)) {
		ck_assert_uint_lt(count, TOLD_MOST - 20);
		count += row_read(++at, to + count);
	}
	free(text);
	return count;
}

/* Each HELP says whose its figure is, and the README's table names each figure once as that one's, and no other. */
START_TEST(test_everybody_says_whose_a_figure_is)
{
	struct told told[TOLD_MOST] = {0};
	size_t count = readme_read(told);
	struct reply r = metrics();
	char family[NAME_MOST];
	int help;

	for (const char *at = r.body; at && sscanf(at, "# HELP %119s %n", family, &help) == 1;) {
		int times = 0;

		ck_assert_msg(*owner_of(at + help), "%.120s", at);
		for (size_t i = 0; i < count; i++)
			if (fnmatch(told[i].name, family, 0) == 0) {
				ck_assert_msg(strcmp(told[i].owner, owner_of(at + help)) == 0, "%.120s", at);
				told[i].meant++;
				times++;
			}
		ck_assert_msg(times == 1, "README names %s %d times", family, times);
		at = strstr(at + 1, "\n# HELP ");
		at += at != NULL;
	}
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(told[i].meant, "README names %s", told[i].name);
	reply_free(&r);
}
END_TEST

START_TEST(test_queue_figures)
{
	static const char set[] = "{\"capacity\":7,\"ratePerSecond\":9,\"paused\":true}";
	char *token = inside(21);
	long long left, reserved = figure(P, "usher_reservations_total"), paid = figure(P, "usher_payments_total");
	int64_t id;

	ck_assert_int_ge(figure(P, "usher_queue_inside{queue=\"main\"}"), 1);
	free(inside(22));
	wait_until(figure(P, "usher_admissions_total{queue=\"main\"}") ==
		   redis_int("HGET usher:{main}:queue admitted"));
	ck_assert_int_ge(figure(P, "usher_admissions_total{queue=\"main\"}"), 2);
	left = figure(P, "usher_queue_seats_left{queue=\"main\"}");
	id = hold(token, 11, 3);
	wait_until(figure(P, "usher_queue_seats_left{queue=\"main\"}") == left - 1);
	ck_assert_int_eq(figure(P, "usher_queue_seats_left{queue=\"main\"}") +
				 figure(P, "usher_queue_seats_taken{queue=\"main\"}"),
			 figure(P, "usher_queue_seats{queue=\"main\"}"));
	pay_for(token, id);
	wait_until(figure(P, "usher_queue_paid_total{queue=\"main\"}") == 1);
	ck_assert_int_eq(figure(P, "usher_reservations_total") - reserved, 1);
	ck_assert_int_eq(figure(P, "usher_payments_total") - paid, 1);
	done(admin("PATCH", "/admin/v1/queues/side", set), 200);
	wait_until(figure(P, "usher_queue_paused{queue=\"side\"}") == 1);
	ck_assert_int_eq(figure(P, "usher_queue_capacity{queue=\"side\"}"), 7);
	ck_assert_int_eq(figure(P, "usher_queue_admissions_per_second_limit{queue=\"side\"}"), 9);
	ck_assert_int_eq(figure(P, "usher_queue_paused{queue=\"main\"}"), 0);
	ck_assert_int_eq(figure(P, "usher_queue_opens_timestamp_seconds{queue=\"main\"}"), 0);
	ck_assert_int_eq(figure(P, "usher_queue_opens_timestamp_seconds{queue=\"later\"}"), 3786912000);
	free(token);
}
END_TEST

START_TEST(test_no_shows_are_counted)
{
	done(ask("POST", "/v1/tokens", NULL, "{\"userId\":31,\"queue\":\"brief\"}"), 201);
	done(ask("POST", "/v1/tokens", NULL, "{\"userId\":32,\"queue\":\"brief\"}"), 201);
	/* The first one's session ends after a second, and the second one is let in without asking. */
	wait_until(figure(P, "usher_queue_no_shows_total{queue=\"brief\"}") == 1);
}
END_TEST

START_TEST(test_servers_and_caches)
{
	long long trips = figure(P, "usher_redis_round_trip_seconds_count"), hits, misses, users;
	long long jobs = figure(P, "usher_mysql_job_seconds_count");

	ck_assert_int_eq(figure(P, "usher_redis_up"), 1);
	ck_assert_int_eq(figure(P, "usher_redis_writable"), 1);
	ck_assert_int_eq(figure(P, "usher_mysql_up"), 1);
	ck_assert_int_eq(figure(P, "usher_mysql_writable"), 1);
	ck_assert_int_ge(figure(P, "usher_mysql_connections"), 1);
	ck_assert_int_ge(figure(P, "usher_mysql_threads"), figure(P, "usher_mysql_connections"));
	hits = figure(P, "usher_user_cache_hits_total");
	misses = figure(P, "usher_user_cache_misses_total");
	users = figure(P, "usher_user_cache_entries");
	free(enter(41, "main"));
	ck_assert_int_eq(figure(P, "usher_user_cache_misses_total") - misses, 1);
	ck_assert_int_eq(figure(P, "usher_user_cache_entries") - users, 1);
	free(enter(41, "main"));
	ck_assert_int_eq(figure(P, "usher_user_cache_hits_total") - hits, 1);
	ck_assert_int_eq(figure(P, "usher_user_cache_entries") - users, 1);
	ck_assert_int_eq(figure(P, "usher_user_cache_limit"), 65536);
	ck_assert_int_gt(figure(P, "usher_redis_round_trip_seconds_count"), trips);
	ck_assert_int_gt(figure(P, "usher_mysql_job_seconds_count"), jobs);
	ck_assert_int_gt(figure(P, "usher_mysql_wait_seconds_count"), 0);
}
END_TEST

START_TEST(test_seat_maps_are_counted)
{
	long long made = figure(P, "usher_seat_maps_made_total");
	char *token = inside(51);

	done(ask("GET", "/v1/schedules/12/seats", token, NULL), 200);
	done(ask("GET", "/v1/schedules/12/seats", token, NULL), 200);
	ck_assert_int_eq(figure(P, "usher_seat_maps_made_total") - made, 1);
	ck_assert_int_ge(figure(P, "usher_seat_maps"), 1);
	free(token);
}
END_TEST

START_TEST(test_process)
{
	long long started = figure(P, "process_start_time_seconds"), open = figure(P, "process_open_fds");
	int fd = http_connect(P);

	ck_assert(started <= time(NULL) && started > time(NULL) - 600);
	ck_assert_int_gt(figure(P, "process_resident_memory_bytes"), 1000000);
	ck_assert_int_ge(figure(P, "process_virtual_memory_bytes"), figure(P, "process_resident_memory_bytes"));
	ck_assert_int_gt(open, 5);
	ck_assert_int_gt(figure(P, "process_max_fds"), open);
	wait_until(figure(P, "process_open_fds") == open + 1);
	close(fd);
	wait_until(figure(P, "process_open_fds") == open);
	ck_assert_int_eq(figure(P, "usher_build_info{version=\"" PACKAGE_VERSION "\"}"), 1);
	ck_assert_int_eq(figure(P, "usher_workers"), 1);
}
END_TEST

START_TEST(test_who_does_not_answer_is_said)
{
	process_kill(&stack.redis, SIGKILL);
	wait_until(figure(P, "usher_redis_up") == 0);
	ck_assert_int_eq(figure(P, "usher_redis_writable"), 0);
	ck_assert_int_eq(figure(P, "usher_mysql_up"), 1);
	ck_assert_int_eq(status_of("GET", "/readyz", NULL, NULL), 503);
	ck_assert_int_ge(counted("GET", "/readyz", 503), 1);
	redis_start();
	wait_until(figure(P, "usher_redis_up") == 1);
	process_kill(&stack.mysql, SIGKILL);
	wait_until(figure(P, "usher_mysql_up") == 0);
	ck_assert_int_eq(figure(P, "usher_mysql_writable"), 0);
	ck_assert_int_eq(figure(P, "usher_redis_up"), 1);
	ck_assert_int_ge(figure(P, "usher_http_errors_total"), 1);
}
END_TEST

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, "--catalog=" SRCDIR "/tests/api/catalog.json", "--workers=1", NULL);
}

int main(void)
{
	const TTest *const tests[] = {test_content_type,
				      test_requests_count_by_route_and_status,
				      test_buckets_are_cumulative,
				      test_families_are_whole,
				      test_promtool_has_nothing_to_say,
				      test_rules_and_dashboard_ask_for_what_there_is,
				      test_everybody_says_whose_a_figure_is,
				      test_queue_figures,
				      test_no_shows_are_counted,
				      test_servers_and_caches,
				      test_seat_maps_are_counted,
				      test_process,
				      test_who_does_not_answer_is_said,
				      NULL};

	return stack_main("metrics", 60, begin, tests);
}
