/*
 * The one shape that tells a user where they stand: answer of entering and of the position.
 */
#ifndef USHER_API_STANDING_H
#define USHER_API_STANDING_H

#include "api/visit.h"

/* Fetches the queue's figures if the ones at hand are older than a second; else goes on at once. */
enum step standing_figures(struct request *r);

/* Answers with visit->standing. `token`: its text, or NULL to leave it out. */
enum step standing_reply(struct request *r, int status, const char *token);

#endif
