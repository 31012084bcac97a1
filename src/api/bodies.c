/* The tables of fields, and the list of seats that a table cannot say. */
#include "api/bodies.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/order.h"
#include "store/ledger.h"
#include "store/queues.h"

#define SHAPE(table, type, unknown)                                                                                    \
	{                                                                                                              \
		table, sizeof(table) / sizeof((table)[0]), sizeof(type), unknown                                       \
	}

static const struct json_field entering_fields[] = {
	{"userId", JSON_INT, 1, ID_MOST, JSON_REQUIRED, offsetof(struct entering_body, user)},
	{"queue", JSON_TEXT, 1, QUEUE_NAME_MAX, JSON_REQUIRED, offsetof(struct entering_body, queue)},
};
const struct body entering_body = SHAPE(entering_fields, struct entering_body, JSON_UNKNOWN_PASS);

static const struct json_field reserving_fields[] = {
	{"scheduleId", JSON_INT, 1, ID_MOST, JSON_REQUIRED, offsetof(struct reserving_body, schedule)},
	{"seatId", JSON_INT, 1, ID_MOST, JSON_OPTIONAL, offsetof(struct reserving_body, seat)},
	{"seatIds", JSON_LIST, 1, SEATS_MOST, JSON_OPTIONAL, offsetof(struct reserving_body, seats)},
};
const struct body reserving_body = SHAPE(reserving_fields, struct reserving_body, JSON_UNKNOWN_PASS);

static const struct json_field paying_fields[] = {
	{"reservationId", JSON_INT, 1, ID_MOST, JSON_REQUIRED, offsetof(struct paying_body, reservation)},
};
const struct body paying_body = SHAPE(paying_fields, struct paying_body, JSON_UNKNOWN_PASS);

static const struct json_field charging_fields[] = {
	{"amount", JSON_INT, 1, CHARGE_MOST, JSON_REQUIRED, offsetof(struct charging_body, amount)},
};
const struct body charging_body = SHAPE(charging_fields, struct charging_body, JSON_UNKNOWN_PASS);

#define PATCH(name, kind, least, most, field)                                                                          \
	{                                                                                                              \
		name, kind, least, most, JSON_OPTIONAL, offsetof(struct queue_patch_job, field)                        \
	}

static const struct json_field patch_fields[] = {
	PATCH("capacity", JSON_INT, 1, CAPACITY_MOST, capacity),
	PATCH("ratePerSecond", JSON_INT, 1, RATE_MOST, rate_per_second),
	PATCH("sessionSeconds", JSON_INT, 1, SESSION_MOST, session_seconds),
	PATCH("claimSeconds", JSON_INT, 1, CLAIM_MOST, claim_seconds),
	PATCH("paused", JSON_BOOL, 0, 1, paused),
	PATCH("opensAt", JSON_TIME, 0, 0, opens_at),
};
const struct body patch_body = SHAPE(patch_fields, struct queue_patch_job, JSON_UNKNOWN_REFUSE);

bool body_read(struct arena *a, const struct body *shape, const cJSON *json, void *out, const char **why)
{
	return json_fields(a, json, "", shape->fields, shape->count, shape->unknown, out, why);
}

/* Whether all ids of a sorted list differ. */
static bool seats_differ(struct arena *a, const struct seat_list *seats, const char **why)
{
	for (size_t i = 1; i < seats->count; i++) {
		if (seats->ids[i] == seats->ids[i - 1]) {
			*why = arena_printf(a, "seatIds: seat %" PRId64 " stands twice", seats->ids[i]);
			return false;
		}
	}
	return true;
}

bool body_seats(struct arena *a, const struct reserving_body *body, struct seat_list *seats, const char **why)
{
	const cJSON *item;

	seats->count = 0;
	if ((body->seat != 0) == (body->seats != NULL)) {
		*why = "seatId: either seatId or seatIds must be given";
		return false;
	}
	if (body->seat)
		seats->ids[seats->count++] = body->seat;
	cJSON_ArrayForEach (item, body->seats) {
		if (!json_integer(item, 1, ID_MOST, &seats->ids[seats->count])) {
			*why = arena_printf(a, "seatIds[%zu]: must be a whole number from 1 to %" PRId64, seats->count,
					    ID_MOST);
			return false;
		}
		seats->count++;
	}
	qsort(seats->ids, seats->count, sizeof(seats->ids[0]), order_int64);
	return seats_differ(a, seats, why);
}
