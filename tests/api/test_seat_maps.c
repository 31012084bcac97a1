/* Seat maps: what two daemons show of the same seats, sections, ETags, gzip. */
#include "support/kit.h"

#include <zlib.h>

#define SECTION_SEATS 1000
#define SEATS (3 * SECTION_SEATS)
#define BIG "/v1/schedules/11/seats"
#define QUICK "/v1/schedules/21/seats"

static const char catalog[] =
	"{\"queues\":[{\"name\":\"main\",\"capacity\":1000,\"ratePerSecond\":1000,\"sessionSeconds\":3600,"
	"\"claimSeconds\":600}],\"users\":[{\"from\":1,\"to\":500,\"balance\":100000000}],"
	"\"concerts\":[{\"id\":1,\"title\":\"Big\",\"queue\":\"main\",\"seatLimit\":100,\"holdSeconds\":300,"
	"\"schedules\":[{\"id\":11,\"startsAt\":\"2089-12-24T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":["
	"{\"name\":\"A\",\"rows\":20,\"seatsPerRow\":50,\"price\":50000},"
	"{\"name\":\"S\xc3\xbc"
	"d & Ost\",\"rows\":20,\"seatsPerRow\":50,\"price\":40000},"
	"{\"name\":\"C\",\"rows\":20,\"seatsPerRow\":50,\"price\":30000}]},"
	"{\"id\":12,\"startsAt\":\"2089-12-25T10:00:00.000Z\",\"venue\":\"Hall\",\"sections\":["
	"{\"name\":\"A\",\"rows\":1,\"seatsPerRow\":3,\"price\":50000}]}]},"
	"{\"id\":2,\"title\":\"Quick\",\"queue\":\"main\",\"seatLimit\":100,\"holdSeconds\":1,"
	"\"schedules\":[{\"id\":21,\"startsAt\":\"2089-12-26T10:00:00.000Z\",\"venue\":\"Club\",\"sections\":["
	"{\"name\":\"A\",\"rows\":10,\"seatsPerRow\":20,\"price\":100}]}]}]}";

static char *token; /* of somebody who only looks */

static void begin(void)
{
	redis_start();
	mysql_start();
	usherd_start(0, "--workers=1", "--return-seconds=1", stack_catalog(catalog), NULL);
	usherd_start(1, "--return-seconds=1", NULL);
	token = token_of(P, 500, "main");
}

static struct reply look(int daemon, const char *path, const char *headers)
{
	return http(stack.port[daemon], "GET", path, say("Authorization: Bearer %s\r\n%s", token, headers), NULL);
}

struct etag {
	char text[64];
};

static struct etag etag_of(int daemon, const char *path, const char *headers)
{
	struct reply r = answered(look(daemon, path, headers), 200);
	struct etag etag;

	snprintf(etag.text, sizeof(etag.text), "%s", reply_header(&r, "ETag"));
	reply_free(&r);
	return etag;
}

static int status_if(int daemon, const char *path, const char *etag, const char *headers)
{
	struct reply r = look(daemon, path, say("If-None-Match: %s\r\n%s", etag, headers));
	int status = r.status;

	ck_assert(status != 304 || (r.body_len == 0 && strcmp(reply_header(&r, "Vary"), "Accept-Encoding") == 0 &&
				    reply_header(&r, "ETag") && !reply_header(&r, "Content-Encoding")));
	reply_free(&r);
	return status;
}

/* Which seats an answer lists, by their numbers. Gives how many. */
static int seats_read(const cJSON *json, char is_free[SEATS + 1])
{
	const cJSON *seat;
	int count = 0, last = 0;

	memset(is_free, 0, SEATS + 1);
	cJSON_ArrayForEach (seat, cJSON_GetObjectItem(json, "seats")) {
		int id = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(seat, "seatId"));

		ck_assert(id > last && id <= SEATS);
		is_free[id] = 1;
		last = id;
		count++;
	}
	return count;
}

static int free_seats(int daemon, const char *path, char is_free[SEATS + 1])
{
	struct reply r = answered(look(daemon, path, ""), 200);
	int count = seats_read(r.json, is_free);

	reply_free(&r);
	return count;
}

static bool is_free(int daemon, const char *path, int seat)
{
	char seats[SEATS + 1];

	free_seats(daemon, path, seats);
	return seats[seat];
}

static void mark_taken(void *arg, char **columns)
{
	((char *)arg)[atoi(columns[0])] = 0;
}

/* What Redis itself says, by its own clock. */
static void redis_seats(int schedule, int count, char seats[SEATS + 1])
{
	char *text = redis_text("EVAL %s 1 usher:{main}:seats:%d",
				"local t = redis.call('TIME') return table.concat(redis.call('ZRANGEBYSCORE', KEYS[1],"
				" '(' .. t[1] * 1000 + math.floor(t[2] / 1000), '+inf'), ' ')",
				schedule),
	     *p = text;

	memset(seats, 1, SEATS + 1);
	seats[0] = 0;
	memset(seats + count + 1, 0, (size_t)(SEATS - count));
	while (p && *p)
		seats[strtol(p, &p, 10)] = 0;
	free(text);
}

/* Whether both daemons show what Redis and MySQL say. */
static bool all_agree(const char *path, int schedule, int count)
{
	char redis[SEATS + 1], mysql[SEATS + 1], shown[2][SEATS + 1];

	redis_seats(schedule, count, redis);
	free_seats(0, path, shown[0]);
	free_seats(1, path, shown[1]);
	memset(mysql, 1, sizeof(mysql));
	mysql[0] = 0;
	memset(mysql + count + 1, 0, (size_t)(SEATS - count));
	sql_rows(mark_taken, mysql,
		 "SELECT s.seat_id FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id"
		 " WHERE s.schedule_id = %d AND s.live = 1 AND (r.status = 'PAID' OR r.expires_at > UTC_TIMESTAMP(3))",
		 schedule);
	return memcmp(redis, mysql, sizeof(redis)) == 0 && memcmp(redis, shown[0], sizeof(redis)) == 0 &&
	       memcmp(redis, shown[1], sizeof(redis)) == 0;
}

static int64_t hold_on(int daemon, const char *who, int schedule, int seat)
{
	struct reply r = answered(ask_port(stack.port[daemon], "POST", "/v1/reservations", who,
					   "{\"scheduleId\":%d,\"seatId\":%d}", schedule, seat),
				  201);
	int64_t id = (int64_t)reply_number(&r, "reservationId");

	reply_free(&r);
	return id;
}

static void cancel_on(int daemon, const char *who, int64_t reservation)
{
	done(ask_port(stack.port[daemon], "DELETE", say("/v1/reservations/%lld", (long long)reservation), who, NULL),
	     204);
}

START_TEST(test_what_was_answered_is_seen_on_both_daemons)
{
	char *who = inside(1);

	for (int i = 0; i < 40; i++) {
		int here = i % 2, seat = 1 + i * 70;
		struct etag before = etag_of(!here, BIG, "");
		int64_t id;

		ck_assert_int_eq(status_if(here, BIG, before.text, ""), 304);
		id = hold_on(here, who, 11, seat);
		ck_assert_int_eq(status_if(!here, BIG, before.text, ""), 200);
		ck_assert(!is_free(!here, BIG, seat));
		ck_assert(!is_free(here, BIG, seat));
		cancel_on(here, who, id);
		ck_assert(is_free(!here, BIG, seat));
		/* The same seats are the same answer. */
		ck_assert_int_eq(status_if(!here, BIG, before.text, ""), 304);
	}
	free(who);
}
END_TEST

START_TEST(test_a_hold_that_lapses_is_free_again)
{
	char *who = inside(2);
	struct etag before = etag_of(0, QUICK, "");

	ck_assert_str_eq(etag_of(1, QUICK, "").text, before.text);
	hold_on(0, who, 21, 7);
	ck_assert(!is_free(0, QUICK, 7));
	ck_assert(!is_free(1, QUICK, 7));
	wait_until(is_free(1, QUICK, 7));
	wait_until(is_free(0, QUICK, 7));
	ck_assert_int_eq(status_if(0, QUICK, before.text, ""), 304);
	ck_assert_int_eq(status_if(1, QUICK, before.text, ""), 304);
	/* And somebody else's to take. */
	hold_on(1, token, 21, 7);
	ck_assert(!is_free(0, QUICK, 7));
	free(who);
}
END_TEST

#define SOUTH BIG "?section=S%C3%BCd+%26%20Ost"

START_TEST(test_sections)
{
	char *who = inside(3), seats[SEATS + 1];
	struct reply r = answered(look(0, SOUTH, ""), 200);
	struct etag whole = etag_of(0, BIG, ""), a = etag_of(0, BIG "?section=A", ""), south = etag_of(0, SOUTH, "");

	ck_assert_int_eq(seats_read(r.json, seats), SECTION_SEATS);
	ck_assert(!seats[SECTION_SEATS] && seats[SECTION_SEATS + 1] && seats[2 * SECTION_SEATS]);
	ck_assert_int_eq((int)number_at(&r, "scheduleId"), 11);
	ck_assert_str_eq(text_at(&r, "seats.0.section"), "S\xc3\xbc"
							 "d & Ost");
	reply_free(&r);
	ck_assert_str_ne(whole.text, a.text);
	ck_assert_str_ne(whole.text, south.text);
	ck_assert_str_ne(a.text, south.text);
	hold_on(1, who, 11, SECTION_SEATS + 5);
	ck_assert_int_eq(status_if(0, BIG, whole.text, ""), 200);
	ck_assert_int_eq(status_if(0, SOUTH, south.text, ""), 200);
	ck_assert_int_eq(status_if(0, BIG "?section=A", a.text, ""), 304);
	ck_assert_int_eq(free_seats(0, SOUTH, seats), SECTION_SEATS - 1);
	ck_assert_int_eq(free_seats(0, BIG "?section=A&more=1", seats), SECTION_SEATS);
	ck_assert_int_eq(free_seats(0, BIG "?sections=A&x", seats), SEATS - 1);
	ck_assert_int_eq(free_seats(0, BIG "?section=B", seats), 0);
	ck_assert_int_eq(free_seats(0, BIG "?section=a", seats), 0);
	done(ask("DELETE", "/v1/tokens", who, NULL), 204);
	free(who);
}
END_TEST

START_TEST(test_sections_that_are_none)
{
	static const char *const bad[] = {"section=",   "section",     "section=A&section=C", "section=%",
					  "section=%4", "section=%zz", "section=A%00"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(look(0, say(BIG "?%s", bad[i]), ""), 400, "INVALID_FIELD", "section");
}
END_TEST

/* Inflates a whole body; what is wrong in it fails the test. The caller frees it. */
static char *inflated(const struct reply *r)
{
	size_t size = 2000000;
	char *out = malloc(size);
	z_stream z = {.next_in = (unsigned char *)r->body,
		      .avail_in = (unsigned)r->body_len,
		      .next_out = (unsigned char *)out,
		      .avail_out = (unsigned)size - 1};

	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_int_eq((int)z.avail_in, 0);
	out[z.total_out] = '\0';
	inflateEnd(&z);
	return out;
}

/* Whether the body in gzip is the body as it is, and smaller. */
static void gzip_is_the_same(int daemon, const char *path)
{
	struct reply plain = answered(look(daemon, path, ""), 200);
	struct reply packed = answered(look(daemon, path, "Accept-Encoding: gzip\r\n"), 200);
	char *text = inflated(&packed);

	ck_assert_str_eq(reply_header(&packed, "Content-Encoding"), "gzip");
	ck_assert_ptr_null(reply_header(&plain, "Content-Encoding"));
	ck_assert_str_eq(reply_header(&plain, "Vary"), "Accept-Encoding");
	ck_assert_str_eq(reply_header(&packed, "Vary"), "Accept-Encoding");
	ck_assert_str_eq(text, plain.body);
	ck_assert_int_lt((int)packed.body_len, (int)plain.body_len / 4);
	free(text);
	reply_free(&plain);
	reply_free(&packed);
}

START_TEST(test_gzip)
{
	char *who = inside(4);

	gzip_is_the_same(0, BIG);
	for (int i = 0; i < 12; i++) {
		hold_on(i % 2, who, 11, 10 + i * 128);
		gzip_is_the_same(i / 2 % 2, i % 3 ? BIG : SOUTH);
	}
	/* Blocks without a free seat, in front, in the middle and behind. */
	for (int first = 1; first < SEATS; first += SEATS / 2 - 130)
		for (int seat = first; seat < first + 260 && seat <= SEATS; seat++)
			redis_int("FCALL usher_correct 1 usher:{main}:seats:11 %d 100000", seat);
	gzip_is_the_same(0, BIG);
	gzip_is_the_same(1, BIG "?section=A");
	for (int seat = 1; seat <= SEATS; seat++)
		redis_int("FCALL usher_correct 1 usher:{main}:seats:11 %d 0", seat);
	done(ask("DELETE", "/v1/tokens", who, NULL), 204);
	gzip_is_the_same(0, BIG);
	free(who);
}
END_TEST

START_TEST(test_gzip_when_asked_for)
{
	static const struct {
		const char *accepts;
		bool gzip;
	} cases[] = {{"gzip", true},
		     {"GZIP", true},
		     {"x-gzip", true},
		     {"deflate, gzip;q=0.5", true},
		     {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
		     {"*", true},
		     {"gzip; q=1", true},
		     {"gzip;q=0.5, identity;q=0.5", true},
		     {"gzip;q=0", false},
		     {"gzip;q=0.000", false},
		     {"gzip;q=1e30", true},
		     {"gzip;q=nan", false},
		     {"*;q=0", false},
		     {"gzip;q=0, *", false},
		     {"identity", false},
		     {"identity;q=1, gzip;q=0.5", false},
		     {"gzipped", false},
		     {"br", false},
		     {"", false}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reply r = answered(look(0, BIG, say("Accept-Encoding: %s\r\n", cases[i].accepts)), 200);

		ck_assert_msg((reply_header(&r, "Content-Encoding") != NULL) == cases[i].gzip, "%s", cases[i].accepts);
		reply_free(&r);
	}
}
END_TEST

/* A strong validator belongs to one encoding; a short body has but one. */
START_TEST(test_gzip_has_its_own_etag)
{
	struct etag plain = etag_of(0, BIG, ""), packed = etag_of(0, BIG, "Accept-Encoding: gzip\r\n");

	ck_assert_str_ne(plain.text, packed.text);
	ck_assert_int_eq(status_if(1, BIG, packed.text, "Accept-Encoding: gzip\r\n"), 304);
	ck_assert_int_eq(status_if(1, BIG, say("%s, %s", plain.text, packed.text), "Accept-Encoding: gzip\r\n"), 304);
	ck_assert_int_eq(status_if(1, BIG, plain.text, "Accept-Encoding: gzip\r\n"), 200);
	ck_assert_int_eq(status_if(1, BIG, packed.text, ""), 200);
	ck_assert_str_eq(etag_of(0, "/v1/schedules/12/seats", "").text,
			 etag_of(0, "/v1/schedules/12/seats", "Accept-Encoding: gzip\r\n").text);
}
END_TEST

START_TEST(test_head)
{
	static const char *const encodings[] = {"", "Accept-Encoding: gzip\r\n"};

	for (int i = 0; i < 2; i++) {
		const char *headers = say("Authorization: Bearer %s\r\n%s", token, encodings[i]);
		struct reply head = answered(http(P, "HEAD", BIG, headers, NULL), 200);
		struct reply body = answered(http(P, "GET", BIG, headers, NULL), 200);

		ck_assert_int_eq(atoi(reply_header(&head, "Content-Length")), (int)body.body_len);
		ck_assert_int_eq((int)head.body_len, 0);
		ck_assert_str_eq(say("%s", reply_header(&head, "ETag")), reply_header(&body, "ETag"));
		reply_free(&head);
		reply_free(&body);
	}
}
END_TEST

/* The log has a thousand changes: a daemon that was behind by more reads all of it again. */
START_TEST(test_far_behind)
{
	char seats[SEATS + 1], redis[SEATS + 1];

	free_seats(0, BIG, seats);
	for (int i = 0; i < 1300; i++)
		redis_int("FCALL usher_correct 2 usher:{main}:seats:11 usher:{main}:changes:11 %d 100000", 1 + i);
	ck_assert_int_lt(redis_int("XLEN usher:{main}:changes:11"), 1300);
	redis_seats(11, SEATS, redis);
	ck_assert_int_eq(free_seats(0, BIG, seats), SEATS - 1300);
	ck_assert(memcmp(seats, redis, sizeof(seats)) == 0);
	for (int i = 0; i < 1300; i++)
		redis_int("FCALL usher_correct 2 usher:{main}:seats:11 usher:{main}:changes:11 %d 0", 1 + i);
	ck_assert_int_eq(free_seats(0, BIG, seats), SEATS);
}
END_TEST

/* What nobody has told the log is noticed all the same. */
START_TEST(test_changed_by_hand)
{
	redis_int("ZADD usher:{main}:seats:12 inf 2");
	wait_until(!is_free(0, "/v1/schedules/12/seats", 2));
	wait_until(!is_free(1, "/v1/schedules/12/seats", 2));
	redis_int("ZREM usher:{main}:seats:12 2");
	wait_until(is_free(0, "/v1/schedules/12/seats", 2));
	wait_until(is_free(1, "/v1/schedules/12/seats", 2));
}
END_TEST

/* Somebody holds, gives up, pays or lets go; whatever comes of it, both daemons show what is. */
START_TEST(test_random)
{
	enum { BUYERS = 12, ROUNDS = 300, FEW = 60 };
	char *who[BUYERS];
	int64_t held[BUYERS] = {0};

	srandom(20261122);
	for (int i = 0; i < BUYERS; i++)
		who[i] = inside(100 + i);
	for (int round = 0; round < ROUNDS; round++) {
		int i = (int)(random() % BUYERS), daemon = (int)(random() % 2), port = stack.port[daemon];
		int seat = 1 + (int)(random() % FEW), schedule = random() % 3 ? 11 : 21;
		const char *reservation = say("/v1/reservations/%lld", (long long)held[i]);

		if (!held[i]) {
			struct reply r = ask_port(port, "POST", "/v1/reservations", who[i],
						  "{\"scheduleId\":%d,\"seatIds\":[%d,%d]}", schedule, seat, seat + 1);

			/* 200: the seats are the user's own, let go of before but not lapsed yet. */
			ck_assert(r.status == 201 || r.status == 200 || r.status == 409);
			held[i] = r.status != 409 ? (int64_t)reply_number(&r, "reservationId") : 0;
			ck_assert(r.status != 409 || !is_free(!daemon, schedule == 11 ? BIG : QUICK, seat) ||
				  !is_free(!daemon, schedule == 11 ? BIG : QUICK, seat + 1));
			reply_free(&r);
		} else if (random() % 3 == 0 &&
			   status_port(port, "POST", "/v1/payments", who[i],
				       say("{\"reservationId\":%lld}", (long long)held[i])) == 201) {
			held[i] = 0;
			free(who[i]);
			who[i] = inside(100 + i);
		} else if (random() % 2) {
			held[i] = 0; /* until it lapses */
		} else {
			int status = status_port(port, "DELETE", reservation, who[i], NULL);

			ck_assert(status == 204 || status == 404);
			held[i] = 0;
		}
		if (round % 20 == 0)
			ck_assert(all_agree(BIG, 11, SEATS));
	}
	ck_assert(all_agree(BIG, 11, SEATS));
	wait_until(all_agree(QUICK, 21, 200));
	ck_assert(audit_holds());
	for (int i = 0; i < BUYERS; i++)
		free(who[i]);
}
END_TEST

/* The seats come back from MySQL, and the maps with them. */
START_TEST(test_redis_loses_everything)
{
	char seats[SEATS + 1];
	int before = free_seats(0, BIG, seats);

	ck_assert_int_lt(before, SEATS);
	free(redis_text("FLUSHALL"));
	wait_until((free(token), token = token_of(P, 500, "main")) && stands(token, "ACTIVE"));
	wait_until(all_agree(BIG, 11, SEATS));
	ck_assert_int_ge(free_seats(0, BIG, seats), before);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_what_was_answered_is_seen_on_both_daemons,
				      test_a_hold_that_lapses_is_free_again,
				      test_sections,
				      test_sections_that_are_none,
				      test_gzip,
				      test_gzip_when_asked_for,
				      test_gzip_has_its_own_etag,
				      test_head,
				      test_far_behind,
				      test_changed_by_hand,
				      test_random,
				      test_redis_loses_everything,
				      NULL};
	int status = stack_main("seat-maps", 120, begin, tests);

	free(token);
	return status;
}
