/* One row a key; its uniqueness is what makes two equal requests one. */
#include "store/idempotency.h"

#include <string.h>

enum db_result idempotency_begin(struct db *db, int64_t user, const struct idempotency *i)
{
	enum db_result r;

	if (!*i->key)
		return DB_OK;
	r = db_exec(db,
		    "INSERT INTO idempotency (user_id, idem_key, fingerprint, created_at)"
		    " VALUES (?, ?, ?, UTC_TIMESTAMP(3))",
		    "isb", user, i->key, i->fingerprint, sizeof(i->fingerprint));
	/* Waited in vain for the key's holder, or deadlocked with another who wants it. */
	return r == DB_BUSY ? DB_DUPLICATE : r;
}

enum db_result idempotency_end(struct db *db, int64_t user, const struct idempotency *i, int64_t result)
{
	if (!*i->key)
		return DB_OK;
	return db_exec(db, "UPDATE idempotency SET result_id = ? WHERE user_id = ? AND idem_key = ?", "iis", result,
		       user, i->key);
}

enum db_result idempotency_find(struct db *db, int64_t user, const struct idempotency *i, enum code *code,
				int64_t *result)
{
	unsigned char fingerprint[FINGERPRINT_BYTES];
	enum db_result r =
		db_query(db, "SELECT fingerprint, result_id FROM idempotency WHERE user_id = ? AND idem_key = ?", "is",
			 user, i->key);

	if (r == DB_OK)
		r = db_row(db, "bi", fingerprint, sizeof(fingerprint), result);
	if (r != DB_OK)
		return r;
	if (memcmp(fingerprint, i->fingerprint, sizeof(fingerprint)) != 0)
		*code = CODE_IDEMPOTENCY_KEY_REUSED;
	else
		*code = *result ? CODE_OK : CODE_IN_PROGRESS;
	return DB_OK;
}

enum db_result idempotency_await(struct db *db, int64_t user, const struct idempotency *i, enum code *code,
				 int64_t *result)
{
	/* A key that is being written is not to be seen, but its row is locked. */
	enum db_result r =
		db_query(db, "SELECT 1 FROM idempotency WHERE user_id = ? AND idem_key = ? LOCK IN SHARE MODE", "is",
			 user, i->key);

	if (r == DB_BUSY) {
		*code = CODE_IN_PROGRESS;
		return DB_OK;
	}
	return r == DB_OK ? idempotency_find(db, user, i, code, result) : r;
}

static enum db_result sweep(struct db *db, void *arg)
{
	(void)arg;
	return db_sweep(db,
			"DELETE FROM idempotency WHERE created_at < UTC_TIMESTAMP(3) - INTERVAL 24 HOUR" SWEEP_LIMIT);
}

enum code idempotency_sweep_work(struct db *db, struct job *job)
{
	return db_code(db_reading(db, sweep, job));
}
