/*
 * Queues of any length, filled straight into Redis, and the tokens of those who stand in them.
 */
#ifndef USHER_TESTS_BENCH_LINES_H
#define USHER_TESTS_BENCH_LINES_H

#include <stdint.h>

#include "requests.h"

/* The catalogue's queues. Nobody is let into the first three: their one session is taken. */
#define LINE_SHORT "ten-thousand"
#define LINE_LONG "million"
#define LINE_LONGEST "ten-million"
#define SHOP "shop"

/* Users of the catalogue, who stand in no line; users 1, 2, 3, ... do, in this order. */
#define BUYERS_FROM 20000001
#define BUYERS 150000

/* The schedules of the shop's concert, of 50,000 seats each: one to look at, one to sell. */
#define MAP_SCHEDULE 11
#define SALE_SCHEDULE 12
#define MAP_SEATS 50000

/* How many stand where "near the front" is measured. */
#define NEAR 900

/* Fills a queue with `count` users, once, and waits until the daemon sees them. */
void line_fill(const char *queue, int64_t count);

/* How many a queue was filled with, less in a quick run. */
int64_t line_length(const char *queue);

/* Makes it look as if 60 had been let in over the last minute, as with a real line: so the daemon can say when. */
void line_moves(const char *queue);

/* Whoever came after filling is gone again. */
void line_trim(const char *queue);

/* Lets users BUYERS_FROM + `first` and on inside, with a session that lasts. */
void inside_fill(const char *queue, int64_t first, int64_t count);

/* Takes `count` seats of a schedule of the shop in Redis, from `first` on, every `step`-th. */
void seats_take(int schedule, int64_t first, int64_t count, int64_t step);

/* Where user BUYERS_FROM + `n` is inside with. */
uint64_t inside_place(int64_t n);

/* A header line with the token of that user, and of somebody in line, from 1 at the front; in memory that the next
 * call uses again. */
const char *inside_bearer(const char *queue, int64_t n);
const char *line_bearer(const char *queue, int64_t position);

/* Position polls of the first NEAR in line, and of `count` others who stand far back, all over the line. */
void requests_near(struct requests *r, const char *queue);
void requests_far(struct requests *r, const char *queue, int64_t count);

/* Entries of `count` buyers from number `first` on. */
void entries_write(struct requests *r, const char *queue, int64_t first, int64_t count);

/* The user that far poll number `i` is of. */
int64_t far_user(const char *queue, int64_t i);

#endif
