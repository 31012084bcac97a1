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
			freed = freed + hold_free(seats, holds, hold_name(args[1], args[2], args[i]), args[i], now)
		end
		return { CODE.OK, freed }
	end,
	flags = { 'allow-oom' },
})
