-- The generic cell rate algorithm of `sosik_fabric::gcra`, in whole microseconds, which a double of Lua holds exactly.
-- Returns {tokens taken, remaining} or {0, microseconds to wait}.
-- ARGV: the interval between two tokens, the time in which the bucket fills, the expiry of the key in seconds,
-- 'take' or 'peek', and the number of tokens that are wanted. It takes fewer if the bucket has fewer.

local interval, depth = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
-- After a step back of the clock, the bucket is empty at most.
local full_at = math.min(tonumber(redis.call('GET', KEYS[1]) or 0), now + depth)
local from = math.max(full_at, now)
local left = depth - (from - now)
local taken = math.min(tonumber(ARGV[5]), math.floor(left / interval))
if taken < 1 then
  return { 0, interval - left }
end
if ARGV[4] == 'take' then
  redis.call('SET', KEYS[1], string.format('%.0f', from + taken * interval), 'EX', ARGV[3])
end
return { taken, math.floor((left - taken * interval) / interval) }
