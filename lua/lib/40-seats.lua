-- Seats of one schedule: who holds what, and how long.

-- One entry of a user's holds: the concert comes first, since the limit is the concert's.
local function hold_name(concert, schedule, seat)
	return concert .. ':' .. schedule .. ':' .. seat
end

-- One entry of the list of holds that nobody has recorded in MySQL yet.
local function unrecorded_name(user, concert, schedule, seat)
	return user .. ':' .. hold_name(concert, schedule, seat)
end

-- gives: whether a hold with this end (text or nil) is still in force.
local function in_force(ends, now)
	return ends and tonumber(ends) > now
end

-- The log of a schedule's seats: what daemons bring their own picture of them up to date with. It has the
-- newest changes only; who was away for longer reads all of the seats again.
local CHANGES_KEPT = 1000

-- A daemon of the version before does not name the log: then its key follows from that of the seats.
local function changes_key(seats, named)
	return named or (seats:gsub(':seats:', ':changes:'))
end

-- Notes what became of seats, as { seat, end, seat, end, ... }: the hold's end, inf for paid, 0 for free.
local function changes_note(key, changes)
	if #changes > 0 then
		redis.call('XADD', key, 'MAXLEN', '~', CHANGES_KEPT, '*', unpack(changes))
	end
end

-- Adds one seat to such a list.
local function changes_add(changes, seat, ends)
	changes[#changes + 1] = seat
	changes[#changes + 1] = ends
end

-- Takes one hold away from its user. gives: 1 if that freed the seat, which is then added to
-- `changes`, else 0.
local function hold_free(seats, holds, name, seat, now, changes)
	local ends, seat_ends = redis.call('ZSCORE', holds, name), redis.call('ZSCORE', seats, seat)
	redis.call('ZREM', holds, name)
	-- After its end the seat may be another's: only a hold in force is the user's to free.
	-- A seat that ends later than the hold was corrected: it is another's by now, or paid.
	if in_force(ends, now) and seat_ends and tonumber(seat_ends) <= tonumber(ends) then
		changes_add(changes, seat, '0')
		return redis.call('ZREM', seats, seat)
	end
	return 0
end

-- gives: how many seats are taken in each of keys[first] and after.
local function seats_counted(keys, first, now)
	local taken, since = {}, '(' .. int(now)
	for i = first, #keys do
		taken[#taken + 1] = redis.call('ZCOUNT', keys[i], since, '+inf')
	end
	return taken
end
