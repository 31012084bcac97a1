-- usher_enter: a user enters the line, or is told where they stand.
-- KEYS: queue waiting active places unclaimed admitted issued.
-- ARGS: user, mayAdmit (0 while MySQL does not answer), draw (the user's place in the
--       lottery, used only before the doors open).
-- gives: {WAITING|SCHEDULED, created(0|1), place, issuedAt, position, waiting}
--        {ACTIVE, created(0|1), place, issuedAt, session end (ms), waiting}
--        {NO_QUEUE} while the queue is not set up.
-- An answer that says ACTIVE is a claim. Someone who comes to an empty line with room
-- inside is let in by this very call.
-- cost: O(log n).

-- When a place was handed out, to the second. One entry a second and not one a user, so
-- that the same token can be written again without keeping it. Draws do not rise with time: theirs
-- is the beginning of the epoch, which tells a draw of this epoch from one of an earlier.
local function issued_at(key, s, place)
	if tonumber(place) < EPOCH_SPAN then
		return int(s.epoch_at)
	end
	local at = redis.call('ZREVRANGEBYSCORE', key, place, '-inf', 'LIMIT', 0, 1)
	return at[1] or int(s.epoch_at)
end

local ISSUED_KEPT = 100000
local SWEEP_ON_ENTRY = 16

local function place_new(q, s, now, draw, issued)
	if s.opens_at > now then
		return draw
	end
	local place = int(s.epoch * EPOCH_SPAN + redis.call('HINCRBY', q.queue, 'next', 1))
	local second = int(math.floor(now / 1000) * 1000)
	if redis.call('ZADD', issued, 'NX', place, second) == 1 then
		redis.call('ZREMRANGEBYRANK', issued, 0, -ISSUED_KEPT - 1)
	end
	return place
end

redis.register_function('usher_enter', function(keys, args)
	local bad = miscounted('usher_enter', keys, args, 7, 3, 3)
	if bad then
		return bad
	end
	local q, issued = queue_of(keys), keys[7]
	local user, may_admit = args[1], args[2] == '1'
	local now, s = now_ms(), settings_of(q.queue)
	if not s then
		return { CODE.NO_QUEUE }
	end

	local function waiting(created, place)
		return { line_state(s, now), created, place, issued_at(issued, s, place),
			redis.call('ZRANK', q.waiting, user) + 1, redis.call('ZCARD', q.waiting) }
	end
	local function inside(created, place, ends)
		return { CODE.ACTIVE, created, place, issued_at(issued, s, place),
			int(session_claim(q, s, now, user, ends)), redis.call('ZCARD', q.waiting) }
	end

	local place = redis.call('ZSCORE', q.waiting, user)
	if place then
		return waiting(0, place)
	end
	local ends
	ends, place = session_of(q, now, user)
	if ends then
		return inside(0, place, ends)
	end

	-- What is left of a session that is over would stand in the way of the new one.
	if session_end(q, user) == 1 then
		redis.call('HINCRBY', q.queue, 'noShows', 1)
	end
	redis.call('HINCRBY', q.queue, 'entered', 1)
	place = place_new(q, s, now, args[3], issued)
	if may_admit and redis.call('ZCARD', q.waiting) == 0 then
		sessions_sweep(q, now, SWEEP_ON_ENTRY)
		if room_inside(q, s, now) > 0 then
			sessions_open(q, s, now, { user, place })
			return inside(1, place, now + s.claim_ms)
		end
	end
	redis.call('ZADD', q.waiting, place, user)
	return waiting(1, place)
end)
