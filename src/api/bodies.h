/*
 * What the routes take as bodies. Nothing here needs a request, so that bodies can be read without one.
 */
#ifndef USHER_API_BODIES_H
#define USHER_API_BODIES_H

#include "base/json_read.h"
#include "engine/seats.h"

/* One shape of body: the fields, and the size of the struct they go into. */
struct body {
	const struct json_field *fields;
	size_t count, size;
	enum json_unknown unknown;
};

struct entering_body {
	int64_t user;
	const char *queue;
};
extern const struct body entering_body;

struct reserving_body {
	int64_t schedule, seat;    /* seat 0: not given */
	const struct cJSON *seats; /* NULL: not given */
};
extern const struct body reserving_body;

struct paying_body {
	int64_t reservation;
};
extern const struct body paying_body;

struct charging_body {
	int64_t amount;
};
extern const struct body charging_body;

/* Goes into a struct queue_patch_job. */
extern const struct body patch_body;

/* Reads a JSON body into the struct of its shape, as json_fields() does. */
bool body_read(struct arena *a, const struct body *shape, const struct cJSON *json, void *out, const char **why);

/* The seats that a reservation asks for, one or many, by rising id. On failure gives false and says in
 * `why` (memory of `a`) which field is wrong. */
bool body_seats(struct arena *a, const struct reserving_body *body, struct seat_list *seats, const char **why);

#endif
