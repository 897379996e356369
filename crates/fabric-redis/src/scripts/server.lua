-- The process that wrote a value, eight bytes. A server 0 stands for this node of Redis Cluster.

local function this_server(server)
  if server ~= ('\0'):rep(8) then return server end
  local digits = redis.call('CLUSTER', 'MYID'):sub(1, 16)
  return (digits:gsub('%x%x', function(byte) return string.char(tonumber(byte, 16)) end))
end

