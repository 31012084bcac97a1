/*
 * Is there such a user? Asked of MySQL in batches, remembered in a bounded cache, the known and
 * the unknown alike: tens of thousands of strangers in a second are a few hundred queries.
 */
#ifndef USHER_STORE_USERS_H
#define USHER_STORE_USERS_H

#include "store/pool.h"

struct user_entry {
	int64_t id, until; /* clock_ms; id 0: empty */
	bool known;
};

struct user_question;

/* One loop's checker. */
struct users {
	struct loop *loop;
	struct user_entry *cache; /* USERS_CACHE entries; a newer id takes an older one's slot */
	struct user_question *first, *last;
	size_t waiting;
	struct event *flush;
	bool flush_pending;
	int64_t flushed_at, gap_ms; /* batches leave at least gap_ms apart, in a crowd longer */
	size_t batch_size;          /* of the last one */
};

#define USERS_CACHE 65536
#define USERS_BATCH 1000
#define USER_KNOWN_MS 60000
#define USER_UNKNOWN_MS 2000

/* `loops`: how many loops of this process check users; together they send at most 200 batches a
 * second. 0, or -1 when memory is out. */
int users_init(struct users *u, struct loop *l, long loops);
void users_destroy(struct users *u);

/* Writes into *known whether there is a user `id`: STEP_NEXT from the cache, else STEP_WAIT. */
enum step users_check(struct users *u, struct task *t, int64_t id, bool *known);

/* Forgets who was unknown: the catalogue has changed. */
void users_forget_unknown(struct users *u);

#endif
