-- Begins a build unless there is a timeline or a build of this server whose hold has not expired. Returns 1 if it began.
-- ARGV: the incarnation, server and position of the new timeline (24 bytes), the hold in milliseconds, the expiry of
-- the key in seconds.

local begin = ARGV[1]
local server = this_server(begin:sub(SERVER + 1, SERVER + 8))
begin = begin:sub(1, SERVER) .. server .. begin:sub(SERVER + 9)

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local header = redis.call('GETRANGE', KEYS[1], 0, HELD_UNTIL + 7)
if #header == HELD_UNTIL + 8 and header:sub(SERVER + 1, SERVER + 8) == server then
  local building = is_building(redis.call('STRLEN', KEYS[1]))
  if not building or struct.unpack('>I8', header, HELD_UNTIL + 1) > now then
    return 0
  end
end
local held_until = struct.pack('>I8', now + ARGV[2])
-- One byte makes the length odd. The last eight are the id below all others.
redis.call('SET', KEYS[1], begin .. held_until .. ('\0'):rep(9), 'EX', ARGV[3])
return 1
