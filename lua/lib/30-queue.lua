-- A queue's keys and settings, and the three moves every queue function is made of:
-- ending sessions that are over, admitting from the front, and looking a user up.

-- A place is epoch * 2^36 + number: a later epoch sorts behind all earlier ones, and the
-- draws of the lottery (1..2^32) sort in front of every numbered place.
local EPOCH_SPAN = 2 ^ 36

-- The six keys most queue functions take, in this order.
local function queue_of(keys)
	return {
		queue = keys[1],
		waiting = keys[2],
		active = keys[3],
		places = keys[4],
		unclaimed = keys[5],
		admitted = keys[6],
	}
end

-- gives: the settings in force, or nil while the queue is not set up. Times in ms; `reach` is the furthest
-- place ever let in, `handed_out` the last place given to anybody.
local function settings_of(key)
	local v = redis.call('HMGET', key, 'capacity', 'ratePerSecond', 'sessionSeconds', 'claimSeconds',
		'paused', 'opensAt', 'epoch', 'createdAt', 'ceiling', 'epochAt', 'returnUntil', 'reach', 'next')
	if not v[1] then
		return nil
	end
	local handed_out = tonumber(v[7]) * EPOCH_SPAN + tonumber(v[13] or 0)
	return {
		capacity = tonumber(v[1]),
		rate = tonumber(v[2]),
		session_ms = tonumber(v[3]) * 1000,
		claim_ms = tonumber(v[4]) * 1000,
		paused = v[5] == '1',
		opens_at = tonumber(v[6]),
		epoch = tonumber(v[7]),
		created_at = tonumber(v[8]),
		ceiling = tonumber(v[9] or v[1]),
		epoch_at = tonumber(v[10] or 0),
		return_until = tonumber(v[11] or 0),
		-- In a queue of before there was such a field anybody may have been let in, until the field is written.
		reach = tonumber(v[12]) or handed_out,
		reach_written = v[12] and true,
		handed_out = handed_out,
	}
end

-- Takes one user's session away. gives: 1 if it was never claimed, else 0.
local function session_end(q, user)
	redis.call('ZREM', q.active, user)
	redis.call('ZREM', q.places, user)
	return redis.call('SREM', q.unclaimed, user)
end

-- Ends the sessions that are over, at most `batch` of them. gives: how many.
local function sessions_sweep(q, now, batch)
	local over = redis.call('ZRANGEBYSCORE', q.active, '-inf', int(now), 'LIMIT', 0, batch)
	local no_shows = 0
	for _, user in ipairs(over) do
		no_shows = no_shows + session_end(q, user)
	end
	if no_shows > 0 then
		redis.call('HINCRBY', q.queue, 'noShows', no_shows)
	end
	return #over
end

-- Forgets admissions older than a minute. Twice the batch, so that what a call adds and what
-- usher_enter adds beside it is caught up with; after a long silence it takes several calls.
local function admissions_forget(q, now, batch)
	local old = redis.call('ZCOUNT', q.admitted, '-inf', int(now - 60000))
	if old > 0 then
		redis.call('ZREMRANGEBYRANK', q.admitted, 0, math.min(old, 2 * batch) - 1)
	end
end

-- What every tick does first: ends sessions, forgets admissions and, once enough have gone, lowers
-- the ceiling to the capacity. gives: how many sessions ended.
local function sweep(q, s, now, batch)
	admissions_forget(q, now, batch)
	local ended = sessions_sweep(q, now, batch)
	if s.ceiling > s.capacity and redis.call('ZCARD', q.active) <= s.capacity then
		redis.call('HSET', q.queue, 'ceiling', s.capacity)
	end
	return ended
end

-- gives: how many may be let in now. Both limits are kept over every window: the rate
-- counts the admissions of the last 1,000 ms themselves, so no burst can straddle it.
local function room_inside(q, s, now)
	if s.paused or s.opens_at > now or s.return_until > now then
		return 0
	end
	local room = s.capacity - redis.call('ZCARD', q.active)
	if room <= 0 then
		return 0
	end
	local recent = redis.call('ZCOUNT', q.admitted, '(' .. int(now - 1000), '+inf')
	return math.max(0, math.min(room, s.rate - recent))
end

-- gives: whether this epoch's own hands did not give out the place. A draw of the lottery has no epoch:
-- after the first one it counts as old.
local function old_place(s, place)
	return s.epoch > 1 and math.floor(tonumber(place) / EPOCH_SPAN) < s.epoch
end

-- An old place has had its turn: until this is noted its token brings it back into the line.
local function turn_note(q, s, place, user)
	if q.through and old_place(s, place) then
		redis.call('SADD', q.through, place .. ':' .. user)
	end
end

-- Daemons tell people far back an estimate without asking here, so whoever goes without being let in from the
-- front is put on the list `gone` (place, with a rising number as score). Each time the two oldest of the list
-- are looked at: those that the line has passed go, the others go to its end. Where there is no list, since a
-- caller of the version before does not name it or it has become too long, nobody who has a place by now can be
-- told an estimate.
local GONE_MOST = 1000000

local function place_gone(q, s, place)
	local too_long = q.gone and redis.call('ZCARD', q.gone) >= GONE_MOST
	if too_long then
		redis.call('UNLINK', q.gone)
	end
	if too_long or not q.gone then
		redis.call('HSET', q.queue, 'reach', int(math.max(s.reach, s.handed_out)))
		return
	end
	local oldest = redis.call('ZRANGE', q.gone, 0, 1)
	for _, old in ipairs(oldest) do
		if tonumber(old) <= s.reach or old_place(s, old) then
			redis.call('ZREM', q.gone, old)
		else
			redis.call('ZADD', q.gone, redis.call('HINCRBY', q.queue, 'gone', 1), old)
		end
	end
	if tonumber(place) > s.reach then
		redis.call('ZADD', q.gone, redis.call('HINCRBY', q.queue, 'gone', 1), place)
	end
end

-- Opens a session for each user of `line` (user, place, user, place, ...), to be claimed
-- within the queue's claimSeconds, and keeps the admission for a minute: the rate and
-- the expected time are counted from it.
local function sessions_open(q, s, now, line)
	local active, places, users, admitted = {}, {}, {}, {}
	local claim_by = int(now + s.claim_ms)
	for i = 1, #line, 2 do
		local user, place = line[i], line[i + 1]
		active[#active + 1] = claim_by
		active[#active + 1] = user
		places[#places + 1] = place
		places[#places + 1] = user
		users[#users + 1] = user
		admitted[#admitted + 1] = int(now)
		admitted[#admitted + 1] = place .. ':' .. user
		turn_note(q, s, place, user)
	end
	redis.call('ZADD', q.active, unpack(active))
	redis.call('ZADD', q.places, unpack(places))
	redis.call('SADD', q.unclaimed, unpack(users))
	redis.call('ZADD', q.admitted, unpack(admitted))
	redis.call('HINCRBY', q.queue, 'admitted', #users)
	-- The line is in order, so the last of it is the furthest back.
	local furthest = tonumber(line[#line])
	if furthest > s.reach or not s.reach_written then
		redis.call('HSET', q.queue, 'reach', int(math.max(furthest, s.reach)))
	end
end

-- Turns an admission into a session, once: from then on sessionSeconds run.
-- gives: the session's end in ms.
local function session_claim(q, s, now, user, ends)
	if redis.call('SREM', q.unclaimed, user) == 0 then
		return ends
	end
	ends = now + s.session_ms
	redis.call('ZADD', q.active, 'XX', int(ends), user)
	return ends
end

-- gives: the end (ms) and the place (text) of a session that is not over, or nil, nil and whether one that is
-- over has not been swept yet.
local function session_of(q, now, user)
	local ends = redis.call('ZSCORE', q.active, user)
	if not ends or tonumber(ends) <= now then
		return nil, nil, ends and true
	end
	return tonumber(ends), redis.call('ZSCORE', q.places, user)
end

-- gives: whether the doors are still closed, as a code.
local function line_state(s, now)
	return s.opens_at > now and CODE.SCHEDULED or CODE.WAITING
end
