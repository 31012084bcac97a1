-- usher_sample: places in the line and how many stand in front of each, close enough together that the rank of
-- any place between two of them is known to a hundredth.
-- KEYS: queue waiting.
-- ARGS: from(a rank, 0 is the front) most(samples in this call, 1..1000).
-- gives: {OK, admitted so far, the rank to go on from or 0 if this was all, rank, place, rank, place, ...}.
--        The steps between them are 32 ranks near the front and 1/128 of the rank further back: 1,100 samples of
--        ten million. The last of them is the end of the line.
-- cost: O(most * log n).
local SAMPLE_STEP, SAMPLE_SHARE = 32, 128

redis.register_function({
	function_name = 'usher_sample',
	callback = function(keys, args)
		local bad = miscounted('usher_sample', keys, args, 2, 2, 2)
		if bad then
			return bad
		end
		local rank, most = tonumber(args[1]), math.min(tonumber(args[2]), 1000)
		local last, taken = redis.call('ZCARD', keys[2]) - 1, 0
		local out = { CODE.OK, tonumber(redis.call('HGET', keys[1], 'admitted') or 0), 0 }
		while rank <= last and taken < most do
			taken = taken + 1
			out[#out + 1] = rank
			out[#out + 1] = redis.call('ZRANGE', keys[2], rank, rank, 'WITHSCORES')[2]
			local next = rank + math.max(SAMPLE_STEP, math.floor(rank / SAMPLE_SHARE))
			rank = rank < last and math.min(next, last) or last + 1
		end
		out[3] = rank <= last and rank or 0
		return out
	end,
	flags = { 'no-writes' },
})
