/* Catalogue files: what is accepted keeps every limit, and reads the same when it is written again. */
#include "base/arena.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "store/catalog_file.h"
#include "tests/fuzz/fuzz.h"

static struct arena arena;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	return 0;
}

static bool within(int64_t n, int64_t least, int64_t most)
{
	return n >= least && n <= most;
}

static void queues_check(const struct catalog_file *f)
{
	for (size_t i = 0; i < f->queue_count; i++) {
		const struct file_queue *q = &f->queues[i];

		must(within((int64_t)strlen(q->name), 1, QUEUE_NAME_MAX));
		must(strspn(q->name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(q->name));
		must(within(q->capacity, 1, CAPACITY_MOST) && within(q->rate_per_second, 1, RATE_MOST));
		must(within(q->session_seconds, 1, SESSION_MOST) && within(q->claim_seconds, 1, CLAIM_MOST));
		for (size_t k = 0; k < i; k++)
			must(strcmp(q->name, f->queues[k].name) != 0);
	}
}

static void users_check_file(const struct catalog_file *f)
{
	for (size_t i = 0; i < f->user_count; i++) {
		const struct file_user *u = &f->users[i];

		must(within(u->from, 1, ID_MOST) && within(u->to, u->from, ID_MOST) && within(u->balance, 0, ID_MOST));
		must(u->name ? u->from == u->to : u->to - u->from < USERS_OF_A_RANGE);
	}
}

static void schedule_check(const struct file_schedule *s)
{
	int64_t seats = 0;

	must(within(s->id, 1, ID_MOST) && s->starts_at > 0 && *s->venue && s->section_count >= 1);
	for (size_t i = 0; i < s->section_count; i++) {
		const struct file_section *x = &s->sections[i];

		must(*x->name && within(x->rows, 1, 10000) && within(x->seats_per_row, 1, 10000));
		must(within(x->price, 0, PRICE_MOST));
		seats += x->rows * x->seats_per_row;
		for (size_t k = 0; k < i; k++)
			must(strcmp(x->name, s->sections[k].name) != 0);
	}
	must(seats <= SEATS_OF_A_SCHEDULE);
}

static void concerts_check(const struct catalog_file *f)
{
	for (size_t i = 0; i < f->concert_count; i++) {
		const struct file_concert *c = &f->concerts[i];

		must(within(c->id, 1, ID_MOST) && *c->title && *c->queue);
		must(within(c->seat_limit, 1, SEATS_MOST) && within(c->hold_seconds, 1, SESSION_MOST));
		for (size_t k = 0; k < i; k++)
			must(c->id != f->concerts[k].id);
		for (size_t k = 0; k < c->schedule_count; k++)
			schedule_check(&c->schedules[k]);
	}
}

static void queues_write(struct json *j, const struct catalog_file *f)
{
	json_array(j, "queues");
	for (size_t i = 0; i < f->queue_count; i++) {
		const struct file_queue *q = &f->queues[i];

		json_object(j, NULL);
		json_text(j, "name", q->name);
		json_int(j, "capacity", q->capacity);
		json_int(j, "ratePerSecond", q->rate_per_second);
		json_int(j, "sessionSeconds", q->session_seconds);
		json_int(j, "claimSeconds", q->claim_seconds);
		json_bool(j, "paused", q->paused);
		json_time(j, "opensAt", q->opens_at);
		json_object_end(j);
	}
	json_array_end(j);
}

static void users_write(struct json *j, const struct catalog_file *f)
{
	json_array(j, "users");
	for (size_t i = 0; i < f->user_count; i++) {
		const struct file_user *u = &f->users[i];

		json_object(j, NULL);
		json_int(j, u->name ? "id" : "from", u->from);
		if (u->name)
			json_text(j, "name", u->name);
		else
			json_int(j, "to", u->to);
		json_int(j, "balance", u->balance);
		json_object_end(j);
	}
	json_array_end(j);
}

static void schedule_write(struct json *j, const struct file_schedule *s)
{
	json_object(j, NULL);
	json_int(j, "id", s->id);
	json_time(j, "startsAt", s->starts_at);
	json_text(j, "venue", s->venue);
	json_array(j, "sections");
	for (size_t i = 0; i < s->section_count; i++) {
		json_object(j, NULL);
		json_text(j, "name", s->sections[i].name);
		json_int(j, "rows", s->sections[i].rows);
		json_int(j, "seatsPerRow", s->sections[i].seats_per_row);
		json_int(j, "price", s->sections[i].price);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void concerts_write(struct json *j, const struct catalog_file *f)
{
	json_array(j, "concerts");
	for (size_t i = 0; i < f->concert_count; i++) {
		const struct file_concert *c = &f->concerts[i];

		json_object(j, NULL);
		json_int(j, "id", c->id);
		json_text(j, "title", c->title);
		json_text(j, "queue", c->queue);
		json_int(j, "seatLimit", c->seat_limit);
		json_int(j, "holdSeconds", c->hold_seconds);
		json_array(j, "schedules");
		for (size_t k = 0; k < c->schedule_count; k++)
			schedule_write(j, &c->schedules[k]);
		json_array_end(j);
		json_object_end(j);
	}
	json_array_end(j);
}

/* The whole catalogue as text. */
static const char *catalog_write(const struct catalog_file *f)
{
	const char *text;
	struct json j;

	json_begin(&j, &arena);
	json_object(&j, NULL);
	queues_write(&j, f);
	users_write(&j, f);
	concerts_write(&j, f);
	json_object_end(&j);
	text = json_done(&j);
	must(text && strlen(text) == j.len);
	return text;
}

static void file_check(const char *text, size_t len)
{
	enum code code = CODE_OK;
	const char *why = NULL;
	const struct catalog_file *f = catalog_file_read(&arena, text, len, &code, &why), *second;

	if (!f) {
		must(code == CODE_INVALID_JSON || code == CODE_INVALID_FIELD);
		must(why && *why && utf8_valid(why, strlen(why)));
		return;
	}
	queues_check(f);
	users_check_file(f);
	concerts_check(f);
	text = catalog_write(f);
	second = catalog_file_read(&arena, text, strlen(text), &code, &why);
	must(second && strcmp(catalog_write(second), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	file_check((const char *)data, size);
	arena_reset(&arena);
	return 0;
}
