-- usher_hold: takes all the seats for a user who is inside, or none.
-- KEYS: active places seats holds unrecorded changes; a daemon of the version before leaves the last out.
-- ARGS: user place concert schedule seatLimit holdMs seat [seat ...].
-- gives: {OK, hold's end (ms)}; the session is extended to it, so nobody is thrown out
--          between hold and payment;
--        {HELD_ALREADY, ms until the first of these holds ends} if the user holds all of them;
--        {SEAT_TAKEN, seat, ...} with those that are not free;
--        {SEAT_LIMIT} if the user would hold more than seatLimit of the concert's seats;
--        {TOKEN_EXPIRED} if the user is not inside with that place.
-- cost: O(seats * log n).

-- gives: which of the seats are not free, and, if the user holds every one of them, the ms until
-- the first of these holds ends.
local function seats_taken(seats, holds, args, now)
	local taken, mine, left = {}, 0, math.huge
	for i = 7, #args do
		if in_force(redis.call('ZSCORE', seats, args[i]), now) then
			taken[#taken + 1] = args[i]
			local ends = redis.call('ZSCORE', holds, hold_name(args[3], args[4], args[i]))
			if in_force(ends, now) then
				mine = mine + 1
				left = math.min(left, tonumber(ends) - now)
			end
		end
	end
	return taken, mine == #args - 6 and left or nil
end

-- gives: how many seats of the concert the user holds now.
local function held_of(holds, concert, now)
	local n, prefix = 0, concert .. ':'
	for _, name in ipairs(redis.call('ZRANGEBYSCORE', holds, '(' .. int(now), '+inf')) do
		if name:sub(1, #prefix) == prefix then
			n = n + 1
		end
	end
	return n
end

redis.register_function('usher_hold', function(keys, args)
	local bad = miscounted('usher_hold', keys, args, math.max(4, math.min(#keys, 6)), 7)
	if bad then
		return bad
	end
	local q = { active = keys[1], places = keys[2] }
	local seats, holds, user = keys[3], keys[4], args[1]
	local now = now_ms()
	local session_ends, place = session_of(q, now, user)
	if not session_ends or place ~= args[2] then
		return { CODE.TOKEN_EXPIRED }
	end
	local taken, mine_for = seats_taken(seats, holds, args, now)
	if mine_for then
		return { CODE.HELD_ALREADY, mine_for }
	elseif #taken > 0 then
		return { CODE.SEAT_TAKEN, unpack(taken) }
	elseif held_of(holds, args[3], now) + #args - 6 > tonumber(args[5]) then
		return { CODE.SEAT_LIMIT }
	end

	local ends, changes = int(now + tonumber(args[6])), {}
	for i = 7, #args do
		redis.call('ZADD', seats, ends, args[i])
		changes_add(changes, args[i], ends)
		redis.call('ZADD', holds, ends, hold_name(args[3], args[4], args[i]))
		if keys[5] then
			redis.call('ZADD', keys[5], int(now), unrecorded_name(user, args[3], args[4], args[i]))
		end
	end
	changes_note(changes_key(seats, keys[6]), changes)
	redis.call('ZREMRANGEBYSCORE', holds, '-inf', int(now))
	redis.call('PEXPIREAT', holds, redis.call('ZREVRANGE', holds, 0, 0, 'WITHSCORES')[2])
	redis.call('ZADD', q.active, 'GT', 'XX', ends, user)
	return { CODE.OK, ends }
end)
