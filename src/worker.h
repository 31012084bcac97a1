/*
 * A worker: one thread with its loop, its HTTP server, its Redis connection and its caches.
 * Workers share nothing but the settings, the metrics and the catalogue, which never changes.
 */
#ifndef USHER_WORKER_H
#define USHER_WORKER_H

#include "api/pages.h"
#include "api/promises.h"
#include "api/seat_map.h"
#include "engine/queue.h"
#include "http/server.h"
#include "store/catalog.h"
#include "store/strikes.h"
#include "store/users.h"

struct worker {
	struct loop loop;
	struct engine engine;
	struct users users;
	struct strikes strikes;
	struct promises promises;
	struct seat_maps seat_maps;
	struct server *server;
	const struct pages *pages;         /* of all workers */
	struct catalog *catalog;           /* NULL before the first one has come */
	_Atomic(struct catalog *) pending; /* a newer one, put there by the keeper */
	struct letter nudge, stop, call;
	atomic_flag nudged, called;
	pthread_t thread;
	bool running;
};

/* Starts `count` workers on *port (0: a free one, which is then set). 0, or -1 with a line. */
int workers_start(long count, const char *host, int *port);

/* Finishes what is under way, for at most `most_ms`, and ends the threads. The loops stay, since
 * database threads may still post to them: workers_free() comes after pool_stop(). */
void workers_stop(int most_ms);
void workers_free(void);

/* Hands a catalogue to all workers: any request that begins after this returns sees it. */
void workers_publish(struct catalog *c);

/* Whether every worker has its Redis connection and the catalogue. */
bool workers_ready(void);

/* Whether every worker's loop has come round since this was asked before. For one thread to ask. */
bool workers_turning(void);

/* The catalogue in force on this worker; NULL before the first one. */
struct catalog *worker_catalog(struct worker *w);

/* The same for the keeper, which has an engine but no server: tells an engine its queues. */
void engine_take_catalog(struct engine *e, const struct catalog *c);

#endif
