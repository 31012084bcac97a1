-- The one clock of every rule: Redis TIME, read once a call.
-- gives: Unix time in whole milliseconds.
local function now_ms()
	local t = redis.call('TIME')
	return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
