/* Queue settings and epochs in MySQL. */
#include "store/queues.h"

#include <sodium.h>
#include <string.h>

#define SETTINGS_COLUMNS                                                                                               \
	"version, epoch, capacity, rate_per_second, session_seconds, claim_seconds, paused, opens_at, created_at"

static enum db_result settings_row(struct db *db, char *name, size_t size, struct queue_settings *s)
{
	int64_t paused = 0;
	enum db_result r =
		db_row(db, "siiiiiiitt", name, size, &s->version, &s->epoch, &s->capacity, &s->rate_per_second,
		       &s->session_seconds, &s->claim_seconds, &paused, &s->opens_at, &s->created_at);

	s->paused = paused != 0;
	return r;
}

static enum db_result read_all(struct db *db, void *arg)
{
	struct queues_job *j = arg;
	enum db_result r = db_query(db, "SELECT version, (SELECT COUNT(*) FROM queues) FROM catalog_version", "");
	int64_t most = 0;

	if (r == DB_OK)
		r = db_row(db, "ii", &j->catalog_version, &most);
	if (r != DB_OK)
		return r;
	j->count = 0;
	j->rows = arena_alloc(&j->job.arena, ((size_t)most + 1) * sizeof(*j->rows));
	if (!j->rows)
		return DB_FAILED;
	r = db_query(db, "SELECT name, " SETTINGS_COLUMNS " FROM queues ORDER BY name", "");
	while (r == DB_OK && j->count < (size_t)most) {
		struct queue_row *row = &j->rows[j->count];

		r = settings_row(db, row->name, sizeof(row->name), &row->settings);
		if (r == DB_OK)
			j->count++;
	}
	return r == DB_NONE ? DB_OK : r;
}

enum code queues_read_work(struct db *db, struct job *job)
{
	pool_try_writes(db);
	return db_code(db_reading(db, read_all, job));
}

/* `new` unless it is UNCHANGED. Gives whether that differs from what was there. */
static bool change(int64_t *value, int64_t new)
{
	if (new == UNCHANGED || *value == new)
		return false;
	*value = new;
	return true;
}

static bool changes_apply(struct queue_settings *s, const struct queue_patch_job *j)
{
	int64_t paused = s->paused;
	bool changed = change(&s->capacity, j->capacity);

	changed |= change(&s->rate_per_second, j->rate_per_second);
	changed |= change(&s->session_seconds, j->session_seconds);
	changed |= change(&s->claim_seconds, j->claim_seconds);
	changed |= change(&s->opens_at, j->opens_at);
	changed |= change(&paused, j->paused);
	s->paused = paused != 0;
	return changed;
}

enum db_result doors_look(struct db *db, int64_t old, int64_t new, bool *opened, bool *past)
{
	int64_t is_open = 0, is_past = 0;
	enum db_result r = db_query(db, "SELECT COALESCE(? <= UTC_TIMESTAMP(3), 0), COALESCE(? <= UTC_TIMESTAMP(3), 0)",
				    "tt", old, new);

	if (r == DB_OK)
		r = db_row(db, "ii", &is_open, &is_past);
	*opened = is_open != 0;
	*past = is_past != 0;
	return r;
}

/* Doors can be moved while they are still ahead, and only to a time that is ahead as well: what has
 * been drawn and shown stays as it was. */
static enum db_result doors_check(struct db *db, struct queue_patch_job *j)
{
	bool opened, past;
	enum db_result r;

	if (j->opens_at == UNCHANGED || j->opens_at == j->settings.opens_at)
		return DB_OK;
	r = doors_look(db, j->settings.opens_at, j->opens_at, &opened, &past);
	if (r != DB_OK || (!opened && !past))
		return r;
	j->code = CODE_INVALID_FIELD;
	j->why = opened ? "opensAt: the doors are open already" : "opensAt: must be in the future";
	return DB_REFUSED;
}

enum db_result queue_reseed(struct db *db, const char *name)
{
	unsigned char seed[32];
	enum db_result r;

	randombytes_buf(seed, sizeof(seed));
	r = db_exec(db, "UPDATE queues SET seed = ? WHERE name = ?", "bs", seed, sizeof(seed), name);
	return r == DB_OK ? db_exec(db, "UPDATE catalog_version SET version = version + 1 WHERE id = 1", "") : r;
}

static enum db_result patch(struct db *db, void *arg)
{
	struct queue_patch_job *j = arg;
	struct queue_settings *s = &j->settings;
	char name[QUEUE_NAME_MAX + 1];
	enum db_result r =
		db_query(db, "SELECT name, " SETTINGS_COLUMNS " FROM queues WHERE name = ? FOR UPDATE", "s", j->name);

	if (r == DB_OK)
		r = settings_row(db, name, sizeof(name), s);
	if (r == DB_NONE) {
		j->code = CODE_QUEUE_NOT_FOUND;
		return DB_REFUSED;
	}
	if (r == DB_OK)
		r = doors_check(db, j);
	if (r == DB_OK && s->opens_at == 0 && j->opens_at > 0)
		r = queue_reseed(db, j->name);
	if (r != DB_OK || !changes_apply(s, j))
		return r;
	s->version++;
	return db_exec(db,
		       "UPDATE queues SET version = ?, capacity = ?, rate_per_second = ?, session_seconds = ?,"
		       " claim_seconds = ?, paused = ?, opens_at = ? WHERE name = ?",
		       "iiiiiits", s->version, s->capacity, s->rate_per_second, s->session_seconds, s->claim_seconds,
		       (int64_t)s->paused, s->opens_at, j->name);
}

enum code queue_patch_work(struct db *db, struct job *job)
{
	struct queue_patch_job *j = (struct queue_patch_job *)job;

	j->code = CODE_OK;
	return db_code(db_transaction(db, patch, j));
}

static enum db_result epoch_raise(struct db *db, void *arg)
{
	struct queue_epoch_job *j = arg;
	enum db_result r =
		db_exec(db, "UPDATE queues SET epoch = epoch + 1 WHERE name = ? AND epoch = ?", "si", j->name, j->seen);

	j->won = r == DB_OK && db_affected(db) == 1;
	return r;
}

enum code queue_epoch_work(struct db *db, struct job *job)
{
	return db_code(db_transaction(db, epoch_raise, job));
}

#define SOLD                                                                                                           \
	" FROM reservation_seats s JOIN reservations r ON r.id = s.reservation_id"                                     \
	" WHERE s.schedule_id = ? AND s.live = 1 AND r.status = 'PAID'"

static enum db_result sold_read(struct db *db, void *arg)
{
	struct seats_sold_job *j = arg;
	int64_t most = 0;
	enum db_result r = db_query(db, "SELECT COUNT(*)" SOLD, "i", j->schedule);

	if (r == DB_OK)
		r = db_row(db, "i", &most);
	if (r != DB_OK)
		return r;
	j->count = 0;
	j->seats = arena_alloc(&j->job.arena, ((size_t)most + 1) * sizeof(*j->seats));
	if (!j->seats)
		return DB_FAILED;
	r = db_query(db, "SELECT s.seat_id" SOLD " LIMIT ?", "ii", j->schedule, most);
	while (r == DB_OK) {
		r = db_row(db, "i", &j->seats[j->count]);
		j->count += r == DB_OK;
	}
	return r == DB_NONE ? DB_OK : r;
}

enum code seats_sold_work(struct db *db, struct job *job)
{
	return db_code(db_snapshot(db, sold_read, job));
}
