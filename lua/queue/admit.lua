-- usher_admit: ends what is over and lets in who is next. Any daemon may call it at any time.
-- KEYS: queue waiting active places unclaimed admitted through; a daemon of the version before leaves
-- the last out, and then nobody's turn is noted.
-- ARGS: batch (most to end and most to admit in this call, 1..1000),
--       mayAdmit (0 only ends, as usher_sweep does).
-- gives: {OK, ended, admitted, 1 if another call would find work now else 0},
--        or {NO_QUEUE} while the queue is not set up.
-- cost: O(batch * log n). Refused when Redis is full: nobody is let in who could hold no seat.
redis.register_function('usher_admit', function(keys, args)
	local bad = miscounted('usher_admit', keys, args, #keys == 6 and 6 or 7, 2, 2)
	if bad then
		return bad
	end
	local q, batch, may_admit = queue_of(keys), tonumber(args[1]), args[2] == '1'
	local now, s = now_ms(), settings_of(q.queue)
	q.through = keys[7]
	if not s then
		return { CODE.NO_QUEUE }
	end
	local ended = sweep(q, s, now, batch)
	local room = may_admit and room_inside(q, s, now) or 0
	local take = math.min(room, batch)
	local line = take > 0 and redis.call('ZPOPMIN', q.waiting, take) or {}
	if #line > 0 then
		sessions_open(q, s, now, line)
	end
	local admitted = #line / 2
	local more = ended == batch or (admitted == batch and room > batch)
	return { CODE.OK, ended, admitted, more and 1 or 0 }
end)
