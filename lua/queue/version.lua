-- usher_version: which library this is.
-- KEYS: none. ARGS: none.
-- gives: {version, digest of the source it was built from}.
-- cost: O(1).
redis.register_function({
	function_name = 'usher_version',
	callback = function(keys, args)
		return miscounted('usher_version', keys, args, 0, 0, 0) or { LIBRARY_VERSION, LIBRARY_DIGEST }
	end,
	flags = { 'no-writes' },
})
