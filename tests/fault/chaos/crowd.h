/*
 * The crowd: clients that walk the whole flow, each as the few users that are its own.
 */
#ifndef USHER_TESTS_CHAOS_CROWD_H
#define USHER_TESTS_CHAOS_CROWD_H

#include "client.h"

/* Starts the clients; crowd_end() waits until each has finished what it had begun. */
void crowd_start(void);
void crowd_end(void);

/* Client number `i`, for its journal; only after crowd_end(). */
const struct client *crowd_client(int i);

void crowd_free(void);

#endif
