-- The movable clock: Unix milliseconds are what the key usher:test:clock says.
local function now_ms()
	return tonumber(redis.call('GET', 'usher:test:clock'))
end
