/* Reading and checking a catalogue file. */
#include "store/catalog_file.h"

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_read.h"

#define OF(type, field) offsetof(struct type, field)
#define FIELDS(table) table, sizeof(table) / sizeof((table)[0])
#define MANY 100000

struct lists {
	const cJSON *queues, *users, *concerts;
};

static const struct json_field file_fields[] = {
	{"queues", JSON_LIST, 0, 1000, JSON_OPTIONAL, OF(lists, queues)},
	{"users", JSON_LIST, 0, 10 * MANY, JSON_OPTIONAL, OF(lists, users)},
	{"concerts", JSON_LIST, 0, MANY, JSON_OPTIONAL, OF(lists, concerts)},
};

static const struct json_field queue_fields[] = {
	{"name", JSON_TEXT, 1, QUEUE_NAME_MAX, JSON_REQUIRED, OF(file_queue, name)},
	{"capacity", JSON_INT, 1, CAPACITY_MOST, JSON_REQUIRED, OF(file_queue, capacity)},
	{"ratePerSecond", JSON_INT, 1, RATE_MOST, JSON_REQUIRED, OF(file_queue, rate_per_second)},
	{"sessionSeconds", JSON_INT, 1, SESSION_MOST, JSON_REQUIRED, OF(file_queue, session_seconds)},
	{"claimSeconds", JSON_INT, 1, CLAIM_MOST, JSON_REQUIRED, OF(file_queue, claim_seconds)},
	{"paused", JSON_BOOL, 0, 1, JSON_OPTIONAL, OF(file_queue, paused)},
	{"opensAt", JSON_TIME, 0, 0, JSON_OPTIONAL, OF(file_queue, opens_at)},
};

static const struct json_field user_fields[] = {
	{"id", JSON_INT, 1, ID_MOST, JSON_REQUIRED, OF(file_user, from)},
	{"name", JSON_TEXT, 0, 200, JSON_OPTIONAL, OF(file_user, name)},
	{"balance", JSON_INT, 0, ID_MOST, JSON_OPTIONAL, OF(file_user, balance)},
};

static const struct json_field range_fields[] = {
	{"from", JSON_INT, 1, ID_MOST, JSON_REQUIRED, OF(file_user, from)},
	{"to", JSON_INT, 1, ID_MOST, JSON_REQUIRED, OF(file_user, to)},
	{"balance", JSON_INT, 0, ID_MOST, JSON_OPTIONAL, OF(file_user, balance)},
};

struct concert_lists {
	struct file_concert concert;
	const cJSON *schedules;
};

static const struct json_field concert_fields[] = {
	{"id", JSON_INT, 1, ID_MOST, JSON_REQUIRED, OF(concert_lists, concert.id)},
	{"title", JSON_TEXT, 1, 200, JSON_REQUIRED, OF(concert_lists, concert.title)},
	{"queue", JSON_TEXT, 1, QUEUE_NAME_MAX, JSON_REQUIRED, OF(concert_lists, concert.queue)},
	{"seatLimit", JSON_INT, 1, SEATS_MOST, JSON_OPTIONAL, OF(concert_lists, concert.seat_limit)},
	{"holdSeconds", JSON_INT, 1, SESSION_MOST, JSON_OPTIONAL, OF(concert_lists, concert.hold_seconds)},
	{"schedules", JSON_LIST, 0, 10000, JSON_REQUIRED, OF(concert_lists, schedules)},
};

struct schedule_lists {
	struct file_schedule schedule;
	const cJSON *sections;
};

static const struct json_field schedule_fields[] = {
	{"id", JSON_INT, 1, ID_MOST, JSON_REQUIRED, OF(schedule_lists, schedule.id)},
	{"startsAt", JSON_TIME, 0, 0, JSON_REQUIRED, OF(schedule_lists, schedule.starts_at)},
	{"venue", JSON_TEXT, 1, 200, JSON_REQUIRED, OF(schedule_lists, schedule.venue)},
	{"sections", JSON_LIST, 1, 1000, JSON_REQUIRED, OF(schedule_lists, sections)},
};

static const struct json_field section_fields[] = {
	{"name", JSON_TEXT, 1, 64, JSON_REQUIRED, OF(file_section, name)},
	{"rows", JSON_INT, 1, 10000, JSON_REQUIRED, OF(file_section, rows)},
	{"seatsPerRow", JSON_INT, 1, 10000, JSON_REQUIRED, OF(file_section, seats_per_row)},
	{"price", JSON_INT, 0, PRICE_MOST, JSON_REQUIRED, OF(file_section, price)},
};

/* One reading: the arena and the first thing found wrong. */
struct reading {
	struct arena *a;
	const char *why;
};

static bool wrong(struct reading *r, const char *path, const char *what)
{
	r->why = arena_printf(r->a, "%s: %s", path, what);
	return false;
}

static bool fields(struct reading *r, const cJSON *item, const char *path, const struct json_field *table, size_t count,
		   void *out)
{
	return json_fields(r->a, item, path, table, count, JSON_UNKNOWN_REFUSE, out, &r->why);
}

/* Reads each element of a list with `read` into an array of structs of `size` bytes. */
static bool list(struct reading *r, const cJSON *items, const char *path, size_t size, void **out, size_t *count,
		 bool (*read)(struct reading *, const cJSON *, const char *, void *))
{
	const cJSON *item;
	char *p;

	*count = 0;
	*out = p = arena_alloc(r->a, ((size_t)cJSON_GetArraySize(items) + 1) * size);
	if (!p)
		return wrong(r, path, "out of memory");
	cJSON_ArrayForEach (item, items) {
		const char *name = arena_printf(r->a, "%s[%zu]", path, *count);

		if (!name || !read(r, item, name, p + *count * size))
			return false;
		++*count;
	}
	return true;
}

static bool queue_name_valid(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool read_queue(struct reading *r, const cJSON *item, const char *path, void *out)
{
	const struct file_queue *q = out;

	if (!fields(r, item, path, FIELDS(queue_fields), out))
		return false;
	return queue_name_valid(q->name) || wrong(r, path, "name must be made of a-z, 0-9 and -");
}

static bool read_user(struct reading *r, const cJSON *item, const char *path, void *out)
{
	struct file_user *u = out;

	if (!cJSON_GetObjectItemCaseSensitive(item, "from")) {
		u->name = "";
		if (!fields(r, item, path, FIELDS(user_fields), out))
			return false;
		u->to = u->from;
		return true;
	}
	if (!fields(r, item, path, FIELDS(range_fields), out))
		return false;
	if (u->to < u->from || u->to - u->from >= USERS_OF_A_RANGE)
		return wrong(r, path, "to must not be below from, nor 10,000,000 or more above it");
	return true;
}

static bool read_section(struct reading *r, const cJSON *item, const char *path, void *out)
{
	return fields(r, item, path, FIELDS(section_fields), out);
}

static bool sections_check(struct reading *r, const char *path, const struct file_schedule *s)
{
	int64_t seats = 0;

	for (size_t i = 0; i < s->section_count; i++) {
		seats += s->sections[i].rows * s->sections[i].seats_per_row;
		for (size_t k = 0; k < i; k++)
			if (strcmp(s->sections[i].name, s->sections[k].name) == 0)
				return wrong(r, arena_printf(r->a, "%s.sections[%zu].name", path, i),
					     "stands twice in the schedule");
	}
	return seats <= SEATS_OF_A_SCHEDULE || wrong(r, path, "more than 200,000 seats");
}

static bool read_schedule(struct reading *r, const cJSON *item, const char *path, void *out)
{
	struct schedule_lists lists = {0};
	struct file_schedule *s = out;
	void *sections;

	if (!fields(r, item, path, FIELDS(schedule_fields), &lists))
		return false;
	*s = lists.schedule;
	if (s->starts_at == 0)
		return wrong(r, path, "startsAt must be a time");
	if (!list(r, lists.sections, arena_printf(r->a, "%s.sections", path), sizeof(*s->sections), &sections,
		  &s->section_count, read_section))
		return false;
	s->sections = sections;
	return sections_check(r, path, s);
}

static bool read_concert(struct reading *r, const cJSON *item, const char *path, void *out)
{
	struct concert_lists lists = {.concert = {.seat_limit = 4, .hold_seconds = 300}};
	struct file_concert *c = out;
	void *schedules;

	if (!fields(r, item, path, FIELDS(concert_fields), &lists))
		return false;
	*c = lists.concert;
	if (!list(r, lists.schedules, arena_printf(r->a, "%s.schedules", path), sizeof(*c->schedules), &schedules,
		  &c->schedule_count, read_schedule))
		return false;
	c->schedules = schedules;
	return true;
}

/* One schedule's id and where it stands. */
struct schedule_spot {
	int64_t id;
	size_t concert, schedule;
};

static int spot_order(const void *a, const void *b)
{
	const struct schedule_spot *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	if (x->concert != y->concert)
		return x->concert < y->concert ? -1 : 1;
	return x->schedule < y->schedule ? -1 : 1;
}

/* No schedule may stand in the file twice. */
static bool schedules_check(struct reading *r, const struct catalog_file *f)
{
	struct schedule_spot *spots;
	size_t count = 0;

	for (size_t i = 0; i < f->concert_count; i++)
		count += f->concerts[i].schedule_count;
	spots = arena_alloc(r->a, (count + 1) * sizeof(*spots));
	if (!spots)
		return wrong(r, "concerts", "out of memory");
	count = 0;
	for (size_t i = 0; i < f->concert_count; i++)
		for (size_t k = 0; k < f->concerts[i].schedule_count; k++)
			spots[count++] = (struct schedule_spot){f->concerts[i].schedules[k].id, i, k};
	qsort(spots, count, sizeof(*spots), spot_order);
	for (size_t i = 1; i < count; i++)
		if (spots[i].id == spots[i - 1].id)
			return wrong(r,
				     arena_printf(r->a, "concerts[%zu].schedules[%zu].id", spots[i].concert,
						  spots[i].schedule),
				     "stands twice");
	return true;
}

/* No queue and no concert may stand in the file twice. Quadratic, but a file has few. */
static bool ids_check(struct reading *r, const struct catalog_file *f)
{
	for (size_t i = 0; i < f->queue_count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(f->queues[i].name, f->queues[k].name) == 0)
				return wrong(r, arena_printf(r->a, "queues[%zu].name", i), "stands twice");
	for (size_t i = 0; i < f->concert_count; i++) {
		for (size_t k = 0; k < i; k++)
			if (f->concerts[i].id == f->concerts[k].id)
				return wrong(r, arena_printf(r->a, "concerts[%zu].id", i), "stands twice");
	}
	return schedules_check(r, f);
}

static bool file_check(struct reading *r, const struct lists *lists, struct catalog_file *f)
{
	void *queues, *users, *concerts;

	if (!list(r, lists->queues, "queues", sizeof(*f->queues), &queues, &f->queue_count, read_queue) ||
	    !list(r, lists->users, "users", sizeof(*f->users), &users, &f->user_count, read_user) ||
	    !list(r, lists->concerts, "concerts", sizeof(*f->concerts), &concerts, &f->concert_count, read_concert))
		return false;
	f->queues = queues;
	f->users = users;
	f->concerts = concerts;
	return ids_check(r, f);
}

struct catalog_file *catalog_file_read(struct arena *a, const char *text, size_t len, enum code *code, const char **why)
{
	struct catalog_file *f = arena_alloc(a, sizeof(*f));
	struct reading r = {a, "out of memory"};
	const cJSON *json = f ? json_parse(a, text, len, &r.why) : NULL;
	struct lists lists = {0};

	if (json && fields(&r, json, "", FIELDS(file_fields), &lists) && file_check(&r, &lists, f))
		return f;
	*code = json ? CODE_INVALID_FIELD : CODE_INVALID_JSON;
	*why = r.why ? r.why : "out of memory";
	return NULL;
}
