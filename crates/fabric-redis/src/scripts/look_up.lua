-- Looks up an entry of the shared cache that this server process wrote. Returns its value, 1 if the caller may fill it,
-- or 0 if another caller is filling it. An entry is a server, the letter v and a value, or the letter t and a ticket.
-- ARGV: the server, the number of a new ticket (8 bytes), how long a ticket is valid in milliseconds.

local server = this_server(ARGV[1])
local entry = redis.call('GET', KEYS[1])
if entry and entry:sub(1, 8) == server then
  if entry:sub(9, 9) == 'v' then
    return entry:sub(10)
  end
  return 0
end
redis.call('SET', KEYS[1], server .. 't' .. ARGV[2], 'PX', ARGV[3])
return 1
