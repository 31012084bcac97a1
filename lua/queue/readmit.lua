-- usher_readmit: a seat that MySQL has as held is the user's again, until the hold ends, after Redis
-- was lost or has forgotten it.
-- KEYS: active places seats holds queue waiting unrecorded changes; a daemon of the version before leaves the
-- last out.
-- ARGS: user place concert schedule seat remaining(ms until the hold ends).
-- While the queue is being set up, and as long as nobody is let in after that, the user is inside
-- again, unless they stand in line or are inside already. Later on there may be no room: then only a
-- session that goes on with this place is made to last as long as the hold.
-- A hold that was not there is put on the list of the unrecorded: MySQL may have ended it since it was asked.
-- A paid seat is left alone: MySQL was asked before the payment, and the session that paid is over.
-- gives: {OK}. Called once a seat; a later end wins.
-- cost: O(log n).
redis.register_function('usher_readmit', function(keys, args)
	local bad = miscounted('usher_readmit', keys, args, #keys == 4 and 4 or #keys == 7 and 7 or 8, 6, 6)
	if bad then
		return bad
	end
	local q, user, place = { active = keys[1], places = keys[2] }, args[1], args[2]
	local seat_ends = redis.call('ZSCORE', keys[3], args[5])
	if seat_ends == 'inf' then
		return { CODE.OK }
	end
	local now, s = now_ms(), keys[5] and settings_of(keys[5])
	local ends = int(now + tonumber(args[6]))
	local session_ends, inside_place = session_of(q, now, user)
	if session_ends then
		if inside_place == place then
			redis.call('ZADD', q.active, 'GT', ends, user)
		end
	elseif (not s or s.return_until > now) and not (keys[6] and redis.call('ZSCORE', keys[6], user)) then
		redis.call('ZADD', q.active, ends, user)
		redis.call('ZADD', q.places, place, user)
	end
	if keys[7] and not in_force(seat_ends, now) then
		redis.call('ZADD', keys[7], int(now), unrecorded_name(user, args[3], args[4], args[5]))
	end
	if redis.call('ZADD', keys[3], 'GT', 'CH', ends, args[5]) == 1 then
		changes_note(changes_key(keys[3], keys[8]), { args[5], ends })
	end
	redis.call('ZADD', keys[4], 'GT', ends, hold_name(args[3], args[4], args[5]))
	redis.call('PEXPIREAT', keys[4], redis.call('ZREVRANGE', keys[4], 0, 0, 'WITHSCORES')[2])
	return { CODE.OK }
end)
