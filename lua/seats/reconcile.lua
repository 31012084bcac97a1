-- usher_reconcile: what becomes of holds on the list of the unrecorded, now that MySQL was asked. A
-- recorded one is struck off, one without a reservation is freed as well.
-- KEYS: unrecorded seats holds.
-- ARGS: user concert schedule heldAt(ms, the entry's score) recorded(0|1) seat [seat ...].
-- gives: {OK, how many were still on the list since that moment, how many seats were freed}. An
--        entry that is gone, or there anew, was somebody else's to deal with and stays as it is: so
--        several may do this at once, and whoever records a hold in between wins.
-- cost: O(seats * log n).
redis.register_function({
	function_name = 'usher_reconcile',
	callback = function(keys, args)
		local bad = miscounted('usher_reconcile', keys, args, 3, 6)
		if bad then
			return bad
		end
		local unrecorded, seats, holds, now = keys[1], keys[2], keys[3], now_ms()
		local struck, freed = 0, 0
		for i = 6, #args do
			local entry = unrecorded_name(args[1], args[2], args[3], args[i])
			if redis.call('ZSCORE', unrecorded, entry) == args[4] then
				struck = struck + redis.call('ZREM', unrecorded, entry)
				if args[5] == '0' then
					freed = freed + hold_free(seats, holds, hold_name(args[2], args[3], args[i]), args[i], now)
				end
			end
		end
		return { CODE.OK, struck, freed }
	end,
	flags = { 'allow-oom' },
})
