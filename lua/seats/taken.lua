-- usher_taken: the seats of a schedule that are held or paid at this moment.
-- KEYS: seats. ARGS: none.
-- gives: {OK, seat, ...}, in no order a caller may rely on.
-- cost: O(log n + taken).
redis.register_function({
	function_name = 'usher_taken',
	callback = function(keys, args)
		local bad = miscounted('usher_taken', keys, args, 1, 0, 0)
		if bad then
			return bad
		end
		local taken = redis.call('ZRANGEBYSCORE', keys[1], '(' .. int(now_ms()), '+inf')
		table.insert(taken, 1, CODE.OK)
		return taken
	end,
	flags = { 'no-writes' },
})
