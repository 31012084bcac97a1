-- usher_claim: is this token alive, and if it is inside, it has shown up now.
-- The plain reads of the filter answer for those in line and those who showed up before;
-- everybody else comes here, and this answer is the last word. Who comes back after Redis was
-- lost, with a place of an earlier epoch and without having been through, gets that place back.
-- KEYS: queue waiting active places unclaimed admitted through gone; a daemon of the version before leaves the
-- last out.
-- ARGS: user place issuedAt(Unix ms, from the token).
-- gives: {ACTIVE, session end (ms)}, {WAITING|SCHEDULED, position},
--        {TOKEN_EXPIRED}, or {NO_QUEUE} while the queue is not set up.
-- cost: O(log n). Goes on when Redis is full, since only old places take memory here.

-- Whether the place was given before the present epoch began. A numbered place says so itself; a
-- draw of the lottery has no epoch, but its token has a time.
local function of_earlier_epoch(s, place, issued_at)
	return old_place(s, place) and (tonumber(place) >= EPOCH_SPAN or tonumber(issued_at) < s.epoch_at)
end

-- Puts a user back at an old place. gives: whether that was theirs to have.
local function come_back(q, s, user, place, issued_at)
	if not of_earlier_epoch(s, place, issued_at) or redis.call('SISMEMBER', q.through, place .. ':' .. user) == 1 then
		return false
	end
	-- Entering again in between gave a place further back: the better one counts.
	local now_at = redis.call('ZSCORE', q.waiting, user)
	if now_at and tonumber(now_at) < tonumber(place) then
		return false
	elseif now_at then
		place_gone(q, s, now_at)
	end
	redis.call('ZADD', q.waiting, place, user)
	return true
end

redis.register_function({
	function_name = 'usher_claim',
	callback = function(keys, args)
		local bad = miscounted('usher_claim', keys, args, #keys == 7 and 7 or 8, 3, 3)
		if bad then
			return bad
		end
		local q, user, place = queue_of(keys), args[1], args[2]
		local now, s = now_ms(), settings_of(q.queue)
		q.through, q.gone = keys[7], keys[8]
		if not s then
			return { CODE.NO_QUEUE }
		end
		if redis.call('ZSCORE', q.waiting, user) == place then
			return { line_state(s, now), redis.call('ZRANK', q.waiting, user) + 1 }
		end
		local ends, inside_place = session_of(q, now, user)
		if not ends and come_back(q, s, user, place, args[3]) then
			return { line_state(s, now), redis.call('ZRANK', q.waiting, user) + 1 }
		elseif inside_place ~= place then
			return { CODE.TOKEN_EXPIRED }
		end
		return { CODE.ACTIVE, int(session_claim(q, s, now, user, ends)) }
	end,
	flags = { 'allow-oom' },
})
