/* The catalogue: wrong at each level, loaded again, changed, shrunk. */
#include "support/kit.h"

static struct reply load(const char *json)
{
	return admin("POST", "/admin/v1/catalog", json);
}

#define QUEUE "{\"name\":\"q1\",\"capacity\":5,\"ratePerSecond\":5,\"sessionSeconds\":60,\"claimSeconds\":10}"
#define SECTION "{\"name\":\"A\",\"rows\":1,\"seatsPerRow\":4,\"price\":100}"
#define SCHEDULE "{\"id\":9011,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":[" SECTION "]}"
#define CONCERT                                                                                                        \
	"{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"seatLimit\":4,\"holdSeconds\":60,\"schedules\":[" SCHEDULE "]}"

/* A file whose last element is wrong, so that what stands before it must be refused with it. */
static const struct {
	const char *json, *path;
} wrong[] = {
	{"[]", "object"},
	{"{\"queues\":{}}", "queues"},
	{"{\"users\":5}", "users"},
	{"{\"concerts\":\"x\"}", "concerts"},
	{"{\"queues\":[" QUEUE "],\"tickets\":[]}", "tickets"},
	{"{\"queues\":[" QUEUE ",5]}", "queues[1]"},
	{"{\"queues\":[" QUEUE ",{}]}", "queues[1].name"},
	{"{\"queues\":[" QUEUE ",{\"name\":\"Q\",\"capacity\":5,\"ratePerSecond\":5,\"sessionSeconds\":60,"
	 "\"claimSeconds\":10}]}",
	 "queues[1]"},
	{"{\"queues\":[" QUEUE "," QUEUE "]}", "queues[1]"},
	{"{\"queues\":[{\"name\":\"q1\",\"capacity\":0,\"ratePerSecond\":5,\"sessionSeconds\":60,\"claimSeconds\":10}]}",
	 "queues[0].capacity"},
	{"{\"queues\":[{\"name\":\"q1\",\"capacity\":5,\"ratePerSecond\":1.5,\"sessionSeconds\":60,"
	 "\"claimSeconds\":10}]}",
	 "queues[0].ratePerSecond"},
	{"{\"queues\":[{\"name\":\"q1\",\"capacity\":5,\"ratePerSecond\":5,\"sessionSeconds\":-1,"
	 "\"claimSeconds\":10}]}",
	 "queues[0].sessionSeconds"},
	{"{\"queues\":[{\"name\":\"q1\",\"capacity\":5,\"ratePerSecond\":5,\"sessionSeconds\":60}]}",
	 "queues[0].claimSeconds"},
	{"{\"queues\":[{\"name\":\"q1\",\"capacity\":5,\"ratePerSecond\":5,\"sessionSeconds\":60,\"claimSeconds\":10,"
	 "\"opensAt\":\"soon\"}]}",
	 "queues[0].opensAt"},
	{"{\"users\":[{\"id\":9001,\"balance\":5},{\"id\":0}]}", "users[1].id"},
	{"{\"users\":[{\"id\":9001,\"balance\":5},{}]}", "users[1].id"},
	{"{\"users\":[{\"id\":9001,\"balance\":-5}]}", "users[0].balance"},
	{"{\"users\":[{\"id\":9001,\"name\":7}]}", "users[0].name"},
	{"{\"users\":[{\"from\":9001}]}", "users[0].to"},
	{"{\"users\":[{\"from\":9005,\"to\":9001}]}", "users[0]"},
	{"{\"users\":[{\"from\":1,\"to\":9007199254740991}]}", "users[0]"},
	{"{\"queues\":[" QUEUE "],\"concerts\":[" CONCERT ",{\"id\":902}]}", "concerts[1].title"},
	{"{\"queues\":[" QUEUE "],\"concerts\":[" CONCERT "," CONCERT "]}", "concerts[1].id"},
	{"{\"queues\":[" QUEUE "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"nope\",\"schedules\":[]}]}",
	 "concerts[0].queue"},
	{"{\"queues\":[" QUEUE "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"seatLimit\":0,"
	 "\"schedules\":[]}]}",
	 "concerts[0].seatLimit"},
	{"{\"queues\":[" QUEUE "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"holdSeconds\":\"1\","
	 "\"schedules\":[]}]}",
	 "concerts[0].holdSeconds"},
	{"{\"queues\":[" QUEUE "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"schedules\":[" SCHEDULE
	 ",{\"id\":9012,\"startsAt\":\"2089-12-24\",\"venue\":\"Hall\",\"sections\":[" SECTION "]}]}]}",
	 "concerts[0].schedules[1].startsAt"},
	{"{\"queues\":[" QUEUE "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"schedules\":[" SCHEDULE
	 ",{\"id\":9012,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"sections\":[" SECTION "]}]}]}",
	 "concerts[0].schedules[1].venue"},
	{"{\"queues\":[" QUEUE "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"schedules\":[" SCHEDULE
	 "," SCHEDULE "]}]}",
	 "concerts[0].schedules[1]"},
	{"{\"queues\":[" QUEUE
	 "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"schedules\":[{\"id\":9011,"
	 "\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":[" SECTION ",{\"name\":\"B\","
	 "\"rows\":1,\"seatsPerRow\":4,\"price\":-1}]}]}]}",
	 "concerts[0].schedules[0].sections[1].price"},
	{"{\"queues\":[" QUEUE
	 "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"schedules\":[{\"id\":9011,"
	 "\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":[" SECTION ",{\"name\":\"B\","
	 "\"rows\":0,\"seatsPerRow\":4,\"price\":1}]}]}]}",
	 "concerts[0].schedules[0].sections[1].rows"},
	{"{\"queues\":[" QUEUE
	 "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"schedules\":[{\"id\":9011,"
	 "\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":[" SECTION "," SECTION "]}]}]}",
	 "concerts[0].schedules[0].sections[1]"},
};

START_TEST(test_wrong_is_refused_whole)
{
	int64_t before = world();

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct reply r = load(wrong[i].json);

		ck_assert_msg(r.status == 400 && strstr(reply_string(&r, "detail"), wrong[i].path), "%s: %d %s",
			      wrong[i].path, r.status, r.body);
		refused(r, 400, reply_string(&r, "code"), wrong[i].path);
		ck_assert_msg(world() == before, "changed by %s", wrong[i].json);
	}
	refused(ask("GET", "/v1/queues/q1", NULL, NULL), 404, "QUEUE_NOT_FOUND", NULL);
}
END_TEST

/* A schedule is its concert's for ever. */
START_TEST(test_schedule_of_another_concert)
{
	int64_t before = world();

	refused(load("{\"queues\":[" QUEUE "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\","
		     "\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\","
		     "\"sections\":[" SECTION "]}]}]}"),
		409, "CATALOG_CONFLICT", "concerts[0].schedules[0]");
	ck_assert_int_eq(world(), before);
}
END_TEST

START_TEST(test_not_json)
{
	refused(load("{"), 400, "INVALID_JSON", NULL);
	refused(load(""), 400, "INVALID_JSON", NULL);
	refused(load("{\"queues\":[],\"queues\":[]}"), 400, "INVALID_JSON", "queues");
}
END_TEST

static char *file_text(void)
{
	FILE *f = fopen(SRCDIR "/tests/api/catalog.json", "r");
	char *text = calloc(1, 20000);

	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt((int)fread(text, 1, 19999, f), 100);
	fclose(f);
	return text;
}

START_TEST(test_again_changes_nothing)
{
	char *text = file_text(), *token = enter(10, "main");
	int64_t before;

	hold(token, 11, 1);
	done(ask("POST", "/v1/users/10/balance/charges", NULL, "{\"amount\":7}"), 200);
	before = world();
	done(load(text), 200);
	ck_assert_int_eq(world(), before);
	ck_assert_int_eq((int)balance_of(10), 100007);
	ck_assert(stands(token, "ACTIVE"));
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	free(text);
	free(token);
}
END_TEST

/* A new queue with its concert is in force with the answer, its opening time included. */
START_TEST(test_new_is_there_at_once)
{
	struct reply r;
	char *token;

	done(load("{\"queues\":[{\"name\":\"spring\",\"capacity\":5,\"ratePerSecond\":50,\"sessionSeconds\":60,"
		  "\"claimSeconds\":10,\"opensAt\":\"2090-05-01T00:00:00.000Z\"},"
		  "{\"name\":\"summer\",\"capacity\":5,\"ratePerSecond\":50,\"sessionSeconds\":60,\"claimSeconds\":10}],"
		  "\"users\":[{\"id\":8000,\"balance\":500}],"
		  "\"concerts\":[{\"id\":800,\"title\":\"Spring\",\"queue\":\"spring\",\"schedules\":[]},"
		  "{\"id\":801,\"title\":\"Summer\",\"queue\":\"summer\",\"schedules\":["
		  "{\"id\":8010,\"startsAt\":\"2020-12-24T10:00:00.000Z\",\"venue\":\"Past\",\"sections\":[" SECTION
		  "]},{\"id\":8011,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":["
		  "{\"name\":\"Free\",\"rows\":1,\"seatsPerRow\":2,\"price\":0}]}]}]}"),
	     200);
	for (int i = 0; i < 8; i++) {
		r = answered(ask("GET", "/v1/concerts", NULL, NULL), 200);
		ck_assert_int_eq(count_at(&r, "concerts"), 8);
		ck_assert_str_eq(text_at(&r, "concerts.6.title"), "Spring");
		ck_assert_str_eq(text_at(&r, "concerts.6.opensAt"), "2090-05-01T00:00:00.000Z");
		reply_free(&r);
	}
	token = enter(8000, "summer");
	r = answered(ask("GET", "/v1/concerts/801/dates", token, NULL), 200);
	ck_assert_int_eq(count_at(&r, "dates"), 1);
	ck_assert_int_eq((int)number_at(&r, "dates.0.scheduleId"), 8011);
	reply_free(&r);
	free(token);
}
END_TEST

/* What costs nothing is still sold: the balance stays. */
START_TEST(test_price_zero)
{
	char *token;
	struct reply r;

	done(load("{\"queues\":[" QUEUE "],\"concerts\":[{\"id\":901,\"title\":\"T\",\"queue\":\"q1\",\"schedules\":["
		  "{\"id\":9011,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":["
		  "{\"name\":\"Free\",\"rows\":1,\"seatsPerRow\":2,\"price\":0}]}]}]}"),
	     200);
	token = enter(20, "q1");
	r = answered(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)hold(token, 9011, 1)), 201);
	ck_assert_int_eq((int)number_at(&r, "amount"), 0);
	ck_assert_int_eq((int)number_at(&r, "balance"), 100000);
	ck_assert_int_eq((int)balance_of(20), 100000);
	reply_free(&r);
	free(token);
}
END_TEST

#define SIDE(title, limit, seats, price)                                                                               \
	"{\"concerts\":[{\"id\":2,\"title\":\"" title "\",\"queue\":\"side\",\"seatLimit\":" limit                     \
	",\"holdSeconds\":300,\"schedules\":[{\"id\":21,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Yard\"," \
	"\"sections\":[{\"name\":\"A\",\"rows\":1,\"seatsPerRow\":" seats ",\"price\":" price "}]}]}]}"

START_TEST(test_changed_is_updated)
{
	char *token = enter(30, "side"), etag[128];
	struct reply r = answered(ask("GET", "/v1/schedules/21/seats", token, NULL), 200);

	snprintf(etag, sizeof(etag), "%s", reply_header(&r, "ETag"));
	reply_free(&r);
	done(load(SIDE("New Title", "3", "12", "12000")), 200);
	r = answered(ask("GET", "/v1/concerts", NULL, NULL), 200);
	ck_assert_str_eq(text_at(&r, "concerts.1.title"), "New Title");
	reply_free(&r);
	r = answered(ask("GET", "/v1/schedules/21/seats", token, NULL), 200);
	ck_assert_int_eq(count_at(&r, "seats"), 12);
	ck_assert_int_eq((int)number_at(&r, "seats.11.price"), 12000);
	ck_assert_str_ne(reply_header(&r, "ETag"), etag);
	reply_free(&r);
	r = answered(ask("POST", "/v1/reservations", token, "{\"scheduleId\":21,\"seatIds\":[10,11,12]}"), 201);
	ck_assert_int_eq((int)number_at(&r, "amount"), 36000);
	reply_free(&r);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	done(load(SIDE("Side Show", "2", "10", "10000")), 200);
	free(token);
}
END_TEST

/* A price that changes between hold and payment is not the buyer's. */
START_TEST(test_price_of_the_hold)
{
	char *token = enter(31, "side");
	int64_t id = hold(token, 21, 2);
	struct reply r;

	done(load(SIDE("Side Show", "2", "10", "99000")), 200);
	r = answered(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 201);
	ck_assert_int_eq((int)number_at(&r, "amount"), 10000);
	ck_assert_int_eq((int)balance_of(31), 90000);
	reply_free(&r);
	done(load(SIDE("Side Show", "2", "10", "10000")), 200);
	free(token);
}
END_TEST

static void check_shrinking(const char *json, const char *naming)
{
	int64_t before = world();

	refused(load(json), 409, "CATALOG_CONFLICT", naming);
	ck_assert_int_eq(world(), before);
}

START_TEST(test_taking_away_what_is_sold_or_held)
{
	char *token = enter(40, "side"), *other = enter(41, "side");
	int64_t id = hold(token, 21, 9);
	struct reply r;

	check_shrinking(SIDE("Smaller", "2", "8", "10000"), "concerts[0].schedules[0]");
	check_shrinking(SIDE("Smaller", "2", "8", "10000"), "9");
	check_shrinking("{\"concerts\":[{\"id\":2,\"title\":\"Smaller\",\"queue\":\"side\",\"schedules\":[]}]}", "21");
	check_shrinking("{\"concerts\":[{\"id\":2,\"title\":\"Moved\",\"queue\":\"main\",\"schedules\":[]}]}", "2");
	done(ask("POST", "/v1/payments", token, "{\"reservationId\":%d}", (int)id), 201);
	check_shrinking(SIDE("Smaller", "2", "8", "10000"), "concerts[0].schedules[0]");
	r = answered(ask("GET", "/v1/schedules/21/seats", other, NULL), 200);
	ck_assert_int_ge(count_at(&r, "seats"), 8);
	reply_free(&r);
	done(load(SIDE("Side Show", "2", "9", "10000")), 200);
	refused(ask("POST", "/v1/reservations", other, "{\"scheduleId\":21,\"seatId\":10}"), 404, "SEAT_NOT_FOUND",
		NULL);
	done(load(SIDE("Side Show", "2", "10", "10000")), 200);
	hold(other, 21, 10);
	free(token);
	free(other);
}
END_TEST

/* A balance comes from the file once; charges and a changed file leave it alone. */
START_TEST(test_balance_on_creation_only)
{
	done(load("{\"users\":[{\"id\":8500,\"name\":\"A\",\"balance\":300}]}"), 200);
	ck_assert_int_eq((int)balance_of(8500), 300);
	done(load("{\"users\":[{\"id\":8500,\"name\":\"B\",\"balance\":900},{\"from\":8499,\"to\":8501,\"balance\":7}]}"),
	     200);
	ck_assert_int_eq((int)balance_of(8500), 300);
	ck_assert_int_eq((int)balance_of(8499), 7);
	ck_assert_int_eq((int)balance_of(8501), 7);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM users WHERE id = 8500 AND name = 'B'"), 1);
	ck_assert_int_eq((int)sql_int("SELECT SUM(amount) FROM ledger WHERE user_id = 8500"), 300);
}
END_TEST

/* Somebody who was asked for before being known is known at once after the load. */
START_TEST(test_new_user_may_enter)
{
	refused(ask("POST", "/v1/tokens", NULL, "{\"userId\":8600,\"queue\":\"main\"}"), 404, "USER_NOT_FOUND", NULL);
	done(load("{\"users\":[{\"id\":8600}]}"), 200);
	wait_until(sql_int("SELECT COUNT(*) FROM users WHERE id = 8600") == 1);
	done(ask("POST", "/v1/tokens", NULL, "{\"userId\":8600,\"queue\":\"main\"}"), 201);
}
END_TEST

START_TEST(test_no_key_no_load)
{
	int64_t before = world();

	refused(call(P, "POST", "/admin/v1/catalog", NULL, "{\"users\":[{\"id\":8700}]}"), 401, "INVALID_ADMIN_KEY",
		NULL);
	ck_assert_int_eq(world(), before);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_wrong_is_refused_whole,
				      test_schedule_of_another_concert,
				      test_not_json,
				      test_again_changes_nothing,
				      test_new_is_there_at_once,
				      test_price_zero,
				      test_changed_is_updated,
				      test_price_of_the_hold,
				      test_taking_away_what_is_sold_or_held,
				      test_balance_on_creation_only,
				      test_new_user_may_enter,
				      test_no_key_no_load,
				      NULL};

	return api_main("catalog", tests);
}
