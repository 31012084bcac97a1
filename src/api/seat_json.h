/*
 * A seat as every answer shows it.
 */
#ifndef USHER_API_SEAT_JSON_H
#define USHER_API_SEAT_JSON_H

#include "base/json_write.h"
#include "store/reservations.h"
#include "store/catalog.h"

/* Writes one seat into an array. */
void seat_json(struct json *j, const struct catalog_seat *seat, int64_t price);

/* Writes the array "seats" of a reservation, at the prices it was made at. */
void reservation_seats_json(struct json *j, const struct catalog *c, const struct reservation *r);

#endif
