/* What is known of MySQL, and the lines that say so: one when it goes, one when it comes back. */
#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/db.h"
#include "store/pool.h"

#define LOOK_AFTER_MS 1000 /* after the last refusal, before a write is tried */
#define SAY_AGAIN_MS 10000 /* a disk that is full now and then is spoken of this often */

static _Atomic bool healthy, complained, complained_of_writes;
static _Atomic int64_t refused_at; /* clock_ms of the last refused write, 0: none since one succeeded */

bool pool_healthy(void)
{
	return atomic_load_explicit(&healthy, memory_order_relaxed);
}

void pool_suspect(void)
{
	pool_set_healthy(false);
}

void pool_set_healthy(bool now)
{
	if (atomic_exchange_explicit(&healthy, now, memory_order_relaxed) == now)
		return;
	if (now)
		atomic_store_explicit(&complained, false, memory_order_relaxed);
	log_info("MySQL: %s", now ? "answers" : "does not answer; trying again");
}

void pool_complain(const char *why)
{
	if (!atomic_exchange_explicit(&complained, true, memory_order_relaxed))
		log_error("MySQL: cannot connect: %s; trying again", why);
}

bool pool_takes_writes(void)
{
	return atomic_load_explicit(&refused_at, memory_order_relaxed) == 0;
}

void pool_no_writes(const char *why)
{
	static _Atomic int64_t said;

	if (atomic_exchange_explicit(&refused_at, clock_ms(), memory_order_relaxed) || !log_due(&said, SAY_AGAIN_MS))
		return;
	log_error("MySQL: takes no writes: %s; trying again", why);
	atomic_store_explicit(&complained_of_writes, true, memory_order_relaxed);
}

/* Writes what is taken back at once. */
static enum db_result try_write(struct db *db, void *arg)
{
	enum db_result r = db_exec(db,
				   "INSERT INTO idempotency (user_id, idem_key, fingerprint, created_at)"
				   " VALUES (0, 'may we write?', '', UTC_TIMESTAMP(3))",
				   "");

	(void)arg;
	return r == DB_OK ? DB_REFUSED : r;
}

void pool_try_writes(struct db *db)
{
	int64_t at = atomic_load_explicit(&refused_at, memory_order_relaxed);

	if (at == 0 || clock_ms() - at < LOOK_AFTER_MS || db_transaction(db, try_write, NULL) != DB_REFUSED)
		return;
	/* Unless another write was refused in the meantime. */
	if (atomic_compare_exchange_strong(&refused_at, &at, 0) && atomic_exchange(&complained_of_writes, false))
		log_info("MySQL: takes writes again");
}
