/* Looking on while everything breaks. */
#include "watch.h"

#include <hiredis/hiredis.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "support/http.h"
#include "support/stack.h"

#define LOOK_MS 150
#define LOOKS_PER_AUDIT 20
#define OVERLAP_MS 1500 /* a look begins this long before the last one ended: nothing falls between */

/* Gives: now, inside, capacity, ceiling, then (place:user, ms) of the admissions since ARGV[1]. */
static const char script[] =
	"local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)"
	" local q = redis.call('HMGET', KEYS[1], 'capacity', 'ceiling')"
	" local out = {now, redis.call('ZCOUNT', KEYS[2], '(' .. now, '+inf'), tonumber(q[1] or -1), tonumber(q[2] or -1)}"
	" for _, x in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], ARGV[1], '+inf', 'WITHSCORES')) do"
	" out[#out + 1] = x end return out";

static struct {
	pthread_t thread;
	_Atomic bool end;
	struct seen *seen;
	size_t count, room;
	int looks, audits;
	int64_t since;
	redisContext *redis;
} watch;

static void seen_add(const char *member, const char *at)
{
	struct seen s = {.at = strtoll(at, NULL, 10)};
	char *colon;

	s.place = strtoull(member, &colon, 10);
	s.user = atoi(colon + 1);
	for (size_t i = watch.count; i > 0 && watch.seen[i - 1].at >= s.at - OVERLAP_MS; i--)
		if (watch.seen[i - 1].at == s.at && watch.seen[i - 1].place == s.place &&
		    watch.seen[i - 1].user == s.user)
			return;
	if (watch.count == watch.room) {
		watch.room = watch.room ? 2 * watch.room : 4096;
		watch.seen = realloc(watch.seen, watch.room * sizeof(*watch.seen));
		if (!watch.seen)
			abort();
	}
	watch.seen[watch.count++] = s;
}

static void judge(const redisReply *r)
{
	int64_t now = r->element[0]->integer, inside = r->element[1]->integer, capacity = r->element[2]->integer,
		ceiling = r->element[3]->integer;

	watch.looks++;
	watch.since = now - OVERLAP_MS;
	if (capacity >= 0 && inside > (ceiling > capacity ? ceiling : capacity))
		finding("%lld inside, capacity %lld, ceiling %lld", (long long)inside, (long long)capacity,
			(long long)ceiling);
	for (size_t i = 4; i + 1 < r->elements; i += 2)
		seen_add(r->element[i]->str, r->element[i + 1]->str);
}

static void look(void)
{
	const struct timeval patience = {1, 0};
	redisReply *r;

	if (!watch.redis) {
		watch.redis = redisConnectUnixWithTimeout(stack.redis_socket, patience);
		if (watch.redis && !watch.redis->err)
			redisSetTimeout(watch.redis, patience);
	}
	r = watch.redis && !watch.redis->err
		    ? redisCommand(watch.redis,
				   "EVAL %s 3 usher:{main}:queue usher:{main}:active usher:{main}:admitted %lld",
				   script, (long long)watch.since)
		    : NULL;
	if (r && r->type == REDIS_REPLY_ARRAY && r->elements >= 4)
		judge(r);
	if (r)
		freeReplyObject(r);
	if (watch.redis && watch.redis->err) {
		redisFree(watch.redis);
		watch.redis = NULL;
	}
}

bool watch_audit(int i)
{
	struct reply r = http(stack.port[i], "GET", "/admin/v1/audit", "Authorization: Bearer " ADMIN_KEY "\r\n", NULL);
	bool holds = r.status == 200 && cJSON_IsTrue(cJSON_GetObjectItem(r.json, "holds"));

	if (r.status == 200 && !holds)
		finding("the audit of daemon %d: %s", i, r.body);
	else if (r.status != 200 && r.status != 503 && r.status != 0)
		finding("the audit of daemon %d: %d %.200s", i, r.status, r.body);
	watch.audits += holds;
	reply_free(&r);
	return holds;
}

static void *watch_main(void *arg)
{
	struct dice dice = dice_of(2);

	(void)arg;
	for (int n = 1; !atomic_load(&watch.end); n++) {
		look();
		if (n % LOOKS_PER_AUDIT == 0)
			watch_audit((int)dice_throw(&dice, DAEMONS));
		rest(LOOK_MS);
	}
	return NULL;
}

void watch_start(void)
{
	if (pthread_create(&watch.thread, NULL, watch_main, NULL) != 0)
		abort();
}

static int by_time(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->place > y->place) - (x->place < y->place);
}

void watch_end(void)
{
	atomic_store(&watch.end, true);
	pthread_join(watch.thread, NULL);
	if (watch.redis)
		redisFree(watch.redis);
	if (watch.count)
		qsort(watch.seen, watch.count, sizeof(*watch.seen), by_time);
}

const struct seen *watch_admissions(size_t *count)
{
	*count = watch.count;
	return watch.seen;
}

void watch_print(void)
{
	printf("chaos: %d looks into Redis, %zu admissions seen, %d audits held\n", watch.looks, watch.count,
	       watch.audits);
	free(watch.seen);
}
