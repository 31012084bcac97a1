-- Seats of one schedule: who holds what, and how long.

-- One entry of a user's holds: the concert comes first, since the limit is the concert's.
local function hold_name(concert, schedule, seat)
	return concert .. ':' .. schedule .. ':' .. seat
end

-- gives: whether a hold with this end (text or nil) is still in force.
local function in_force(ends, now)
	return ends and tonumber(ends) > now
end

-- gives: how many seats are taken in each of keys[first] and after.
local function seats_counted(keys, first, now)
	local taken, since = {}, '(' .. int(now)
	for i = first, #keys do
		taken[#taken + 1] = redis.call('ZCOUNT', keys[i], since, '+inf')
	end
	return taken
end
