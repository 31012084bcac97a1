-- usher_readmit: after Redis was lost, a user with a live hold in MySQL is inside again, until the
-- hold ends, and holds that seat.
-- KEYS: active places seats holds.
-- ARGS: user place concert schedule seat remaining(ms until the hold ends).
-- gives: {OK}. Called once a seat; a later end wins.
-- cost: O(log n).
redis.register_function('usher_readmit', function(keys, args)
	local bad = miscounted('usher_readmit', keys, args, 4, 6, 6)
	if bad then
		return bad
	end
	local ends = int(now_ms() + tonumber(args[6]))
	redis.call('ZADD', keys[1], 'GT', ends, args[1])
	redis.call('ZADD', keys[2], args[2], args[1])
	redis.call('ZADD', keys[3], 'GT', ends, args[5])
	redis.call('ZADD', keys[4], 'GT', ends, hold_name(args[3], args[4], args[5]))
	redis.call('PEXPIREAT', keys[4], redis.call('ZREVRANGE', keys[4], 0, 0, 'WITHSCORES')[2])
	return { CODE.OK }
end)
