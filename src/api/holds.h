/*
 * What becomes of a hold in Redis once MySQL has answered for its reservation.
 */
#ifndef USHER_API_HOLDS_H
#define USHER_API_HOLDS_H

#include "store/reservations.h"

/* For a reserve_job that is over, whether anybody still waits for it or not: a hold that is recorded is
 * struck off the list of the unrecorded, one that nothing came of is given up. Of neither is known when
 * the connection was lost in COMMIT: then a keeper finds out. */
void hold_conclude(struct job *job);

#endif
