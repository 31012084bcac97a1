-- usher_correct: makes seats say what MySQL says, after the two disagreed or Redis was lost.
-- KEYS: seats changes; a daemon of the version before leaves the last out.
-- ARGS: seat remaining [seat remaining ...]; remaining is -1 for paid, 0 for free, else the
--       ms until the hold ends.
-- gives: {OK, how many of them said otherwise: free, held or paid}. What is paid stays paid and a
--        longer hold stays longer, since MySQL may have moved on after it was asked; only a plain
--        "free" takes anything away.
-- cost: O(seats * log n); at most 500 seats a call. Goes on when Redis is full: there are no more
--       entries than seats, and what MySQL says must be known.
redis.register_function({
	function_name = 'usher_correct',
	callback = function(keys, args)
		local bad = miscounted('usher_correct', keys, args, #keys == 1 and 1 or 2, 2, 1000)
		if bad then
			return bad
		elseif #args % 2 == 1 then
			return redis.error_reply('ERR usher_correct has a wrong number of arguments')
		end
		local now, otherwise, changes = now_ms(), 0, {}
		for i = 1, #args, 2 do
			local left, ends = tonumber(args[i + 1]), redis.call('ZSCORE', keys[1], args[i])
			local taken = in_force(ends, now) or false
			local to = left == 0 and '0' or left < 0 and 'inf' or int(now + left)
			local changed
			if left == 0 then
				changed = redis.call('ZREM', keys[1], args[i])
			else
				changed = redis.call('ZADD', keys[1], 'GT', 'CH', to, args[i])
			end
			if changed == 1 then
				changes_add(changes, args[i], to)
			end
			if taken ~= (left ~= 0) or (left < 0 and ends ~= 'inf') then
				otherwise = otherwise + 1
			end
		end
		changes_note(changes_key(keys[1], keys[2]), changes)
		return { CODE.OK, otherwise }
	end,
	flags = { 'allow-oom' },
})
