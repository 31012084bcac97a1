-- usher_leave: the place in line or the session is given up at once.
-- KEYS: queue waiting active places unclaimed admitted through holds; a daemon of the version before
-- leaves `through` out, and then the turn is not noted.
-- ARGS: user place.
-- gives: {OK, hold, ...} with the user's holds as concert:schedule:seat, to be released
--        after MySQL has let them go; {TOKEN_EXPIRED} if nothing was alive.
-- cost: O(log n).
redis.register_function({
	function_name = 'usher_leave',
	callback = function(keys, args)
		local bad = miscounted('usher_leave', keys, args, #keys == 7 and 7 or 8, 2, 2)
		if bad then
			return bad
		end
		local q, holds = queue_of(keys), keys[#keys]
		local user, place, s = args[1], args[2], settings_of(q.queue)
		q.through = keys[8] and keys[7]
		if redis.call('ZSCORE', q.waiting, user) == place then
			redis.call('ZREM', q.waiting, user)
			if s then
				turn_note(q, s, place, user)
			end
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
