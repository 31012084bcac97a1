/* Seats, sections and blocks; which maps a worker keeps. */
#include "api/seat_map_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/seat_json.h"
#include "base/metrics.h"

#define SEATS_KEPT 150000 /* by all maps of a worker that nobody waits for; a single one may have more */
#define BLOCK_SEATS 128

/* A number of a seat's own, so that the sum of those that are free tells one set of seats from another. */
static uint64_t seat_number(int64_t id, uint64_t lane)
{
	uint64_t x = (uint64_t)id * 2 + lane;

	x = (x + 0x9e3779b97f4a7c15U) * 0xbf58476d1ce4e5b9U;
	x = (x ^ x >> 29) * 0x94d049bb133111ebU;
	return x ^ x >> 32;
}

static void view_turn(struct seat_view *view, const struct seat_map *m, size_t i)
{
	size_t bytes = m->at[i + 1] - m->at[i];
	bool is_free = m->seats.free[i];

	for (uint64_t lane = 0; lane < 2; lane++) {
		uint64_t n = seat_number(m->seats.ids[i], lane);

		view->sum[lane] += is_free ? n : -n;
	}
	view->bytes += is_free ? bytes : -bytes;
	view->hash_fresh = view->body_fresh = view->gzip_fresh = false;
}

static void seat_turned(struct free_seats *f, size_t i)
{
	struct seat_map *m = (struct seat_map *)f;
	struct block *b = &m->blocks[m->block_of[i]];

	b->stale = true;
	view_turn(&m->views[0], m, i);
	view_turn(&m->views[b->view], m, i);
}

static void map_gone(struct free_seats *f)
{
	struct seat_map *m = (struct seat_map *)f;

	metric_add(METRIC_seat_maps, -1);
	for (size_t i = 0; i < m->view_count; i++) {
		free(m->views[i].body);
		free(m->views[i].gzip);
	}
	for (size_t i = 0; i < m->block_count; i++)
		gzip_piece_free(&m->blocks[i].piece);
	arena_free(&m->arena);
	catalog_drop(m->catalog);
	free(m);
}

/* Writes each seat's text, with a comma in front, and notes where it begins. */
static bool texts_write(struct seat_map *m, const struct catalog_schedule *s)
{
	struct arena scratch = {0};
	const char *text;
	struct json j;

	json_begin(&j, &scratch);
	j.comma = true;
	for (size_t i = 0; i < s->seat_count; i++) {
		m->at[i] = (uint32_t)j.len;
		seat_json(&j, &s->seats[i], s->seats[i].price);
	}
	m->at[s->seat_count] = (uint32_t)j.len;
	text = json_done(&j);
	m->text = text ? arena_copy(&m->arena, text, j.len) : NULL;
	arena_free(&scratch);
	m->head_len = (size_t)snprintf(m->head, sizeof(m->head), "{\"scheduleId\":%" PRId64 ",\"seats\":[", s->id);
	return m->text;
}

size_t seat_map_section(const struct seat_map *m, const char *section)
{
	size_t i = 1;

	while (i < m->view_count - 1 && strcmp(m->views[i].section, section) != 0)
		i++;
	return i;
}

/* The last view stays the one that is nobody's section. */
static size_t section_add(struct seat_map *m, const char *section)
{
	size_t view = seat_map_section(m, section);

	if (view == m->view_count - 1) {
		m->views[view].section = section;
		m->views[m->view_count] = (struct seat_view){.section = "", .number = m->view_count};
		m->view_count++;
	}
	return view;
}

/* Cuts the seats into blocks. The sections' names are shared by neighbours, and compared by text but once. */
static void blocks_cut(struct seat_map *m, const struct catalog_schedule *s)
{
	for (size_t i = 0; i < s->seat_count; i++) {
		const char *section = s->seats[i].section;
		bool same = i && section == s->seats[i - 1].section;
		struct block *b = m->block_count ? &m->blocks[m->block_count - 1] : NULL;

		if (!same || i - b->first == BLOCK_SEATS) {
			size_t view = same ? b->view : section_add(m, section);

			b = &m->blocks[m->block_count++];
			*b = (struct block){.first = i, .view = view, .stale = true};
		}
		b->end = i + 1;
		m->block_of[i] = (uint32_t)(m->block_count - 1);
	}
}

/* How many blocks and sections there may be at most: a block ends where the section changes or it is full. */
static size_t blocks_most(const struct catalog_schedule *s)
{
	size_t n = s->seat_count / BLOCK_SEATS + 1;

	for (size_t i = 1; i < s->seat_count; i++)
		n += s->seats[i].section != s->seats[i - 1].section;
	return n;
}

static bool map_fill(struct seat_map *m, struct queue *q, const struct catalog_schedule *s)
{
	size_t blocks = blocks_most(s), n = s->seat_count;
	int64_t *ids = malloc((n + 1) * sizeof(*ids));

	m->at = arena_alloc(&m->arena, (n + 1) * sizeof(*m->at));
	m->block_of = arena_alloc(&m->arena, (n + 1) * sizeof(*m->block_of));
	m->blocks = arena_alloc(&m->arena, blocks * sizeof(*m->blocks));
	m->views = arena_alloc(&m->arena, (blocks + 2) * sizeof(*m->views));
	if (!ids || !m->at || !m->block_of || !m->blocks || !m->views || !texts_write(m, s)) {
		free(ids);
		return false;
	}
	m->views[0].section = m->views[1].section = "";
	m->views[1].number = 1;
	m->view_count = 2;
	blocks_cut(m, s);
	for (size_t i = 0; i < n; i++)
		ids[i] = s->seats[i].id;
	return free_seats_init(&m->seats, q, s->id, ids, n);
}

static struct seat_map *map_new(struct catalog *c, struct queue *q, const struct catalog_schedule *s)
{
	struct seat_map *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	metric_add(METRIC_seat_maps, 1);
	metric_add(METRIC_seat_maps_made, 1);
	m->catalog = catalog_take(c);
	m->schedule = s;
	m->seats.turned = seat_turned;
	m->seats.gone = map_gone;
	m->seats.users = 1;
	if (map_fill(m, q, s))
		return m;
	free_seats_drop(&m->seats);
	return NULL;
}

struct seat_map *seat_map_find(struct seat_maps *maps, const struct catalog *c, int64_t schedule)
{
	struct seat_map **at = &maps->first, *m;

	while (*at && ((*at)->schedule->id != schedule || (*at)->catalog != c))
		at = &(*at)->next;
	m = *at;
	if (m && m != maps->first) {
		*at = m->next;
		m->next = maps->first;
		maps->first = m;
	}
	return m;
}

/* Drops the maps of another catalogue, and those asked for least lately beyond the room there is. Spared are
 * those with a question under way: whoever waits for its answer would begin anew without them, which two could
 * do to each other for ever. */
static void maps_trim(struct seat_maps *maps, const struct catalog *c, size_t coming)
{
	struct seat_map **at = &maps->first;
	size_t kept = coming;

	while (*at) {
		struct seat_map *m = *at;

		kept += m->seats.count;
		if (m->seats.users > 1 || (m->catalog == c && kept <= SEATS_KEPT)) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		free_seats_drop(&m->seats);
	}
}

struct seat_map *seat_map_get(struct seat_maps *maps, struct catalog *c, struct queue *q,
			      const struct catalog_schedule *s)
{
	struct seat_map *m = seat_map_find(maps, c, s->id);

	if (m)
		return m;
	maps_trim(maps, c, s->seat_count);
	m = map_new(c, q, s);
	if (m) {
		m->serial = ++maps->made;
		m->next = maps->first;
		maps->first = m;
	}
	return m;
}

void seat_maps_follow(struct seat_maps *maps, const struct catalog *c)
{
	maps_trim(maps, c, 0);
}

/* Nothing is under way any more. */
void seat_maps_free(struct seat_maps *maps)
{
	maps_trim(maps, NULL, 0);
	gzip_free(maps->gzip);
}

struct free_seats *seat_map_seats(struct seat_map *m)
{
	return &m->seats;
}

unsigned long seat_map_serial(const struct seat_map *m)
{
	return m->serial;
}
