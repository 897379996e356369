-- Makes a timeline ready with ids of the store and the ids that arrived since the build began. Returns 1 if this
-- incarnation is being built.
-- ARGV: the incarnation, the number of ids that a timeline keeps, the expiry of the key in seconds, the floor, the id
-- below the floor, the ids (ascending, none below the floor, no more than are kept).

local key, keep = KEYS[1], tonumber(ARGV[2])
local building = redis.call('GET', key)
if not building or not is_building(#building) or building:sub(1, 8) ~= ARGV[1] then
  return 0
end
local nothing_late = ('\0'):rep(8 + 8 * LATE_MAX)

local function finish()
  write(key, building:sub(1, FLOOR) .. ARGV[4] .. nothing_late .. ARGV[5] .. ARGV[6], ARGV[3] * 1000)
  if #building == BUILDING then return end
  for at = BUILDING + 1, #building, 8 do
    insert(key, building:sub(at, at + 7), keep)
  end
  -- What arrived before the timeline was ready is not late.
  redis.call('SETRANGE', key, LATE_COUNT, nothing_late)
  if redis.call('STRLEN', key) > READY + 8 * keep then
    trim(key, keep)
  end
end

local done, failure = pcall(finish)
if not done then
  redis.call('UNLINK', key)
  return failure
end
return 1
