-- usher_release: frees seats a user holds. A seat held by anybody else stays as it is.
-- KEYS: seats holds.
-- ARGS: concert schedule seat [seat ...].
-- gives: {OK, how many were freed}.
-- cost: O(seats * log n).
redis.register_function({
	function_name = 'usher_release',
	callback = function(keys, args)
		local bad = miscounted('usher_release', keys, args, 2, 3)
		if bad then
			return bad
		end
		local seats, holds, now, freed = keys[1], keys[2], now_ms(), 0
		for i = 3, #args do
			local name = hold_name(args[1], args[2], args[i])
			local ends, seat_ends = redis.call('ZSCORE', holds, name), redis.call('ZSCORE', seats, args[i])
			-- After its end the seat may be another's: only a hold in force is the user's to free.
			-- A seat that ends later than the hold was corrected: it is another's by now, or paid.
			if in_force(ends, now) and seat_ends and tonumber(seat_ends) <= tonumber(ends) then
				freed = freed + redis.call('ZREM', seats, args[i])
			end
			redis.call('ZREM', holds, name)
		end
		return { CODE.OK, freed }
	end,
	flags = { 'allow-oom' },
})
