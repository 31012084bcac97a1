-- usher_reconcile: what becomes of holds on the list of the unrecorded, now that MySQL was asked. A
-- recorded one is struck off, one without a reservation is freed as well.
-- KEYS: unrecorded seats holds changes; a daemon of the version before leaves the last out.
-- ARGS: user concert schedule heldAt(ms, the entry's score) recorded(0|1) seat [seat ...].
-- gives: {OK, how many were still on the list since that moment, how many seats were freed}. An
--        entry that is gone, or there anew, was somebody else's to deal with and stays as it is: so
--        several may do this at once, and whoever records a hold in between wins.
-- cost: O(seats * log n).
redis.register_function({
	function_name = 'usher_reconcile',
	callback = function(keys, args)
		local bad = miscounted('usher_reconcile', keys, args, #keys == 3 and 3 or 4, 6)
		if bad then
			return bad
		end
		local unrecorded, seats, holds, now = keys[1], keys[2], keys[3], now_ms()
		local struck, freed, changes = 0, 0, {}
		for i = 6, #args do
			local entry = unrecorded_name(args[1], args[2], args[3], args[i])
			if redis.call('ZSCORE', unrecorded, entry) == args[4] then
				struck = struck + redis.call('ZREM', unrecorded, entry)
				if args[5] == '0' then
					local name = hold_name(args[2], args[3], args[i])
					freed = freed + hold_free(seats, holds, name, args[i], now, changes)
				end
			end
		end
		changes_note(changes_key(seats, keys[4]), changes)
		return { CODE.OK, struck, freed }
	end,
	flags = { 'allow-oom' },
})
