-- usher_release: frees seats a user holds. A seat held by anybody else stays as it is.
-- KEYS: seats holds changes; a daemon of the version before leaves the last out.
-- ARGS: concert schedule seat [seat ...].
-- gives: {OK, how many were freed}.
-- cost: O(seats * log n).
redis.register_function({
	function_name = 'usher_release',
	callback = function(keys, args)
		local bad = miscounted('usher_release', keys, args, #keys == 2 and 2 or 3, 3)
		if bad then
			return bad
		end
		local seats, holds, now, freed, changes = keys[1], keys[2], now_ms(), 0, {}
		for i = 3, #args do
			freed = freed + hold_free(seats, holds, hold_name(args[1], args[2], args[i]), args[i], now, changes)
		end
		changes_note(changes_key(seats, keys[3]), changes)
		return { CODE.OK, freed }
	end,
	flags = { 'allow-oom' },
})
