/*
 * Idempotency keys: remembered in the transaction of the work they stand for.
 */
#ifndef USHER_STORE_IDEMPOTENCY_H
#define USHER_STORE_IDEMPOTENCY_H

#include "store/pool.h"

#define IDEMPOTENCY_KEY_MOST 64
#define FINGERPRINT_BYTES 32

/* How a request is known again: `key` "" means the client sent none. */
struct idempotency {
	char key[IDEMPOTENCY_KEY_MOST + 1];
	unsigned char fingerprint[FINGERPRINT_BYTES]; /* of route and body */
};

/* First statement of the transaction: takes the key for `user`. While another connection is at
 * work under the same key this waits for it. DB_DUPLICATE: the key was used, ask
 * idempotency_find() outside the failed transaction. */
enum db_result idempotency_begin(struct db *db, int64_t user, const struct idempotency *i);

/* Last statement: what the answer can be made from again. */
enum db_result idempotency_end(struct db *db, int64_t user, const struct idempotency *i, int64_t result);

/* What the key was used for. `code` is OK with *result; IDEMPOTENCY_KEY_REUSED when it was another
 * request; IN_PROGRESS when the work is under way. DB_NONE: the key is not known. */
enum db_result idempotency_find(struct db *db, int64_t user, const struct idempotency *i, enum code *code,
				int64_t *result);

/* The same for a request that does nothing but look: while another connection is at work under the key
 * this waits for it, and gives IN_PROGRESS when that takes too long. */
enum db_result idempotency_await(struct db *db, int64_t user, const struct idempotency *i, enum code *code,
				 int64_t *result);

/* Forgets keys older than 24 hours. */
enum code idempotency_sweep_work(struct db *db, struct job *job);

#endif
