/*
 * The free seats of a schedule as the answers show them: each seat's text written once, the free ones put
 * together again only when they have changed. A worker keeps the maps that were asked for lately.
 */
#ifndef USHER_API_SEAT_MAP_H
#define USHER_API_SEAT_MAP_H

#include "engine/free_seats.h"
#include "store/catalog.h"

#define ETAG_TEXT 40

struct seat_map;
struct gzip;

/* One worker's. */
struct seat_maps {
	struct seat_map *first; /* the one asked for last */
	struct gzip *gzip;      /* made when it is first needed */
	unsigned long made;     /* how many maps so far */
};

/* Drops what is not of this catalogue, but for what somebody waits for. */
void seat_maps_follow(struct seat_maps *maps, const struct catalog *c);

void seat_maps_free(struct seat_maps *maps);

/* The map of a schedule if it is kept, for `c`; or NULL. */
struct seat_map *seat_map_find(struct seat_maps *maps, const struct catalog *c, int64_t schedule);

/* The same; it is made if need be, and others are dropped to make room. NULL when memory is out. It lasts until
 * the worker makes another one: so it is looked up again after every wait. */
struct seat_map *seat_map_get(struct seat_maps *maps, struct catalog *c, struct queue *q,
			      const struct catalog_schedule *s);

/* What it follows; and the number of the map among all that the worker has made, from 1. */
struct free_seats *seat_map_seats(struct seat_map *m);
unsigned long seat_map_serial(const struct seat_map *m);

/* One way to look at a map: all of it, or one section. */
struct seat_view;

/* `section` NULL: all of it. A section that the schedule does not have is an empty view. */
struct seat_view *seat_map_view(struct seat_map *m, const char *section);

/* Whether the body is long enough to be worth compressing. */
bool seat_view_is_long(const struct seat_view *view);

/* Writes the strong validator of the body as it is or as gzip, and gives it: equal on every worker and daemon for
 * the same seats of the same catalogue. */
const char *seat_view_etag(struct seat_map *m, struct seat_view *view, bool gzip, char text[ETAG_TEXT]);

struct seat_body {
	const char *text;
	size_t len;
};

/* The body, in memory of the map until the next call. False when memory is out. */
bool seat_view_body(struct seat_map *m, struct seat_view *view, struct seat_body *out);

/* Compresses some of what has changed in the view since it was last compressed. False: it wants to be called
 * again, after others had their turn. */
bool seat_view_compress(struct seat_maps *maps, struct seat_map *m, const struct seat_view *view);

/* The body as gzip, once it is compressed; the same otherwise. */
bool seat_view_gzip(struct seat_maps *maps, struct seat_map *m, struct seat_view *view, struct seat_body *out);

#endif
