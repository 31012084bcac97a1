-- usher_claim: is this token alive, and if it is inside, it has shown up now.
-- The plain reads of the filter answer for those in line and those who showed up before;
-- everybody else comes here, and this answer is the last word.
-- KEYS: queue waiting active places unclaimed admitted.
-- ARGS: user place.
-- gives: {ACTIVE, session end (ms)}, {WAITING|SCHEDULED, position},
--        {TOKEN_EXPIRED}, or {NO_QUEUE} while the queue is not set up.
-- cost: O(log n). Takes no memory, so it goes on when Redis is full.
redis.register_function({
	function_name = 'usher_claim',
	callback = function(keys, args)
		local bad = miscounted('usher_claim', keys, args, 6, 2, 2)
		if bad then
			return bad
		end
		local q, user, place = queue_of(keys), args[1], args[2]
		local now, s = now_ms(), settings_of(q.queue)
		if not s then
			return { CODE.NO_QUEUE }
		end
		if redis.call('ZSCORE', q.waiting, user) == place then
			return { line_state(s, now), redis.call('ZRANK', q.waiting, user) + 1 }
		end
		local ends, inside_place = session_of(q, now, user)
		if not ends or inside_place ~= place then
			return { CODE.TOKEN_EXPIRED }
		end
		return { CODE.ACTIVE, int(session_claim(q, s, now, user, ends)) }
	end,
	flags = { 'allow-oom' },
})
