-- usher_enter: a user enters the line, or is told where they stand.
-- KEYS: queue waiting active places unclaimed admitted issued.
-- ARGS: user, mayAdmit (0 while MySQL does not answer), draw (the user's place in the
--       lottery, used only before the doors open; 0 from who thinks that they are open).
-- gives: {WAITING|SCHEDULED, created(0|1), place, issuedAt, position, waiting}
--        {ACTIVE, created(0|1), place, issuedAt, session end (ms), waiting}
--        {NO_QUEUE} while the queue is not set up.
--        {SCHEDULED} and nothing is done if the draw is 0 and the doors are not open: call again with it.
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

-- What every entry needs to know of the queue, which is less than settings_of() reads. gives: nil while it is
-- not set up.
local function book_of(key)
	local v = redis.call('HMGET', key, 'capacity', 'opensAt', 'epoch', 'epochAt', 'next', 'entered', 'second')
	return v[1] and {
		opens_at = tonumber(v[2]),
		epoch = tonumber(v[3]),
		epoch_at = tonumber(v[4] or 0),
		next = tonumber(v[5] or 0),
		entered = tonumber(v[6] or 0),
		second = tonumber(v[7] or 0),
	}
end

-- gives: the place (text), and when it was issued: the last second written down, also if the clock went back.
local function place_new(q, book, now, draw, issued)
	local entered = int(book.entered + 1)
	if book.opens_at > now then
		redis.call('HSET', q.queue, 'entered', entered)
		return draw, int(book.epoch_at)
	end
	local place, second = int(book.epoch * EPOCH_SPAN + book.next + 1), int(math.floor(now / 1000) * 1000)
	if tonumber(second) > book.second then
		redis.call('ZADD', issued, 'NX', place, second)
		redis.call('ZREMRANGEBYRANK', issued, 0, -ISSUED_KEPT - 1)
	else
		second = int(book.second)
	end
	redis.call('HSET', q.queue, 'next', int(book.next + 1), 'entered', entered, 'second', second)
	return place, second
end

-- Somebody comes to an empty line. gives: the session's end, or nil if there is no room inside.
local function let_in(q, now, user, place)
	local s = settings_of(q.queue)
	sessions_sweep(q, now, SWEEP_ON_ENTRY)
	if room_inside(q, s, now) <= 0 then
		return nil
	end
	sessions_open(q, s, now, { user, place })
	return session_claim(q, s, now, user)
end

redis.register_function('usher_enter', function(keys, args)
	local bad = miscounted('usher_enter', keys, args, 7, 3, 3)
	if bad then
		return bad
	end
	local q, issued = queue_of(keys), keys[7]
	local user, may_admit = args[1], args[2] == '1'
	local now, book = now_ms(), book_of(q.queue)
	if not book then
		return { CODE.NO_QUEUE }
	end
	if args[3] == '0' and book.opens_at > now then
		return { CODE.SCHEDULED }
	end

	local place = redis.call('ZSCORE', q.waiting, user)
	if place then
		return { line_state(book, now), 0, place, issued_at(issued, book, place),
			redis.call('ZRANK', q.waiting, user) + 1, redis.call('ZCARD', q.waiting) }
	end
	local ends, over
	ends, place, over = session_of(q, now, user)
	if ends then
		ends = session_claim(q, settings_of(q.queue), now, user, ends)
		return { CODE.ACTIVE, 0, place, issued_at(issued, book, place), int(ends), redis.call('ZCARD', q.waiting) }
	end

	-- What is left of a session that is over would stand in the way of the new one.
	if over and session_end(q, user) == 1 then
		redis.call('HINCRBY', q.queue, 'noShows', 1)
	end
	local at
	place, at = place_new(q, book, now, args[3], issued)
	local before = redis.call('ZCARD', q.waiting)
	ends = may_admit and before == 0 and let_in(q, now, user, place)
	if ends then
		return { CODE.ACTIVE, 1, place, at, int(ends), 0 }
	end
	redis.call('ZADD', q.waiting, place, user)
	-- A draw stands anywhere, every other new place behind all there are.
	local position = book.opens_at > now and redis.call('ZRANK', q.waiting, user) or before
	return { line_state(book, now), 1, place, at, position + 1, before + 1 }
end)
