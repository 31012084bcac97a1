/* Reads the catalogue from MySQL into one arena. */
#include "store/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/order.h"

enum db_result catalog_version(struct db *db, int64_t *version)
{
	enum db_result r = db_query(db, "SELECT version FROM catalog_version WHERE id = 1", "");

	return r == DB_OK ? db_row(db, "i", version) : r;
}

/* Makes room for one more element of a growing array; doubles it in the arena. */
static void *grow(struct arena *a, void *array, size_t count, size_t size)
{
	void *bigger;

	if (count & (count - 1) || (count && count < 16))
		return array;
	bigger = arena_alloc(a, (count ? count * 2 : 16) * size);
	if (bigger && count)
		memcpy(bigger, array, count * size);
	return bigger;
}

static enum db_result read_queues(struct db *db, struct catalog *c)
{
	enum db_result r = db_query(db, "SELECT name, seed FROM queues ORDER BY name", "");
	struct catalog_queue q;

	while (r == DB_OK && (r = db_row(db, "sb", q.name, sizeof(q.name), q.seed, sizeof(q.seed))) == DB_OK) {
		c->queues = grow(&c->arena, c->queues, c->queue_count, sizeof(q));
		if (!c->queues)
			return DB_FAILED;
		c->queues[c->queue_count++] = q;
	}
	return r;
}

static enum db_result read_concerts(struct db *db, struct catalog *c)
{
	enum db_result r =
		db_query(db, "SELECT id, title, queue, seat_limit, hold_seconds FROM concerts ORDER BY id", "");
	char queue[QUEUE_NAME_MAX + 1];
	struct catalog_concert k;

	while (r == DB_OK && (r = db_row(db, "issii", &k.id, k.title, sizeof(k.title), queue, sizeof(queue),
					 &k.seat_limit, &k.hold_seconds)) == DB_OK) {
		c->concerts = grow(&c->arena, c->concerts, c->concert_count, sizeof(k));
		if (!c->concerts)
			return DB_FAILED;
		k.queue = catalog_queue(c, queue);
		c->concerts[c->concert_count++] = k;
	}
	return r;
}

static enum db_result read_schedules(struct db *db, struct catalog *c)
{
	enum db_result r = db_query(db,
				    "SELECT id, concert_id, starts_at, venue FROM schedules"
				    " WHERE removed = 0 ORDER BY id",
				    "");
	struct catalog_schedule s = {0};
	int64_t concert;

	while (r == DB_OK &&
	       (r = db_row(db, "iits", &s.id, &concert, &s.starts_at, s.venue, sizeof(s.venue))) == DB_OK) {
		c->schedules = grow(&c->arena, c->schedules, c->schedule_count, sizeof(s));
		if (!c->schedules)
			return DB_FAILED;
		s.concert = catalog_concert(c, concert);
		c->schedules[c->schedule_count++] = s;
	}
	return r;
}

/* A section's name and a row's label are the same for many seats in turn: keep one copy. */
static const char *shared(struct arena *a, const char *last, const char *text)
{
	return last && strcmp(last, text) == 0 ? last : arena_copy(a, text, strlen(text));
}

static enum db_result read_seats(struct db *db, struct catalog *c, struct catalog_schedule *s)
{
	enum db_result r = db_query(db,
				    "SELECT seat_id, section, row_label, number, price FROM seats"
				    " WHERE schedule_id = ? AND removed = 0 ORDER BY seat_id",
				    "i", s->id);
	char section[SECTION_TEXT], row[ROW_TEXT];
	struct catalog_seat seat = {0}, *seats = NULL;

	while (r == DB_OK && (r = db_row(db, "issii", &seat.id, section, sizeof(section), row, sizeof(row),
					 &seat.number, &seat.price)) == DB_OK) {
		seats = grow(&c->arena, seats, s->seat_count, sizeof(seat));
		seat.section = shared(&c->arena, seat.section, section);
		seat.row = shared(&c->arena, seat.row, row);
		if (!seats || !seat.section || !seat.row)
			return DB_FAILED;
		seats[s->seat_count++] = seat;
	}
	s->seats = seats;
	return r;
}

static enum db_result read_all(struct db *db, struct catalog *c)
{
	enum db_result r = catalog_version(db, &c->version);

	if (r != DB_OK)
		return r;
	if ((r = read_queues(db, c)) != DB_NONE || (r = read_concerts(db, c)) != DB_NONE ||
	    (r = read_schedules(db, c)) != DB_NONE)
		return r;
	for (size_t i = 0; i < c->schedule_count; i++)
		if ((r = read_seats(db, c, &c->schedules[i])) != DB_NONE)
			return r;
	return DB_OK;
}

static enum db_result read_snapshot(struct db *db, void *arg)
{
	struct catalog **out = arg;
	struct catalog *c;

	catalog_drop(*out);
	c = *out = calloc(1, sizeof(*c));
	if (!c)
		return DB_FAILED;
	atomic_init(&c->users, 1);
	return read_all(db, c);
}

enum db_result catalog_read(struct db *db, struct catalog **out)
{
	enum db_result r;

	*out = NULL;
	r = db_snapshot(db, read_snapshot, out);
	if (r != DB_OK) {
		catalog_drop(*out);
		*out = NULL;
	}
	return r;
}

enum code catalog_read_work(struct db *db, struct job *job)
{
	return db_code(catalog_read(db, &((struct catalog_job *)job)->catalog));
}

struct catalog *catalog_take(struct catalog *c)
{
	atomic_fetch_add_explicit(&c->users, 1, memory_order_relaxed);
	return c;
}

void catalog_drop(struct catalog *c)
{
	if (!c || atomic_fetch_sub_explicit(&c->users, 1, memory_order_acq_rel) != 1)
		return;
	arena_free(&c->arena);
	free(c);
}

const struct catalog_queue *catalog_queue(const struct catalog *c, const char *name)
{
	for (size_t i = 0; i < c->queue_count; i++)
		if (strcmp(c->queues[i].name, name) == 0)
			return &c->queues[i];
	return NULL;
}

#define FIND(array, count, id) ((count) ? bsearch(&(id), array, count, sizeof((array)[0]), order_int64) : NULL)

const struct catalog_concert *catalog_concert(const struct catalog *c, int64_t id)
{
	return FIND(c->concerts, c->concert_count, id);
}

const struct catalog_schedule *catalog_schedule(const struct catalog *c, int64_t id)
{
	return FIND(c->schedules, c->schedule_count, id);
}

const struct catalog_seat *schedule_seat(const struct catalog_schedule *s, int64_t id)
{
	return FIND(s->seats, s->seat_count, id);
}
