/* GET /v1/schedules/{id}/seats: what is still free. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "api/routes.h"
#include "api/seat_json.h"
#include "engine/seats.h"

#define ETAG_BYTES 12
#define ETAG_TEXT (2 + 2 * ETAG_BYTES + 1)

struct seat_map {
	const struct catalog_schedule *schedule;
	struct taken_seats taken;
};

enum step seats_ask(struct request *r)
{
	struct visit *v = visit_of(r);
	struct seat_map *m;
	int64_t id;

	if (!path_id_or_reply(r, 0, "scheduleId", &id))
		return STEP_DONE;
	m = state_or_reply(r, sizeof(*m));
	if (!m)
		return STEP_DONE;
	m->schedule = schedule_or_reply(r, id);
	if (!m->schedule)
		return STEP_DONE;
	return seats_taken(&r->task, &v->worker->engine, v->queue, id, &m->taken);
}

void seat_json(struct json *j, const struct catalog_seat *seat, int64_t price)
{
	json_object(j, NULL);
	json_int(j, "seatId", seat->id);
	json_text(j, "section", seat->section);
	json_text(j, "row", seat->row);
	json_int(j, "number", seat->number);
	json_int(j, "price", price);
	json_object_end(j);
}

void reservation_seats_json(struct json *j, const struct catalog *c, const struct reservation *r)
{
	const struct catalog_schedule *s = catalog_schedule(c, r->seats.schedule);

	json_array(j, "seats");
	for (size_t i = 0; i < r->seats.count; i++) {
		const struct catalog_seat *seat = s ? schedule_seat(s, r->seats.ids[i]) : NULL;
		const struct catalog_seat gone = {.id = r->seats.ids[i], .section = "", .row = ""};

		seat_json(j, seat ? seat : &gone, r->prices[i]);
	}
	json_array_end(j);
}

/* The free seats follow from the catalogue's version and the seats taken. */
static void etag_write(char text[ETAG_TEXT], const struct catalog *c, const struct seat_map *m)
{
	unsigned char hash[crypto_generichash_BYTES_MIN];
	crypto_generichash_state state;
	char hex[2 * ETAG_BYTES + 1];

	crypto_generichash_init(&state, NULL, 0, sizeof(hash));
	crypto_generichash_update(&state, (const unsigned char *)&c->version, sizeof(c->version));
	crypto_generichash_update(&state, (const unsigned char *)&m->schedule->id, sizeof(m->schedule->id));
	crypto_generichash_update(&state, (const unsigned char *)m->taken.ids, m->taken.count * sizeof(*m->taken.ids));
	crypto_generichash_final(&state, hash, sizeof(hash));
	sodium_bin2hex(hex, sizeof(hex), hash, ETAG_BYTES);
	snprintf(text, ETAG_TEXT, "\"%s\"", hex);
}

static bool etag_matches(const struct request *r, const char *etag)
{
	const char *wanted = request_header(r, "If-None-Match");

	return wanted && (strstr(wanted, etag) || strcmp(wanted, "*") == 0);
}

enum step seats_answer(struct request *r)
{
	const struct visit *v = visit_of(r);
	const struct seat_map *m = v->state;
	const struct catalog_schedule *s = m->schedule;
	char etag[ETAG_TEXT];
	struct json j;
	size_t t = 0;

	etag_write(etag, v->catalog, m);
	reply_header(r, "ETag", etag);
	reply_header(r, "Cache-Control", "no-cache"); /* may be kept, but must be asked about */
	if (etag_matches(r, etag))
		return reply_empty(r, 304);
	json_begin(&j, &r->task.arena);
	json_object(&j, NULL);
	json_int(&j, "scheduleId", s->id);
	json_array(&j, "seats");
	for (size_t i = 0; i < s->seat_count; i++) {
		while (t < m->taken.count && m->taken.ids[t] < s->seats[i].id)
			t++;
		if (t == m->taken.count || m->taken.ids[t] != s->seats[i].id)
			seat_json(&j, &s->seats[i], s->seats[i].price);
	}
	json_array_end(&j);
	json_object_end(&j);
	return reply_json(r, 200, &j);
}
