/* POST /admin/v1/catalog?dryRun=true: it says what would change, refuses what would be refused, and changes nothing. */
#include "support/kit.h"

#define DRY "/admin/v1/catalog?dryRun=true"

static struct reply dry(const char *json)
{
	return admin("POST", DRY, json);
}

static struct reply load(const char *json)
{
	return admin("POST", "/admin/v1/catalog", json);
}

#define TEXT_MOST (1 << 20)

static void text_row(void *arg, char **columns)
{
	char *text = arg;
	size_t len = strlen(text);

	snprintf(text + len, TEXT_MOST - len, "%s\n", columns[0] ? columns[0] : "NULL");
}

/* Everything an import writes into MySQL. */
static char *database_text(void)
{
	char *text = calloc(1, TEXT_MOST);

	sql_rows(text_row, text,
		 "SELECT CONCAT_WS(' ', name, version, epoch, capacity, rate_per_second, session_seconds,"
		 " claim_seconds, paused, opens_at, HEX(seed), HEX(loaded)) FROM queues ORDER BY name");
	sql_rows(text_row, text,
		 "SELECT CONCAT_WS(' ', id, title, queue, seat_limit, hold_seconds) FROM concerts"
		 " ORDER BY id");
	sql_rows(text_row, text,
		 "SELECT CONCAT_WS(' ', id, concert_id, starts_at, venue, removed) FROM schedules"
		 " ORDER BY id");
	sql_rows(text_row, text,
		 "SELECT CONCAT_WS(' ', schedule_id, seat_id, section, row_label, number, price, removed)"
		 " FROM seats ORDER BY 1");
	sql_rows(text_row, text, "SELECT CONCAT_WS(' ', COUNT(*), SUM(CRC32(CONCAT(id, name)))) FROM users");
	sql_rows(text_row, text, "SELECT CONCAT_WS(' ', COUNT(*), SUM(amount)) FROM balances");
	sql_rows(text_row, text, "SELECT CONCAT_WS(' ', COUNT(*), SUM(amount)) FROM ledger");
	sql_rows(text_row, text, "SELECT version FROM catalog_version");
	ck_assert_int_lt((int)strlen(text), TEXT_MOST - 1);
	return text;
}

/* The keys in Redis and what the queues' own say; nobody uses them meanwhile. */
static char *redis_state(void)
{
	char *state = redis_text("EVAL %s 0", "local out = redis.call('KEYS', '*') table.sort(out)"
					      " for _, key in ipairs({unpack(out)}) do"
					      " if key:find(':queue$') then"
					      " out[#out + 1] = table.concat(redis.call('HGETALL', key), ' ') end end"
					      " return table.concat(out, '\\n')");

	ck_assert_ptr_nonnull(state);
	ck_assert_ptr_nonnull(strstr(state, "capacity 1000"));
	return state;
}

#define QUEUES                                                                                                         \
	"\"queues\":[{\"name\":\"side\",\"capacity\":321,\"ratePerSecond\":1000,\"sessionSeconds\":600,"               \
	"\"claimSeconds\":60,\"paused\":true},"                                                                        \
	"{\"name\":\"fresh\",\"capacity\":7,\"ratePerSecond\":8,\"sessionSeconds\":60,\"claimSeconds\":10}]"
#define USERS "\"users\":[{\"id\":9001,\"name\":\"Kim\",\"balance\":5},{\"from\":9001,\"to\":9030,\"balance\":50}]"
#define SIDE(schedules)                                                                                                \
	"{\"id\":2,\"title\":\"<img src=x>\",\"queue\":\"side\",\"seatLimit\":3,\"schedules\":[" schedules "]}"
#define SECTION(name, seats, price) "{\"name\":\"" name "\",\"rows\":1,\"seatsPerRow\":" seats ",\"price\":" price "}"
#define YARD                                                                                                           \
	"{\"id\":21,\"startsAt\":\"2089-12-25T10:00:00.000Z\",\"venue\":\"Yard\",\"sections\":[" SECTION(              \
		"A", "8", "12000") "," SECTION("B", "5", "7000") "]}"
#define CHANGED "{" QUEUES "," USERS ",\"concerts\":[" SIDE(YARD) "]}"

static const cJSON *listed(const struct reply *r, const char *kind, int i)
{
	return reply_at(r, say("changes.%s.listed.%d", kind, i));
}

/* Entry `i` of a kind, as it came. */
static void entry_is(const struct reply *r, const char *kind, int i, const char *expected)
{
	char *text = cJSON_PrintUnformatted(listed(r, kind, i));

	ck_assert_msg(text && strcmp(text, expected) == 0, "%s.%d is %s and not %s", kind, i, text, expected);
	free(text);
}

static void totals_are(const struct reply *r, const char *kind, int added, int changed, int removed)
{
	ck_assert_int_eq((int)number_at(r, say("changes.%s.added", kind)), added);
	ck_assert_int_eq((int)number_at(r, say("changes.%s.changed", kind)), changed);
	ck_assert_int_eq((int)number_at(r, say("changes.%s.removed", kind)), removed);
	ck_assert_int_eq((int)number_at(r, say("changed.%s", kind)), added + changed + removed);
}

static void check_queues_and_users(const struct reply *r)
{
	totals_are(r, "queues", 1, 1, 0);
	entry_is(
		r, "queues", 0,
		"{\"change\":\"changed\",\"id\":null,\"name\":\"side\",\"count\":1,\"fields\":["
		"{\"field\":\"capacity\",\"from\":1000,\"to\":321},{\"field\":\"paused\",\"from\":false,\"to\":true}]}");
	entry_is(r, "queues", 1,
		 "{\"change\":\"added\",\"id\":null,\"name\":\"fresh\",\"count\":1,\"fields\":["
		 "{\"field\":\"capacity\",\"from\":null,\"to\":7},{\"field\":\"ratePerSecond\",\"from\":null,\"to\":8},"
		 "{\"field\":\"sessionSeconds\",\"from\":null,\"to\":60},{\"field\":\"claimSeconds\",\"from\":null,"
		 "\"to\":10},{\"field\":\"paused\",\"from\":null,\"to\":false},{\"field\":\"opensAt\",\"from\":null,"
		 "\"to\":null}]}");
	totals_are(r, "users", 30, 0, 0);
	entry_is(r, "users", 0,
		 "{\"change\":\"added\",\"id\":9001,\"name\":\"Kim\",\"count\":1,\"fields\":[{\"field\":\"balance\","
		 "\"from\":null,\"to\":5}]}");
	entry_is(r, "users", 1,
		 "{\"change\":\"added\",\"id\":9001,\"lastId\":9030,\"name\":null,\"count\":29,\"fields\":["
		 "{\"field\":\"balance\",\"from\":null,\"to\":50}]}");
}

static void check_concerts(const struct reply *r)
{
	totals_are(r, "concerts", 0, 1, 0);
	entry_is(
		r, "concerts", 0,
		"{\"change\":\"changed\",\"id\":2,\"name\":\"<img src=x>\",\"count\":1,\"fields\":[{\"field\":\"title\","
		"\"from\":\"Side Show\",\"to\":\"<img src=x>\"},{\"field\":\"seatLimit\",\"from\":2,\"to\":3}]}");
	totals_are(r, "schedules", 0, 1, 0);
	entry_is(r, "schedules", 0,
		 "{\"change\":\"changed\",\"id\":21,\"name\":\"Yard\",\"count\":1,\"fields\":[{\"field\":\"startsAt\","
		 "\"from\":\"2089-12-24T10:00:00.000Z\",\"to\":\"2089-12-25T10:00:00.000Z\"}]}");
	totals_are(r, "seats", 5, 8, 2);
	entry_is(r, "seats", 0,
		 "{\"change\":\"changed\",\"id\":21,\"name\":\"A\",\"count\":8,\"fields\":[{\"field\":\"price\","
		 "\"from\":10000,\"to\":12000}]}");
	entry_is(r, "seats", 1,
		 "{\"change\":\"added\",\"id\":21,\"name\":\"B\",\"count\":5,\"fields\":[{\"field\":\"price\","
		 "\"from\":null,\"to\":7000}]}");
	entry_is(r, "seats", 2, "{\"change\":\"removed\",\"id\":21,\"name\":\"A\",\"count\":2,\"fields\":[]}");
}

START_TEST(test_says_and_changes_nothing)
{
	char *database = database_text(), *keys = redis_state(), *after;
	struct reply r = answered(dry(CHANGED), 200);

	ck_assert(cJSON_IsTrue(reply_at(&r, "dryRun")));
	check_queues_and_users(&r);
	check_concerts(&r);
	reply_free(&r);
	after = database_text();
	ck_assert_str_eq(after, database);
	free(after);
	after = redis_state();
	ck_assert_str_eq(after, keys);
	free(after);
	refused(ask("GET", "/v1/queues/fresh", NULL, NULL), 404, "QUEUE_NOT_FOUND", NULL);
	free(database);
	free(keys);
}
END_TEST

/* Asked twice, then done: each time the same. Afterwards nothing is left to change. */
START_TEST(test_real_import_says_the_same)
{
	struct reply first = answered(dry(CHANGED), 200), second = answered(dry(CHANGED), 200), real;

	ck_assert_str_eq(first.body, second.body);
	real = answered(load(CHANGED), 200);
	ck_assert(cJSON_Compare(reply_at(&first, "changed"), reply_at(&real, "changed"), true));
	ck_assert(!has(&real, "dryRun") && !has(&real, "changes"));
	reply_free(&second);
	second = answered(dry(CHANGED), 200);
	ck_assert_int_eq((int)number_at(&second, "changed.seats"), 0);
	ck_assert_int_eq(count_at(&second, "changes.queues.listed"), 0);
	ck_assert_int_eq(count_at(&second, "changes.seats.listed"), 0);
	reply_free(&first);
	reply_free(&second);
	reply_free(&real);
}
END_TEST

/* After the import before: the schedule goes with its seats, and comes back as new. */
START_TEST(test_schedule_goes_and_comes_back)
{
	struct reply r = answered(dry("{\"concerts\":[" SIDE("") "]}"), 200);

	totals_are(&r, "schedules", 0, 0, 1);
	entry_is(&r, "schedules", 0, "{\"change\":\"removed\",\"id\":21,\"name\":\"Yard\",\"count\":1,\"fields\":[]}");
	totals_are(&r, "seats", 0, 0, 13);
	entry_is(&r, "seats", 0, "{\"change\":\"removed\",\"id\":21,\"name\":null,\"count\":13,\"fields\":[]}");
	reply_free(&r);
	done(load("{\"concerts\":[" SIDE("") "]}"), 200);
	r = answered(dry("{\"concerts\":[" SIDE(YARD) "]}"), 200);
	totals_are(&r, "schedules", 1, 0, 0);
	totals_are(&r, "seats", 13, 0, 0);
	reply_free(&r);
	done(load("{\"concerts\":[" SIDE(YARD) "]}"), 200);
}
END_TEST

START_TEST(test_name_of_a_user)
{
	struct reply r;

	done(load("{\"users\":[{\"id\":9100,\"name\":\"Lee\"}]}"), 200);
	r = answered(dry("{\"users\":[{\"id\":9100,\"name\":\"Park\",\"balance\":9}]}"), 200);
	totals_are(&r, "users", 0, 1, 0);
	entry_is(&r, "users", 0,
		 "{\"change\":\"changed\",\"id\":9100,\"name\":\"Park\",\"count\":1,\"fields\":[{\"field\":\"name\","
		 "\"from\":\"Lee\",\"to\":\"Park\"}]}");
	reply_free(&r);
}
END_TEST

/* What is listed has an end; what is counted has none. */
START_TEST(test_list_is_bounded)
{
	char *json = calloc(1, 20000);
	int len = sprintf(json, "{\"users\":[");
	struct reply r;

	for (int i = 0; i < 130; i++)
		len += sprintf(json + len, "%s{\"id\":%d}", i ? "," : "", 9200 + i);
	sprintf(json + len, "]}");
	r = answered(dry(json), 200);
	totals_are(&r, "users", 130, 0, 0);
	ck_assert_int_eq(count_at(&r, "changes.users.listed"), 100);
	reply_free(&r);
	free(json);
}
END_TEST

/* What the real import would refuse, in the same words. */
START_TEST(test_refuses_the_same)
{
	static const char smaller[] = "{\"concerts\":[" SIDE(
		"{\"id\":21,\"startsAt\":\"2089-12-25T10:00:00.000Z\",\"venue\":\"Yard\",\"sections\":[" SECTION(
			"A", "1", "12000") "]}") "]}";
	char *token;
	struct reply first, second;

	done(admin("PATCH", "/admin/v1/queues/side", "{\"paused\":false}"), 200);
	token = enter(40, "side");
	wait_until(stands(token, "ACTIVE"));
	hold(token, 21, 5);
	first = problem(dry(smaller), 409, "CATALOG_CONFLICT", "takes away seat 5");
	second = problem(load(smaller), 409, "CATALOG_CONFLICT", NULL);
	ck_assert_str_eq(first.body, second.body);
	reply_free(&first);
	reply_free(&second);
	refused(dry("{\"queues\":[{\"name\":\"x\"}]}"), 400, "INVALID_FIELD", "queues[0].capacity");
	refused(dry("{"), 400, "INVALID_JSON", NULL);
	refused(dry("{\"concerts\":[{\"id\":1,\"title\":\"T\",\"queue\":\"none\",\"schedules\":[]}]}"), 400,
		"INVALID_FIELD", "concerts[0].queue");
	refused(call(P, "POST", DRY, NULL, CHANGED), 401, "INVALID_ADMIN_KEY", NULL);
	free(token);
}
END_TEST

START_TEST(test_true_or_false)
{
	static const char one[] = "{\"users\":[{\"id\":9400}]}";
	static const char *const wrong[] = {"", "=", "=1", "=TRUE", "=yes", "=true&dryRun=true", "=%zz", "=true%20"};
	struct reply r;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused(admin("POST", say("/admin/v1/catalog?dryRun%s", wrong[i]), one), 400, "INVALID_FIELD",
			"dryRun");
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM users WHERE id = 9400"), 0);
	r = answered(admin("POST", "/admin/v1/catalog?dryRun=false", one), 200);
	ck_assert(!has(&r, "dryRun"));
	reply_free(&r);
	ck_assert_int_eq((int)sql_int("SELECT COUNT(*) FROM users WHERE id = 9400"), 1);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_says_and_changes_nothing,
				      test_real_import_says_the_same,
				      test_schedule_goes_and_comes_back,
				      test_name_of_a_user,
				      test_list_is_bounded,
				      test_refuses_the_same,
				      test_true_or_false,
				      NULL};

	return api_main("dry_run", tests);
}
