-- usher_correct: makes seats say what MySQL says, after the two disagreed or Redis was lost.
-- KEYS: seats.
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
		local bad = miscounted('usher_correct', keys, args, 1, 2, 1000)
		if bad then
			return bad
		elseif #args % 2 == 1 then
			return redis.error_reply('ERR usher_correct has a wrong number of arguments')
		end
		local now, otherwise = now_ms(), 0
		for i = 1, #args, 2 do
			local left, ends = tonumber(args[i + 1]), redis.call('ZSCORE', keys[1], args[i])
			local taken = in_force(ends, now) or false
			if left == 0 then
				redis.call('ZREM', keys[1], args[i])
			else
				redis.call('ZADD', keys[1], 'GT', left < 0 and '+inf' or int(now + left), args[i])
			end
			if taken ~= (left ~= 0) or (left < 0 and ends ~= 'inf') then
				otherwise = otherwise + 1
			end
		end
		return { CODE.OK, otherwise }
	end,
	flags = { 'allow-oom' },
})
