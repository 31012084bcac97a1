-- usher_status: the live figures of a queue, and how many seats of its schedules are taken.
-- KEYS: queue waiting active places unclaimed admitted, then any number of seats keys.
-- ARGS: none.
-- gives: {OK, library version, now (ms), waiting, inside, unclaimed,
--         admitted in the last minute, ms since the first of those,
--         {every field of the queue's hash and its value, in turn}, {taken of each seats key}},
--        or {NO_QUEUE} while the queue is not set up.
-- cost: O(log n) a key.
redis.register_function({
	function_name = 'usher_status',
	callback = function(keys, args)
		local bad = miscounted('usher_status', keys, args, math.max(6, #keys), 0, 0)
		if bad then
			return bad
		end
		local q, now = queue_of(keys), now_ms()
		local fields = redis.call('HGETALL', q.queue)
		if #fields == 0 or not redis.call('HGET', q.queue, 'capacity') then
			return { CODE.NO_QUEUE }
		end
		local since = '(' .. int(now - 60000)
		local first = redis.call('ZRANGEBYSCORE', q.admitted, since, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
		return { CODE.OK, LIBRARY_VERSION, int(now), redis.call('ZCARD', q.waiting),
			redis.call('ZCOUNT', q.active, '(' .. int(now), '+inf'), redis.call('SCARD', q.unclaimed),
			redis.call('ZCOUNT', q.admitted, since, '+inf'), first[2] and now - tonumber(first[2]) or 0,
			fields, seats_counted(keys, 7, now) }
	end,
	flags = { 'no-writes' },
})
