/* What there is to buy: concerts, dates, free seats with their ETag, and the public figures of a queue. */
#include "support/kit.h"

#include <sodium.h>

START_TEST(test_concerts)
{
	struct reply r = answered(ask("GET", "/v1/concerts", NULL, NULL), 200);

	ck_assert_int_eq(count_at(&r, "concerts"), 6);
	ck_assert_int_eq((int)number_at(&r, "concerts.0.concertId"), 1);
	ck_assert_str_eq(text_at(&r, "concerts.0.title"), "Winter Live");
	ck_assert_str_eq(text_at(&r, "concerts.0.queue"), "main");
	ck_assert(cJSON_IsNull(reply_at(&r, "concerts.0.opensAt")));
	ck_assert_str_eq(text_at(&r, "concerts.1.queue"), "side");
	reply_free(&r);
}
END_TEST

START_TEST(test_queue_figures)
{
	char *inside = enter(10, "one"), *waiting = enter(11, "one");
	struct reply r = answered(ask("GET", "/v1/queues/one", NULL, NULL), 200);

	ck_assert_str_eq(text_at(&r, "queue"), "one");
	ck_assert_int_eq((int)number_at(&r, "waiting"), 1);
	ck_assert_int_eq((int)number_at(&r, "inside"), 1);
	ck_assert_int_eq((int)number_at(&r, "capacity"), 1);
	ck_assert(cJSON_IsFalse(reply_at(&r, "paused")));
	ck_assert(cJSON_IsNull(reply_at(&r, "opensAt")));
	reply_free(&r);
	done(ask("DELETE", "/v1/tokens", waiting, NULL), 204);
	done(ask("DELETE", "/v1/tokens", inside, NULL), 204);
	r = answered(ask("GET", "/v1/queues/one", NULL, NULL), 200);
	ck_assert_int_eq((int)number_at(&r, "waiting"), 0);
	ck_assert_int_eq((int)number_at(&r, "inside"), 0);
	reply_free(&r);
	free(inside);
	free(waiting);
}
END_TEST

START_TEST(test_queue_unknown)
{
	static const char *const names[] = {"nowhere", "MAIN", "main%20", "mai", "main2", "%00", "{main}"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		refused(ask("GET", say("/v1/queues/%s", names[i]), NULL, NULL), 404, "QUEUE_NOT_FOUND", NULL);
}
END_TEST

/* The seed is what the commitment was made of, and secret until the doors open. */
START_TEST(test_commitment)
{
	struct reply open = answered(ask("GET", "/v1/queues/main", NULL, NULL), 200);
	struct reply closed = answered(ask("GET", "/v1/queues/later", NULL, NULL), 200);
	unsigned char seed[32], hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];
	size_t n;

	ck_assert_int_eq(sodium_hex2bin(seed, 32, text_at(&open, "seed"), 64, NULL, &n, NULL), 0);
	ck_assert_int_eq((int)n, 32);
	crypto_hash_sha256(hash, seed, n);
	ck_assert_str_eq(sodium_bin2hex(hex, sizeof(hex), hash, sizeof(hash)), text_at(&open, "commitment"));
	ck_assert_int_eq((int)strlen(text_at(&closed, "commitment")), 64);
	ck_assert(cJSON_IsNull(reply_at(&closed, "seed")));
	ck_assert_str_eq(text_at(&closed, "opensAt"), "2090-01-01T00:00:00.000Z");
	reply_free(&open);
	reply_free(&closed);
}
END_TEST

/* Those to come, with a free seat, by time; the one of 2020 is not among them. */
START_TEST(test_dates)
{
	char *token = enter(20, "main");
	struct reply r = answered(ask("GET", "/v1/concerts/1/dates", token, NULL), 200);

	ck_assert_int_eq((int)number_at(&r, "concertId"), 1);
	ck_assert_int_eq(count_at(&r, "dates"), 3);
	ck_assert_int_eq((int)number_at(&r, "dates.0.scheduleId"), 14);
	ck_assert_int_eq((int)number_at(&r, "dates.0.seatsLeft"), 1);
	ck_assert_str_eq(text_at(&r, "dates.0.venue"), "Club");
	ck_assert_int_eq((int)number_at(&r, "dates.1.scheduleId"), 11);
	ck_assert_str_eq(text_at(&r, "dates.1.startsAt"), "2089-12-24T10:00:00.000Z");
	ck_assert_int_eq((int)number_at(&r, "dates.1.seatsLeft"), 50);
	ck_assert_int_eq((int)number_at(&r, "dates.2.seatsLeft"), 20);
	reply_free(&r);
	hold(token, 14, 1);
	hold(token, 11, 3);
	r = answered(ask("GET", "/v1/concerts/1/dates", token, NULL), 200);
	ck_assert_int_eq(count_at(&r, "dates"), 2);
	ck_assert_int_eq((int)number_at(&r, "dates.0.scheduleId"), 11);
	ck_assert_int_eq((int)number_at(&r, "dates.0.seatsLeft"), 49);
	reply_free(&r);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	free(token);
}
END_TEST

START_TEST(test_unknown_concert_and_schedule)
{
	char *token = enter(21, "main");

	refused(ask("GET", "/v1/concerts/99/dates", token, NULL), 404, "CONCERT_NOT_FOUND", NULL);
	refused(ask("GET", "/v1/schedules/99/seats", token, NULL), 404, "SCHEDULE_NOT_FOUND", NULL);
	refused(ask("GET", "/v1/concerts/9007199254740991/dates", token, NULL), 404, "CONCERT_NOT_FOUND", NULL);
	refused(ask("GET", "/v1/schedules/9007199254740991/seats", token, NULL), 404, "SCHEDULE_NOT_FOUND", NULL);
	free(token);
}
END_TEST

static bool lists(const struct reply *r, int seat)
{
	for (int i = 0; i < count_at(r, "seats"); i++)
		if ((int)number_at(r, say("seats.%d.seatId", i)) == seat)
			return true;
	return false;
}

START_TEST(test_free_seats)
{
	char *token = enter(30, "main");
	struct reply r = answered(ask("GET", "/v1/schedules/12/seats", token, NULL), 200);
	int64_t id;

	ck_assert_int_eq((int)number_at(&r, "scheduleId"), 12);
	ck_assert_int_eq(count_at(&r, "seats"), 20);
	ck_assert_str_eq(text_at(&r, "seats.0.section"), "A");
	ck_assert_str_eq(text_at(&r, "seats.0.row"), "1");
	ck_assert_int_eq((int)number_at(&r, "seats.0.number"), 1);
	ck_assert_int_eq((int)number_at(&r, "seats.0.price"), 50000);
	ck_assert_str_eq(text_at(&r, "seats.6.row"), "2");
	ck_assert_int_eq((int)number_at(&r, "seats.6.number"), 2);
	ck_assert_str_eq(text_at(&r, "seats.19.section"), "B");
	ck_assert_int_eq((int)number_at(&r, "seats.19.price"), 30000);
	reply_free(&r);
	id = hold(token, 12, 7);
	r = answered(ask("GET", "/v1/schedules/12/seats", token, NULL), 200);
	ck_assert_int_eq(count_at(&r, "seats"), 19);
	ck_assert(!lists(&r, 7));
	reply_free(&r);
	done(ask("DELETE", say("/v1/reservations/%d", (int)id), token, NULL), 204);
	r = answered(ask("GET", "/v1/schedules/12/seats", token, NULL), 200);
	ck_assert(lists(&r, 7));
	reply_free(&r);
	free(token);
}
END_TEST

static struct reply seats_if(const char *token, const char *condition)
{
	return http(P, "GET", "/v1/schedules/12/seats",
		    say("Authorization: Bearer %s\r\nIf-None-Match: %s\r\n", token, condition), NULL);
}

START_TEST(test_etag)
{
	char *token = enter(40, "main"), etag[128];
	struct reply r = answered(ask("GET", "/v1/schedules/12/seats", token, NULL), 200);

	snprintf(etag, sizeof(etag), "%s", reply_header(&r, "ETag"));
	ck_assert(etag[0] == '"' && etag[strlen(etag) - 1] == '"');
	reply_free(&r);
	r = answered(seats_if(token, etag), 304);
	ck_assert_str_eq(reply_header(&r, "ETag"), etag);
	ck_assert_ptr_null(reply_header(&r, "Content-Type"));
	reply_free(&r);
	done(seats_if(token, say("\"x\", %s", etag)), 304);
	done(seats_if(token, say("W/%s", etag)), 304);
	done(seats_if(token, "*"), 304);
	done(seats_if(token, "\"x\""), 200);
	hold(token, 12, 1);
	r = answered(seats_if(token, etag), 200);
	ck_assert_str_ne(reply_header(&r, "ETag"), etag);
	ck_assert(!lists(&r, 1));
	reply_free(&r);
	done(ask("DELETE", "/v1/tokens", token, NULL), 204);
	free(token);
}
END_TEST

/* The same seats of another schedule, or at another price, are another answer. */
START_TEST(test_etag_differs)
{
	char *token = enter(41, "main"), etag[128];
	struct reply r = answered(ask("GET", "/v1/schedules/11/seats", token, NULL), 200);

	snprintf(etag, sizeof(etag), "%s", reply_header(&r, "ETag"));
	reply_free(&r);
	done(seats_if(token, etag), 200);
	reply_free(&r);
	free(token);
}
END_TEST

START_TEST(test_sold_out)
{
	char *token = enter(50, "side"), *waiting;
	struct reply r;

	done(admin("PATCH", "/admin/v1/queues/side", "{\"paused\":true}"), 200);
	waiting = enter(51, "side");
	wait_until((r = ask("GET", "/v1/queue/position", waiting, NULL),
		    cJSON_IsNull(reply_at(&r, "etaSeconds")) || (reply_free(&r), false)));
	ck_assert_int_eq((int)number_at(&r, "seatsLeft"), 10);
	ck_assert(cJSON_IsFalse(reply_at(&r, "soldOut")));
	reply_free(&r);
	for (int seat = 1; seat <= 10; seat++)
		redis_int("ZADD usher:{side}:seats:21 +inf %d", seat);
	wait_until((r = ask("GET", "/v1/queue/position", waiting, NULL),
		    reply_number(&r, "seatsLeft") == 0 || (reply_free(&r), false)));
	ck_assert(cJSON_IsTrue(reply_at(&r, "soldOut")));
	reply_free(&r);
	redis_int("DEL usher:{side}:seats:21");
	done(admin("PATCH", "/admin/v1/queues/side", "{\"paused\":false}"), 200);
	free(token);
	free(waiting);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {test_concerts,
				      test_queue_figures,
				      test_queue_unknown,
				      test_commitment,
				      test_dates,
				      test_unknown_concert_and_schedule,
				      test_free_seats,
				      test_etag,
				      test_etag_differs,
				      test_sold_out,
				      NULL};

	return api_main("shop", tests);
}
