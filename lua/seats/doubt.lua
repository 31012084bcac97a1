-- usher_doubt: puts holds on the list of the unrecorded that MySQL had, but has ended: the daemon that
-- should have released them may have died. What is on the list already stays as it is.
-- KEYS: unrecorded.
-- ARGS: user concert schedule heldAt(ms, the entries' score) seat [seat ...].
-- gives: {OK}. Goes on when Redis is full, since what follows frees seats.
-- cost: O(seats * log n).
redis.register_function({
	function_name = 'usher_doubt',
	callback = function(keys, args)
		local bad = miscounted('usher_doubt', keys, args, 1, 5)
		if bad then
			return bad
		end
		for i = 5, #args do
			redis.call('ZADD', keys[1], 'NX', args[4], unrecorded_name(args[1], args[2], args[3], args[i]))
		end
		return { CODE.OK }
	end,
	flags = { 'allow-oom' },
})
