-- usher_settle: the seats are paid and the session that paid is over. Doing it again
-- changes nothing, so any daemon may finish what another one began.
-- KEYS: queue active places unclaimed seats holds changes; a daemon of the version before leaves the last out.
-- ARGS: user place concert schedule seat [seat ...].
-- gives: {OK, 1 if this call ended the session else 0}. A later session of the same user
--        has another place and goes on.
-- cost: O(seats * log n). Goes on when Redis is full: who has paid must be let out.
redis.register_function({
	function_name = 'usher_settle',
	callback = function(keys, args)
		local bad = miscounted('usher_settle', keys, args, #keys == 6 and 6 or 7, 5)
		if bad then
			return bad
		end
		local q = { queue = keys[1], active = keys[2], places = keys[3], unclaimed = keys[4] }
		local seats, holds, changes = keys[5], keys[6], {}
		for i = 5, #args do
			if redis.call('ZADD', seats, 'CH', '+inf', args[i]) == 1 then
				changes_add(changes, args[i], 'inf')
			end
			redis.call('ZREM', holds, hold_name(args[3], args[4], args[i]))
		end
		changes_note(changes_key(seats, keys[7]), changes)
		if redis.call('ZSCORE', q.places, args[1]) ~= args[2] then
			return { CODE.OK, 0 }
		end
		session_end(q, args[1])
		redis.call('HINCRBY', q.queue, 'paid', 1)
		return { CODE.OK, 1 }
	end,
	flags = { 'allow-oom' },
})
