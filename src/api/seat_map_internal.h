/*
 * The inside of a seat map, shared by seat_map.c and seat_view.c only.
 */
#ifndef USHER_API_SEAT_MAP_INTERNAL_H
#define USHER_API_SEAT_MAP_INTERNAL_H

#include "api/seat_map.h"
#include "http/gzip.h"

#define HASH_BYTES 12

/* Neighbours in one section, which are compressed together. */
struct block {
	size_t first, end; /* seats */
	size_t view;
	bool stale; /* some seat was taken or freed since it was compressed */
	struct gzip_piece piece;
};

struct seat_view {
	const char *section; /* the catalogue's */
	size_t number;       /* its index among the map's views */
	uint64_t sum[2];     /* of its free seats, which have a number each for this */
	size_t bytes;        /* of its free seats' texts */
	bool hash_fresh, body_fresh, gzip_fresh;
	char hash[2 * HASH_BYTES + 1];
	char *body, *gzip;
	size_t body_len, gzip_len;
};

/* The views are all of the seats, each section, and one without seats. */
struct seat_map {
	struct free_seats seats; /* first, so that it leads to the map */
	struct catalog *catalog;
	const struct catalog_schedule *schedule;
	struct arena arena;
	const char *text; /* of all seats, each with a comma in front */
	uint32_t *at;     /* where each begins in it */
	struct block *blocks;
	struct seat_view *views;
	uint32_t *block_of; /* each seat's */
	size_t block_count, view_count;
	size_t head_len; /* of what stands in front of the first seat */
	char head[64];
	unsigned long serial;
	struct seat_map *next;
};

/* The number of the view of a section, or that of the view without seats. */
size_t seat_map_section(const struct seat_map *m, const char *section);

#endif
