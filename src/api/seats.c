/* GET /v1/schedules/{id}/seats: what is still free. */
#include <string.h>

#include "api/routes.h"
#include "api/seat_json.h"
#include "api/seat_map.h"

/* What is asked for. */
struct looking {
	const struct catalog_schedule *schedule;
	const char *section; /* NULL: all of them */
	bool gzip;
	unsigned long fresh; /* the map that was asked about in this request, by its serial; 0: none yet */
};

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

/* Only a map that there is can be brought up to date; whether there is one yet, and whether it is the client's
 * to see, comes out later. */
enum step seats_look(struct request *r)
{
	struct visit *v = visit_of(r);
	struct looking *l = state_or_reply(r, sizeof(*l));
	struct seat_map *m;
	int64_t id;

	if (!l)
		return STEP_DONE;
	if (!path_id(r, 0, &id))
		return STEP_NEXT;
	m = seat_map_find(&v->worker->seat_maps, v->worker->catalog, id);
	if (!m)
		return STEP_NEXT;
	if (!free_seats_look(seat_map_seats(m)))
		return task_failed(&r->task, redis_refusal(v->worker->engine.redis));
	if (free_seats_known(seat_map_seats(m)))
		l->fresh = seat_map_serial(m);
	return STEP_NEXT;
}

static bool section_or_reply(struct request *r, const char **section)
{
	if (!query_or_reply(r, "section", section))
		return false;
	if (!*section || **section)
		return true;
	reply_problem(r, CODE_INVALID_FIELD, "section: must not be empty");
	return false;
}

enum step seats_find(struct request *r)
{
	struct looking *l = visit_of(r)->state;
	int64_t id;

	if (!path_id_or_reply(r, 0, "scheduleId", &id))
		return STEP_DONE;
	l->schedule = schedule_or_reply(r, id);
	if (!l->schedule || !section_or_reply(r, &l->section))
		return STEP_DONE;
	l->gzip = request_takes_gzip(r);
	return STEP_NEXT;
}

/* The map of the request's catalogue, or NULL after a 503. */
static struct seat_map *map_or_reply(struct request *r)
{
	struct visit *v = visit_of(r);
	const struct looking *l = v->state;
	struct seat_map *m = seat_map_get(&v->worker->seat_maps, v->catalog, v->queue, l->schedule);

	if (!m)
		reply_problem(r, CODE_OVERLOADED, NULL);
	return m;
}

/* Waits for what has to be known of the map before this step can go on; STEP_NEXT if it can. */
static enum step map_wait(struct request *r, struct seat_map *m)
{
	struct looking *l = visit_of(r)->state;
	struct free_seats *seats = seat_map_seats(m);

	if (!free_seats_known(seats)) {
		l->fresh = 0;
		request_repeat(r);
		return free_seats_fetch(&r->task, seats);
	}
	if (l->fresh == seat_map_serial(m))
		return STEP_NEXT;
	l->fresh = seat_map_serial(m);
	request_repeat(r);
	return free_seats_look_now(&r->task, seats);
}

static enum step reply_view(struct request *r, struct seat_map *m, struct seat_view *view, bool gzip)
{
	struct seat_maps *maps = &visit_of(r)->worker->seat_maps;
	struct seat_body body;
	bool made = gzip ? seat_view_gzip(maps, m, view, &body) : seat_view_body(m, view, &body);

	if (!made)
		return reply_problem(r, CODE_OVERLOADED, NULL);
	if (gzip)
		reply_header(r, "Content-Encoding", "gzip");
	return reply_text(r, 200, "application/json", body.text, body.len);
}

static void headers_write(struct request *r, const char *etag)
{
	reply_header(r, "ETag", etag);
	/* Nobody on the way keeps what the API says; who asks again with the ETag keeps the map by themselves. */
	reply_header(r, "Cache-Control", "no-store");
	reply_header(r, "Vary", "Accept-Encoding");
}

enum step seats_answer(struct request *r)
{
	struct looking *l = visit_of(r)->state;
	struct seat_map *m = map_or_reply(r);
	enum step wait = m ? map_wait(r, m) : STEP_DONE;
	struct seat_view *view;
	char etag[ETAG_TEXT];
	bool gzip;

	if (wait != STEP_NEXT)
		return wait;
	free_seats_lapse(seat_map_seats(m));
	view = seat_map_view(m, l->section);
	gzip = l->gzip && seat_view_is_long(view);
	seat_view_etag(m, view, gzip, etag);
	if (request_knows(r, etag)) {
		headers_write(r, etag);
		return reply_empty(r, 304);
	}
	if (gzip && !seat_view_compress(&visit_of(r)->worker->seat_maps, m, view)) {
		/* The rest waits for its turn: another look is a way to. */
		request_repeat(r);
		return free_seats_look_now(&r->task, seat_map_seats(m));
	}
	headers_write(r, etag);
	return reply_view(r, m, view, gzip);
}
