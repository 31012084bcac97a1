-- usher_sweep: ends what is over and lets nobody in: usher_admit for when that may not run, because
-- MySQL does not answer or Redis is full.
-- KEYS: queue waiting active places unclaimed admitted.
-- ARGS: batch (most to end in this call, 1..1000).
-- gives: {OK, ended, 0, 1 if another call would find work now else 0},
--        or {NO_QUEUE} while the queue is not set up.
-- cost: O(batch * log n). Goes on when Redis is full: it only frees.
redis.register_function({
	function_name = 'usher_sweep',
	callback = function(keys, args)
		local bad = miscounted('usher_sweep', keys, args, 6, 1, 1)
		if bad then
			return bad
		end
		local q, batch, now = queue_of(keys), tonumber(args[1]), now_ms()
		local s = settings_of(q.queue)
		if not s then
			return { CODE.NO_QUEUE }
		end
		local ended = sweep(q, s, now, batch)
		return { CODE.OK, ended, 0, ended == batch and 1 or 0 }
	end,
	flags = { 'allow-oom' },
})
