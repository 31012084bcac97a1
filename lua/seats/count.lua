-- usher_count: how many seats of each schedule are held or paid at this moment.
-- KEYS: any number of seats keys, at least one. ARGS: none.
-- gives: {OK, count of each key, ...}.
-- cost: O(log n) a key.
redis.register_function({
	function_name = 'usher_count',
	callback = function(keys, args)
		local bad = miscounted('usher_count', keys, args, math.max(1, #keys), 0, 0)
		if bad then
			return bad
		end
		local counts = { CODE.OK }
		for i, n in ipairs(seats_counted(keys, 1, now_ms())) do
			counts[i + 1] = n
		end
		return counts
	end,
	flags = { 'no-writes' },
})
