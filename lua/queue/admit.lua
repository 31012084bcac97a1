-- usher_admit: ends what is over and lets in who is next. Any daemon may call it at any time.
-- KEYS: queue waiting active places unclaimed admitted through.
-- ARGS: batch (most to end and most to admit in this call, 1..1000),
--       mayAdmit (0 while MySQL does not answer: sessions still end).
-- gives: {OK, ended, admitted, 1 if another call would find work now else 0},
--        or {NO_QUEUE} while the queue is not set up.
-- cost: O(batch * log n).

-- Forgets admissions older than a minute. Twice the batch, so that what a call adds and what
-- usher_enter adds beside it is caught up with; after a long silence it takes several calls.
local function admissions_forget(q, now, batch)
	local old = redis.call('ZCOUNT', q.admitted, '-inf', int(now - 60000))
	if old > 0 then
		redis.call('ZREMRANGEBYRANK', q.admitted, 0, math.min(old, 2 * batch) - 1)
	end
end

redis.register_function('usher_admit', function(keys, args)
	local bad = miscounted('usher_admit', keys, args, 7, 2, 2)
	if bad then
		return bad
	end
	local q, batch, may_admit = queue_of(keys), tonumber(args[1]), args[2] == '1'
	local now, s = now_ms(), settings_of(q.queue)
	q.through = keys[7]
	if not s then
		return { CODE.NO_QUEUE }
	end
	admissions_forget(q, now, batch)
	local ended = sessions_sweep(q, now, batch)
	if s.ceiling > s.capacity and redis.call('ZCARD', q.active) <= s.capacity then
		redis.call('HSET', q.queue, 'ceiling', s.capacity)
	end
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
