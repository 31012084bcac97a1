-- usher_configure: puts a queue's settings in force, or sets the queue up.
-- KEYS: queue active rebuild. The last is the lock of whoever sets the queue up, given back here.
-- ARGS: version epoch capacity ratePerSecond sessionSeconds claimSeconds paused(0|1)
--       opensAt(Unix ms, 0 none) createdAt(Unix ms) returnMs.
-- A queue that is made anew after a loss (an epoch above 1) lets nobody in for returnMs, so that
-- those with old places can come back before newcomers are let in.
-- gives: {OK}, or {STALE} if a later version or epoch is in force already: of several
--        instances that write at once the latest settings win, in whatever order they come.
-- cost: O(1). Goes on when Redis is full, since a sale must be steered then above all, and one hash
--       with the same fields does not grow.
redis.register_function({
	function_name = 'usher_configure',
	callback = function(keys, args)
		local bad = miscounted('usher_configure', keys, args, 3, 10, 10)
		if bad then
			return bad
		end
		local version, epoch = tonumber(args[1]), tonumber(args[2])
		local old = redis.call('HMGET', keys[1], 'version', 'epoch')
		local old_version, old_epoch = tonumber(old[1] or -1), tonumber(old[2] or -1)
		if epoch < old_epoch or version < old_version then
			return { CODE.STALE }
		end
		if epoch > old_epoch then
			local now = now_ms()
			redis.call('HSET', keys[1], 'next', 0, 'reach', 0, 'epochAt', int(now),
				'returnUntil', epoch > 1 and int(now + tonumber(args[10])) or 0)
		end
		-- Lowering the capacity throws nobody out; until they have gone the ceiling is higher.
		local inside = redis.call('ZCARD', keys[2])
		redis.call('HSET', keys[1], 'ceiling', math.max(inside, tonumber(args[3])), 'version', args[1],
			'epoch', args[2], 'capacity', args[3], 'ratePerSecond', args[4], 'sessionSeconds', args[5],
			'claimSeconds', args[6], 'paused', args[7], 'opensAt', args[8], 'createdAt', args[9])
		redis.call('DEL', keys[3])
		return { CODE.OK }
	end,
	flags = { 'allow-oom' },
})
