-- What every function starts with: its arguments counted, its numbers written in full.

-- A number as Redis should read it: a place has up to 53 bits, tostring() keeps 14 digits.
local function int(n)
	return string.format('%.0f', n)
end

-- takes: the keys and arguments of a call, how many keys it must have, the least and
-- (nil: no limit) the most arguments. gives: nil, or the error to return.
local function miscounted(name, keys, args, want_keys, least, most)
	if #keys ~= want_keys then
		return redis.error_reply(string.format('ERR %s takes %d keys', name, want_keys))
	end
	if #args < least or #args > (most or #args) then
		return redis.error_reply(string.format('ERR %s has a wrong number of arguments', name))
	end
	return nil
end
