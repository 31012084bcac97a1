/*
 * A queue's settings and figures as the operator sees them.
 */
#ifndef USHER_API_QUEUE_JSON_H
#define USHER_API_QUEUE_JSON_H

#include "base/json_write.h"
#include "engine/queue.h"

void queue_json(struct json *j, const char *name, const struct queue_status *s);

#endif
