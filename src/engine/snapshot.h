/*
 * What a worker keeps of a long line, so that whoever asks from far back is told where they stand without Redis
 * being asked: places with their ranks, who has gone without being let in, and how far the line has come.
 *
 * An estimate is within a hundredth of the true rank or 50 places, as of the last refresh. Who left, or was let in
 * from further back than could be foreseen, is told one for at most SNAPSHOT_MS.
 */
#ifndef USHER_ENGINE_SNAPSHOT_H
#define USHER_ENGINE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/task.h"

struct queue;
struct standing;

#define SNAPSHOT_MS 1000      /* older than this it tells nothing */
#define SAMPLES_MS 400        /* samples are taken anew at most this often, */
#define SAMPLES_MOST_MS 10000 /* and at least this often */
#define FAR_LEAST 1000        /* ranks in front of which Redis is always asked */

/* A place and its ordinal: its rank plus all who had been let in when the rank was read. Letting people in
 * changes every rank and no ordinal. */
struct sample {
	int64_t place, ordinal;
};

struct samples {
	struct sample *at; /* places rise, ordinals do not fall */
	size_t count, room;
	int64_t taken_at; /* clock_ms when the first of them was asked for, */
	int64_t true_at;  /* and when the line was last seen not to have changed but at its ends */
	int64_t version;  /* of the settings then */
	int64_t others;   /* see others_of() */
};

struct snapshot {
	enum { SNAPSHOT_BEGIN, SNAPSHOT_GONE, SNAPSHOT_SAMPLES } state; /* of the refresh under way */
	struct samples samples, coming;
	struct sample end;       /* the last place handed out */
	int64_t epoch, admitted; /* as of asked_at */
	int64_t reach;           /* the furthest place ever let in */
	int64_t moving;          /* most that may be let in during a second */
	int64_t asked_at;        /* clock_ms; whoever had gone by then is known. 0: tells nothing */
	uint64_t *gone;          /* a bit for the hash of each place that has gone; NULL: nobody has */
	size_t gone_count, gone_most;
	int64_t gone_seen; /* the last number on Redis' list that was read */
	int64_t from;      /* the rank to go on from, 0 at the end */
	bool page_full;    /* there may be more on the list of those who have gone */
};

/* One step of a refresh of `q`, whose figures have just been read; `began`: clock_ms when they were asked for.
 * Gives STEP_WAIT, and wants to be called again after that, until it gives STEP_DONE. */
enum step snapshot_refresh(struct task *t, struct queue *q, int64_t began);

/* Where `place` stands, if that is far back and known well enough: true, and *out is WAITING with `estimated` set.
 * Before the doors only the code is told. False: ask Redis. */
bool snapshot_tells(const struct queue *q, uint64_t place, struct standing *out);

void snapshot_free(struct snapshot *s);

#endif
