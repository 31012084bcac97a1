-- usher_leave: the place in line or the session is given up at once.
-- KEYS: queue waiting active places unclaimed admitted holds.
-- ARGS: user place.
-- gives: {OK, hold, ...} with the user's holds as concert:schedule:seat, to be released
--        after MySQL has let them go; {TOKEN_EXPIRED} if nothing was alive.
-- cost: O(log n).
redis.register_function({
	function_name = 'usher_leave',
	callback = function(keys, args)
		local bad = miscounted('usher_leave', keys, args, 7, 2, 2)
		if bad then
			return bad
		end
		local q, holds = queue_of(keys), keys[7]
		local user, place = args[1], args[2]
		if redis.call('ZSCORE', q.waiting, user) == place then
			redis.call('ZREM', q.waiting, user)
			redis.call('HINCRBY', q.queue, 'left', 1)
			return { CODE.OK }
		end
		local now = now_ms()
		local ends, inside_place = session_of(q, now, user)
		if not ends or inside_place ~= place then
			return { CODE.TOKEN_EXPIRED }
		end
		session_end(q, user)
		redis.call('HINCRBY', q.queue, 'left', 1)
		return { CODE.OK, unpack(redis.call('ZRANGEBYSCORE', holds, '(' .. int(now), '+inf')) }
	end,
	flags = { 'allow-oom' },
})
