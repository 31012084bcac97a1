/*
 * Reading Redis answers; a missing or odd element reads as 0, never as a crash.
 */
#ifndef USHER_ENGINE_REPLY_H
#define USHER_ENGINE_REPLY_H

#include <stddef.h>
#include <stdint.h>

struct redisReply;

/* A number sent as an integer or as text; 0 for anything else. */
int64_t reply_number(const struct redisReply *reply);

/* Element `i` of an array as a number. */
int64_t reply_int(const struct redisReply *reply, size_t i);

#endif
