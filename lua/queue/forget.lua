-- usher_forget: throws away what Redis has of a queue, because it came back with older data than it had.
-- Places handed out since would be given to others, and who has been through would be let in again:
-- it is set up anew instead, as after a loss.
-- KEYS: queue, then any number of the queue's other keys.
-- ARGS: epoch, the one that is about to begin.
-- gives: {OK}, or {STALE} if that epoch or a later one is in force: whoever comes late forgets nothing.
-- cost: O(keys), and the memory is given back in the background.
redis.register_function({
	function_name = 'usher_forget',
	callback = function(keys, args)
		local bad = miscounted('usher_forget', keys, args, math.max(1, #keys), 1, 1)
		if bad then
			return bad
		end
		if tonumber(redis.call('HGET', keys[1], 'epoch') or 0) >= tonumber(args[1]) then
			return { CODE.STALE }
		end
		for i = 1, #keys do
			redis.call('UNLINK', keys[i])
		end
		return { CODE.OK }
	end,
	flags = { 'allow-oom' },
})
