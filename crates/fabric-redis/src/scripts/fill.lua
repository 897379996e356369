-- Stores a value if the ticket is still valid. Returns 1 if it is.
-- ARGV: the server, the number of the ticket (8 bytes), the value, its expiry in seconds.

local server = this_server(ARGV[1])
if redis.call('GET', KEYS[1]) ~= server .. 't' .. ARGV[2] then
  return 0
end
redis.call('SET', KEYS[1], server .. 'v' .. ARGV[3], 'EX', ARGV[4])
return 1
