-- The generic cell rate algorithm of `sosik_fabric::gcra`, in whole microseconds, which a double of Lua holds exactly.
-- Returns {1, remaining} or {0, microseconds to wait}.
-- ARGV: the interval between two tokens, the time in which the bucket fills, the expiry of the key in seconds, and
-- 'take' or 'peek'.

local interval, depth = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
-- After a step back of the clock, the bucket is empty at most.
local full_at = math.min(tonumber(redis.call('GET', KEYS[1]) or 0), now + depth)
local after = math.max(full_at, now) + interval
local left = depth - (after - now)
if left < 0 then
  return { 0, -left }
end
if ARGV[4] == 'take' then
  redis.call('SET', KEYS[1], string.format('%.0f', after), 'EX', ARGV[3])
end
return { 1, math.floor(left / interval) }
