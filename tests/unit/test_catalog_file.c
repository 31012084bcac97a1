/* The catalogue file: what it says is read, and every error names the element that is wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "store/catalog_file.h"
#include "unit/unit.h"

static struct arena arena;
static enum code code;

static struct catalog_file *read_text(const char *text, const char **why)
{
	*why = NULL;
	return catalog_file_read(&arena, text, strlen(text), &code, why);
}

static const char whole[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":100,\"ratePerSecond\":50,\"sessionSeconds\":600,"
	"\"claimSeconds\":60,\"paused\":true,\"opensAt\":\"1970-01-01T00:00:01Z\"}],"
	"\"users\":[{\"id\":1,\"name\":\"Kim\",\"balance\":5},{\"from\":2,\"to\":9,\"balance\":7},{\"id\":12}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Winter\",\"queue\":\"main\",\"seatLimit\":2,\"holdSeconds\":30,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"1970-01-01T00:00:02Z\",\"venue\":\"Hall\","
	"\"sections\":[{\"name\":\"A\",\"rows\":5,\"seatsPerRow\":10,\"price\":50000},"
	"{\"name\":\"B\",\"rows\":1,\"seatsPerRow\":2,\"price\":0}]}]},"
	"{\"id\":2,\"title\":\"Plain\",\"queue\":\"other\",\"schedules\":[]}]}";

START_TEST(test_reads_queues_and_users)
{
	const char *why;
	const struct catalog_file *f = read_text(whole, &why);

	ck_assert_msg(f != NULL, "%s", why);
	ck_assert_uint_eq(f->queue_count, 1);
	ck_assert_str_eq(f->queues[0].name, "main");
	ck_assert_int_eq(f->queues[0].capacity, 100);
	ck_assert_int_eq(f->queues[0].rate_per_second, 50);
	ck_assert_int_eq(f->queues[0].session_seconds, 600);
	ck_assert_int_eq(f->queues[0].claim_seconds, 60);
	ck_assert_int_eq(f->queues[0].paused, 1);
	ck_assert_int_eq(f->queues[0].opens_at, 1000);
	ck_assert_uint_eq(f->user_count, 3);
	ck_assert_str_eq(f->users[0].name, "Kim");
	ck_assert_int_eq(f->users[0].balance, 5);
	ck_assert_int_eq(f->users[1].from, 2);
	ck_assert_int_eq(f->users[1].to, 9);
	ck_assert_int_eq(f->users[2].from, 12);
	ck_assert_int_eq(f->users[2].to, 12);
	ck_assert_int_eq(f->users[2].balance, 0);
	arena_free(&arena);
}
END_TEST

START_TEST(test_reads_concerts)
{
	const char *why;
	const struct catalog_file *f = read_text(whole, &why);
	const struct file_schedule *s;

	ck_assert_msg(f != NULL, "%s", why);
	ck_assert_uint_eq(f->concert_count, 2);
	ck_assert_int_eq(f->concerts[0].seat_limit, 2);
	ck_assert_int_eq(f->concerts[0].hold_seconds, 30);
	ck_assert_int_eq(f->concerts[1].seat_limit, 4);
	ck_assert_int_eq(f->concerts[1].hold_seconds, 300);
	ck_assert_uint_eq(f->concerts[1].schedule_count, 0);
	s = &f->concerts[0].schedules[0];
	ck_assert_int_eq(s->id, 11);
	ck_assert_int_eq(s->starts_at, 2000);
	ck_assert_uint_eq(s->section_count, 2);
	ck_assert_str_eq(s->sections[1].name, "B");
	ck_assert_int_eq(s->sections[0].seats_per_row, 10);
	arena_free(&arena);
}
END_TEST

START_TEST(test_reads_nothing_and_the_demo)
{
	static char text[65536];
	FILE *f = fopen(SRCDIR "/schema/demo.json", "r");
	const char *why;
	size_t n;

	ck_assert_ptr_nonnull(read_text("{}", &why));
	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	ck_assert_msg(catalog_file_read(&arena, text, n, &code, &why) != NULL, "%s", why);
	arena_free(&arena);
}
END_TEST

static void says(const char *text, const char *want)
{
	const char *why;

	ck_assert_msg(read_text(text, &why) == NULL, "taken: %s", text);
	ck_assert_msg(strcmp(why, want) == 0, "%s\ninstead of: %s\nof: %s", why, want, text);
	arena_reset(&arena);
}

/* The one element that is wrong, put where it belongs. */
static void queue_says(const char *element, const char *want)
{
	const char *text =
		arena_printf(&arena,
			     "{\"queues\":[{\"name\":\"q\",\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":1,"
			     "\"claimSeconds\":1},%s]}",
			     element);

	says(text, want);
}

static void user_says(const char *element, const char *want)
{
	const char *text = arena_printf(&arena, "{\"users\":[{\"id\":1},{\"id\":2},%s]}", element);

	says(text, want);
}

static void concert_says(const char *element, const char *want)
{
	const char *text = arena_printf(
		&arena, "{\"concerts\":[{\"id\":1,\"title\":\"t\",\"queue\":\"q\",\"schedules\":[]},%s]}", element);

	says(text, want);
}

static void schedule_says(const char *element, const char *want)
{
	const char *text =
		arena_printf(&arena, "{\"id\":2,\"title\":\"t\",\"queue\":\"q\",\"schedules\":[%s]}", element);

	concert_says(text, want);
}

static void section_says(const char *elements, const char *want)
{
	const char *text = arena_printf(
		&arena, "{\"id\":5,\"startsAt\":\"2027-01-01T00:00:00Z\",\"venue\":\"v\",\"sections\":[%s]}", elements);

	schedule_says(text, want);
}

#define QUEUE(name, numbers) "{\"name\":\"" name "\"," numbers "}"
#define ONES "\"capacity\":1,\"ratePerSecond\":1,\"sessionSeconds\":1,\"claimSeconds\":1"
#define SECTION(name, rows, per_row) "{\"name\":\"" name "\",\"rows\":" rows ",\"seatsPerRow\":" per_row ",\"price\":1}"

START_TEST(test_errors_at_the_top)
{
	says("", "the body is not valid JSON");
	says("[]", "the body: must be an object");
	says("{\"queues\":{}}", "queues: must be a list of 0 to 1000 elements");
	says("{\"users\":1}", "users: must be a list of 0 to 1000000 elements");
	says("{\"concerts\":null}", "concerts: must be a list of 0 to 100000 elements");
	says("{\"concert\":[]}", "concert: no such field");
	says("{\"users\":[],\"users\":[]}", "users: stands twice");
	arena_free(&arena);
}
END_TEST

START_TEST(test_errors_of_queues)
{
	queue_says("7", "queues[1]: must be an object");
	queue_says("{\"name\":\"r\"}", "queues[1].capacity: is missing");
	queue_says(QUEUE("r", "\"capacity\":0"), "queues[1].capacity: must be a whole number from 1 to 1000000");
	queue_says(QUEUE("r", "\"capacity\":1,\"ratePerSecond\":100001"),
		   "queues[1].ratePerSecond: must be a whole number from 1 to 100000");
	queue_says(QUEUE("r", ONES ",\"paused\":0"), "queues[1].paused: must be true or false");
	queue_says(QUEUE("r", ONES ",\"opensAt\":5"),
		   "queues[1].opensAt: must be an RFC 3339 time such as 2026-12-24T10:00:00.000Z");
	queue_says(QUEUE("r", ONES ",\"size\":5"), "queues[1].size: no such field");
	queue_says(QUEUE("R", ONES), "queues[1]: name must be made of a-z, 0-9 and -");
	queue_says(QUEUE("a{b}", ONES), "queues[1]: name must be made of a-z, 0-9 and -");
	queue_says(QUEUE("", ONES), "queues[1].name: must be a text of 1 to 32 characters without control characters");
	queue_says(QUEUE("abcdefghijabcdefghijabcdefghijabc", ONES),
		   "queues[1].name: must be a text of 1 to 32 characters without control characters");
	queue_says(QUEUE("q", ONES), "queues[1].name: stands twice");
	arena_free(&arena);
}
END_TEST

START_TEST(test_errors_of_users)
{
	static const char number[] = "must be a whole number from 1 to 9007199254740991";
	char want[128];

	snprintf(want, sizeof(want), "users[2].id: %s", number);
	user_says("{\"id\":0}", want);
	user_says("{\"id\":9007199254740992}", want);
	user_says("{\"id\":1.5}", want);
	user_says("{}", "users[2].id: is missing");
	user_says("{\"id\":3,\"balance\":-1}", "users[2].balance: must be a whole number from 0 to 9007199254740991");
	user_says("{\"id\":3,\"to\":4}", "users[2].to: no such field");
	user_says("{\"from\":3}", "users[2].to: is missing");
	user_says("{\"from\":3,\"to\":2}", "users[2]: to must not be below from, nor 10,000,000 or more above it");
	user_says("{\"from\":1,\"to\":10000001}",
		  "users[2]: to must not be below from, nor 10,000,000 or more above it");
	user_says("{\"from\":1,\"to\":2,\"name\":\"x\"}", "users[2].name: no such field");
	user_says("null", "users[2]: must be an object");
	arena_free(&arena);
}
END_TEST

START_TEST(test_errors_of_concerts)
{
	concert_says("{\"id\":2,\"queue\":\"q\",\"schedules\":[]}", "concerts[1].title: is missing");
	concert_says("{\"id\":2,\"title\":\"t\",\"queue\":\"q\"}", "concerts[1].schedules: is missing");
	concert_says("{\"id\":2,\"title\":\"t\",\"queue\":\"q\",\"seatLimit\":101,\"schedules\":[]}",
		     "concerts[1].seatLimit: must be a whole number from 1 to 100");
	concert_says("{\"id\":1,\"title\":\"t\",\"queue\":\"q\",\"schedules\":[]}", "concerts[1].id: stands twice");
	schedule_says("[]", "concerts[1].schedules[0]: must be an object");
	schedule_says("{\"id\":5}", "concerts[1].schedules[0].startsAt: is missing");
	schedule_says("{\"id\":5,\"startsAt\":null,\"venue\":\"v\",\"sections\":[1]}",
		      "concerts[1].schedules[0]: startsAt must be a time");
	schedule_says("{\"id\":5,\"startsAt\":\"2027-01-01T00:00:00Z\",\"venue\":\"v\",\"sections\":[]}",
		      "concerts[1].schedules[0].sections: must be a list of 1 to 1000 elements");
	arena_free(&arena);
}
END_TEST

START_TEST(test_errors_of_sections)
{
	section_says("{}", "concerts[1].schedules[0].sections[0].name: is missing");
	section_says(SECTION("A", "1", "1") "," SECTION("B", "0", "1"),
		     "concerts[1].schedules[0].sections[1].rows: must be a whole number from 1 to 10000");
	section_says("{\"name\":\"A\",\"rows\":1,\"seatsPerRow\":1,\"price\":1000000000001}",
		     "concerts[1].schedules[0].sections[0].price: must be a whole number from 0 to 1000000000000");
	section_says(SECTION("A", "1", "1") "," SECTION("A", "1", "1"),
		     "concerts[1].schedules[0].sections[1].name: stands twice in the schedule");
	section_says(SECTION("A", "10000", "20") "," SECTION("B", "1", "1"),
		     "concerts[1].schedules[0]: more than 200,000 seats");
	arena_free(&arena);
}
END_TEST

START_TEST(test_schedule_stands_once_in_the_file)
{
#define SCHEDULE                                                                                                       \
	"{\"id\":5,\"startsAt\":\"2027-01-01T00:00:00Z\",\"venue\":\"v\",\"sections\":[" SECTION("A", "1", "1") "]}"
	schedule_says(SCHEDULE "," SCHEDULE, "concerts[1].schedules[1].id: stands twice");
	says("{\"concerts\":[{\"id\":1,\"title\":\"t\",\"queue\":\"q\",\"schedules\":[" SCHEDULE "]},"
	     "{\"id\":2,\"title\":\"t\",\"queue\":\"q\",\"schedules\":[" SCHEDULE "]}]}",
	     "concerts[1].schedules[0].id: stands twice");
	arena_free(&arena);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_reads_queues_and_users,
				      test_reads_concerts,
				      test_reads_nothing_and_the_demo,
				      test_errors_at_the_top,
				      test_errors_of_queues,
				      test_errors_of_users,
				      test_errors_of_concerts,
				      test_errors_of_sections,
				      test_schedule_stands_once_in_the_file,
				      NULL};

	return unit_main("catalog-file", tests);
}
