/* Numbers out of Redis answers. */
#include "engine/reply.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

int64_t reply_number(const struct redisReply *reply)
{
	if (reply->type == REDIS_REPLY_INTEGER)
		return reply->integer;
	if (reply->type == REDIS_REPLY_STRING)
		return strtoll(reply->str, NULL, 10);
	return 0;
}

int64_t reply_int(const struct redisReply *reply, size_t i)
{
	if (reply->type != REDIS_REPLY_ARRAY || i >= reply->elements)
		return 0;
	return reply_number(reply->element[i]);
}
