-- usher_leave: the place in line or the session is given up at once.
-- KEYS: queue waiting active places unclaimed admitted through gone holds; daemons of versions before leave
-- `gone` or both `through` and `gone` out.
-- ARGS: user place.
-- gives: {OK, hold, ...} with the user's holds as concert:schedule:seat, to be released
--        after MySQL has let them go; {TOKEN_EXPIRED} if nothing was alive.
-- cost: O(log n).
redis.register_function({
	function_name = 'usher_leave',
	callback = function(keys, args)
		local bad = miscounted('usher_leave', keys, args, math.max(7, math.min(#keys, 9)), 2, 2)
		if bad then
			return bad
		end
		local q, holds = queue_of(keys), keys[#keys]
		local user, place, s = args[1], args[2], settings_of(q.queue)
		q.through, q.gone = keys[8] and keys[7], keys[9] and keys[8]
		if redis.call('ZSCORE', q.waiting, user) == place then
			redis.call('ZREM', q.waiting, user)
			if s then
				turn_note(q, s, place, user)
				place_gone(q, s, place)
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
